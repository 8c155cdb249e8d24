"""An index of the sessions that have not ended, by when they were last in use."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

RUNNING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Create it."""
    op.create_index(
        "ix_login_session_running", "login_session", ["site_id", "seen_at"], unique=False, sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_login_session_running", table_name="login_session")
