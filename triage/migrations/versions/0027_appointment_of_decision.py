"""An appointment says which procedure it is for, and from which decision it follows."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("appointment", sa.Column("procedure", sa.String(), nullable=False, server_default=""))
    # In words: the library cannot add a column with its foreign key on SQLite, which can.
    op.execute(
        "ALTER TABLE appointment ADD COLUMN decision_id VARCHAR"
        " CONSTRAINT fk_appointment_decision_id REFERENCES treatment_decision (id)"
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("appointment", "decision_id")
    op.drop_column("appointment", "procedure")
