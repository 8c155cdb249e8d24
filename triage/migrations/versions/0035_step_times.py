"""An appointment says for which step of a pathway it is, and for which day that step was planned then."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

OF_STEP = sa.text("milestone_id IS NOT NULL")


def upgrade() -> None:
    """Add both columns and the index."""
    # In words: the library cannot add a column with its foreign key on SQLite, which can.
    op.execute(
        "ALTER TABLE appointment ADD COLUMN milestone_id VARCHAR"
        " CONSTRAINT fk_appointment_milestone_id REFERENCES milestone (id)"
    )
    op.add_column("appointment", sa.Column("step_day", sa.Date(), nullable=True))
    op.create_index(
        "ix_appointment_of_step", "appointment", ["milestone_id"], unique=False, sqlite_where=OF_STEP,
        postgresql_where=OF_STEP,
    )  # fmt: skip


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_appointment_of_step", table_name="appointment")
    op.drop_column("appointment", "step_day")
    op.drop_column("appointment", "milestone_id")
