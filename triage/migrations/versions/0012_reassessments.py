"""Re-assessment: when it is due on each visit, and what was found."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, append-only; on visits that are open it is due at once, so that nobody is forgotten."""
    op.create_table(
        "reassessment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("due_at", UTC(), nullable=True),
        sa.Column("acuity", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_reassessment_encounter_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_reassessment_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reassessment")),
    )
    op.create_index("ix_reassessment_encounter_id_at", "reassessment", ["encounter_id", "at"], unique=False)
    op.add_column("encounter", sa.Column("reassess_at", UTC(), nullable=True))
    op.add_column("encounter", sa.Column("worse_at", UTC(), nullable=True))
    here = sa.table(
        "encounter", *(sa.column(name) for name in ("reassess_at", "stage_since", "acuity", "finished_at"))
    )
    waits = sa.and_(here.c.finished_at.is_(None), here.c.acuity.is_not(None))
    op.execute(sa.update(here).where(waits).values(reassess_at=here.c.stage_since))
    _refuse_edits()


def _refuse_edits() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    refuse = "BEGIN SELECT RAISE(ABORT, 'reassessment is append-only'); END"
    action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for operation in ("UPDATE", "DELETE"):
        name = f"reassessment_no_{operation.lower()}"
        op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON reassessment FOR EACH ROW {action}")
    if not sqlite:
        truncate = "CREATE TRIGGER reassessment_no_truncate BEFORE TRUNCATE ON reassessment"
        op.execute(f"{truncate} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with the table."""
    op.drop_column("encounter", "worse_at")
    op.drop_column("encounter", "reassess_at")
    op.drop_table("reassessment")
