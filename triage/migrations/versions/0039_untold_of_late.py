"""What nobody has heard of yet is found by when it happened: what nobody will ever hear of grows with the years."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_claim_step_untold", "claim_step"
UNTOLD = sa.text("tell_staff_id IS NOT NULL AND told_at IS NULL")


def upgrade() -> None:
    """Put the index in the order of time, site by site."""
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["site_id", "at"], sqlite_where=UNTOLD, postgresql_where=UNTOLD)


def downgrade() -> None:
    """Put it in the order of the people again."""
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["tell_staff_id"], sqlite_where=UNTOLD, postgresql_where=UNTOLD)
