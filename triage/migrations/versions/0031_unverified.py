"""A patient who was entered on the telephone, until somebody has checked who it is."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: whoever is on file has been at the desk."""
    op.add_column("patient", sa.Column("unverified", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("patient", "unverified")
