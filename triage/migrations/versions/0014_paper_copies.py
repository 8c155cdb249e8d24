"""When the timer last wrote the board to a file, per site."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "paper_copy",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_paper_copy_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_paper_copy")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("paper_copy")
