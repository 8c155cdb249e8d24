"""A question keeps when its answer was entered, where it was written on paper earlier."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("question", sa.Column("answer_entered_at", UTC(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("question", "answer_entered_at")
