"""Indexes by which the pages of an ordinary day find what is open, however much has been closed before."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PLAIN = {
    "ix_emergency_encounter_id_opened_at": ("emergency", ["encounter_id", "opened_at"]),
    "ix_emergency_withdrawal_emergency_id": ("emergency_withdrawal", ["emergency_id"]),
    "ix_imaging_order_site_id_ended_at": ("imaging_order", ["site_id", "ended_at"]),
}
UNSIGNED = sa.text("signed_at IS NULL")


def upgrade() -> None:
    """Create them."""
    for name, (table, columns) in PLAIN.items():
        op.create_index(name, table, columns, unique=False)
    op.create_index(
        "ix_exposure_record_unsigned", "exposure_record", ["order_id"], unique=False, sqlite_where=UNSIGNED,
        postgresql_where=UNSIGNED,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_exposure_record_unsigned", table_name="exposure_record")
    for name, (table, _columns) in PLAIN.items():
        op.drop_index(name, table_name=table)
