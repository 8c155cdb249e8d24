"""A trigram index of patients' names, kept by the database itself."""

from alembic import op

from triage.migrations import name_index

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it, filled."""
    name_index.create(op.get_bind())


def downgrade() -> None:
    """Drop it."""
    name_index.drop(op.get_bind())
