"""The dated way after a decision: pathways, their steps, and what became of the plan."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables; what became of a plan is append-only."""
    _create_pathways()
    _create_milestones()
    _create_changes()
    _refuse_edits()


def _create_pathways() -> None:
    op.create_table(
        "pathway",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("surgeon_id", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("operation_on", sa.Date(), nullable=True),
        sa.Column("operated_on", sa.Date(), nullable=True),
        sa.Column("is_ready", sa.Boolean(), nullable=False),
        sa.Column("begun_at", UTC(), nullable=False),
        sa.Column("ended_at", UTC(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=False),
        sa.Column("end_note", sa.String(), nullable=False),
        sa.Column("replaces_id", sa.String(), nullable=True),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=True),
        sa.Column("entered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["decision_id"], ["treatment_decision.id"], name=op.f("fk_pathway_decision_id")),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_pathway_encounter_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_pathway_patient_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["pathway.id"], name=op.f("fk_pathway_replaces_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_pathway_site_id")),
        sa.ForeignKeyConstraint(["surgeon_id"], ["staff.id"], name=op.f("fk_pathway_surgeon_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathway")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_pathway_decision_id")),
    )
    op.create_index(
        "ix_pathway_open",
        "pathway",
        ["site_id", "operation_on"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_pathway_patient_id", "pathway", ["patient_id"], unique=False)
    op.create_index("ix_pathway_site_id_ended_at", "pathway", ["site_id", "ended_at"], unique=False)


def _create_milestones() -> None:
    op.create_table(
        "milestone",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pathway_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("anchor", sa.String(), nullable=False),
        sa.Column("offset_days", sa.Integer(), nullable=False),
        sa.Column("on_any_day", sa.Boolean(), nullable=False),
        sa.Column("grace", sa.Integer(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("late_after", sa.Date(), nullable=True),
        sa.Column("fixed", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("settled_at", UTC(), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("ticks", sa.JSON(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["pathway_id"], ["pathway.id"], name=op.f("fk_milestone_pathway_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["staff.id"], name=op.f("fk_milestone_settled_by")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_milestone_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
        sa.UniqueConstraint("pathway_id", "name", name=op.f("uq_milestone_pathway_id_name")),
    )
    op.create_index(
        "ix_milestone_open",
        "milestone",
        ["site_id", "due_on"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def _create_changes() -> None:
    op.create_table(
        "milestone_change",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pathway_id", sa.String(), nullable=False),
        sa.Column("milestone", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("was_on", sa.Date(), nullable=True),
        sa.Column("is_on", sa.Date(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("entered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["pathway_id"], ["pathway.id"], name=op.f("fk_milestone_change_pathway_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_milestone_change_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone_change")),
    )
    op.create_index("ix_milestone_change_pathway_id_at", "milestone_change", ["pathway_id", "at"], unique=False)


def _refuse_edits() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    refuse = "BEGIN SELECT RAISE(ABORT, 'milestone_change is append-only'); END"
    action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for operation in ("UPDATE", "DELETE"):
        name = f"milestone_change_no_{operation.lower()}"
        op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON milestone_change FOR EACH ROW {action}")
    if not sqlite:
        name = "milestone_change_no_truncate"
        op.execute(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON milestone_change EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with their table."""
    for table in ("milestone_change", "milestone", "pathway"):
        op.drop_table(table)
