"""What is changed of an imaging order, step by step; and which examinations lack their exposure record."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TABLE = "imaging_order_step"
DUE = sa.text("record_due_at IS NOT NULL")


def upgrade() -> None:
    """Add the column with its index, and the table, which is never edited."""
    op.add_column("imaging_order", sa.Column("record_due_at", UTC(), nullable=True))
    op.create_index(
        "ix_imaging_order_record_due", "imaging_order", ["site_id", "record_due_at"], sqlite_where=DUE,
        postgresql_where=DUE,
    )  # fmt: skip
    _create_steps()
    _refuse_edits()


def _create_steps() -> None:
    texts = ("id", "order_id", "staff_id", "step", "reason", "note")
    op.create_table(
        TABLE,
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("before", "after")),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("entered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["imaging_order.id"], name=op.f(f"fk_{TABLE}_order_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f(f"fk_{TABLE}_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_order_id_at", TABLE, ["order_id", "at"])


def _refuse_edits() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    refusal = f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END" if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for operation in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{operation.lower()} BEFORE {operation} ON {TABLE} FOR EACH ROW {refusal}"
        )
    if not sqlite:
        op.execute(f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} {refusal}")


def downgrade() -> None:
    """Drop both; the triggers go with their table."""
    op.drop_table(TABLE)
    op.drop_index("ix_imaging_order_record_due", table_name="imaging_order")
    op.drop_column("imaging_order", "record_due_at")
