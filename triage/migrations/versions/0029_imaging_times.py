"""An appointment on a machine says for which imaging order it is; an order has one time at most."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

OF_ORDER = sa.text("order_id IS NOT NULL AND status = 'booked'")


def upgrade() -> None:
    """Add the column and its index."""
    # In words: the library cannot add a column with its foreign key on SQLite, which can.
    op.execute(
        "ALTER TABLE appointment ADD COLUMN order_id VARCHAR"
        " CONSTRAINT fk_appointment_order_id REFERENCES imaging_order (id)"
    )
    op.create_index(
        "uq_appointment_of_order", "appointment", ["order_id"], unique=True, sqlite_where=OF_ORDER,
        postgresql_where=OF_ORDER,
    )  # fmt: skip


def downgrade() -> None:
    """Drop both."""
    op.drop_index("uq_appointment_of_order", table_name="appointment")
    op.drop_column("appointment", "order_id")
