"""One acquisition for several orders is several rows; what somebody has to look at is found by its own index."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

OLD, NEW = "uq_procedure_step_sop_instance_uid", "uq_procedure_step_sop_instance_uid_item"
TO_LOOK_AT = sa.text("alert != ''")


def upgrade() -> None:
    """Add the column, widen the unique key, add the index."""
    with op.batch_alter_table("procedure_step") as batch:
        batch.add_column(sa.Column("item", sa.Integer(), nullable=False, server_default="0"))
        batch.drop_constraint(OLD, type_="unique")
        batch.create_unique_constraint(NEW, ["sop_instance_uid", "item"])
    op.create_index(
        "ix_imaging_order_alert", "imaging_order", ["site_id"], sqlite_where=TO_LOOK_AT, postgresql_where=TO_LOOK_AT
    )


def downgrade() -> None:
    """Take both back; of one acquisition for several orders the first row stays."""
    op.drop_index("ix_imaging_order_alert", table_name="imaging_order")
    op.execute("DELETE FROM procedure_step WHERE item > 0")
    with op.batch_alter_table("procedure_step") as batch:
        batch.drop_constraint(NEW, type_="unique")
        batch.drop_column("item")
        batch.create_unique_constraint(OLD, ["sop_instance_uid"])
