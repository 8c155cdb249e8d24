"""Feedback on a rule, and the answer to it: appended, never edited."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("rule_feedback_answer", "rule_feedback")


def upgrade() -> None:
    """Create the tables and an index to list overrides by, then the triggers."""
    op.create_table(
        "rule_feedback",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("ruleset", sa.String(), nullable=False),
        sa.Column("ruleset_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_rule_feedback_encounter_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_rule_feedback_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_rule_feedback_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_feedback")),
    )
    op.create_index("ix_rule_feedback_site_id_rule_at", "rule_feedback", ["site_id", "rule", "at"], unique=False)
    op.create_table(
        "rule_feedback_answer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("feedback_id", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["feedback_id"], ["rule_feedback.id"], name=op.f("fk_rule_feedback_answer_feedback_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_rule_feedback_answer_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_feedback_answer")),
        sa.UniqueConstraint("feedback_id", name=op.f("uq_rule_feedback_answer_feedback_id")),
    )
    op.create_index("ix_triage_decision_accepted_at", "triage_decision", ["accepted", "at"], unique=False)
    _create_triggers()


def _create_triggers() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
        for operation in ("UPDATE", "DELETE"):
            name = f"{table}_no_{operation.lower()}"
            op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {action}")
        if not sqlite:
            op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with their tables."""
    op.drop_index("ix_triage_decision_accepted_at", table_name="triage_decision")
    for table in TABLES:
        op.drop_table(table)
