"""What machines told is found by its study, what people settled of it by the moment, orders by theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

SETTLED = sa.text("settled_at IS NOT NULL")


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_procedure_step_study_uid", "procedure_step", ["study_uid"])
    op.create_index("ix_imaging_order_site_id_requested_at", "imaging_order", ["site_id", "requested_at"])
    for table in ("procedure_step", "imaging_study"):
        columns = ["site_id", "settled_at"]
        op.create_index(f"ix_{table}_settled", table, columns, sqlite_where=SETTLED, postgresql_where=SETTLED)


def downgrade() -> None:
    """Drop them."""
    for table in ("procedure_step", "imaging_study"):
        op.drop_index(f"ix_{table}_settled", table_name=table)
    op.drop_index("ix_imaging_order_site_id_requested_at", table_name="imaging_order")
    op.drop_index("ix_procedure_step_study_uid", table_name="procedure_step")
