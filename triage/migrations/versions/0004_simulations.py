"""Simulations of a draft. A finished one never changes: publication rests on it."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FINISHED = "OLD.finished_at IS NOT NULL"


def upgrade() -> None:
    """Create the table, then its triggers."""
    op.create_table(
        "simulation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("base_name", sa.String(), nullable=False),
        sa.Column("base_hash", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", UTC(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("last_ticket", sa.String(), nullable=False),
        sa.Column("tally", sa.JSON(), nullable=False),
        sa.Column("trial", sa.JSON(), nullable=False),
        sa.Column("finished_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_simulation_site_id")),
        sa.ForeignKeyConstraint(["started_by"], ["staff.id"], name=op.f("fk_simulation_started_by")),
        sa.ForeignKeyConstraint(["version_id"], ["ruleset_version.id"], name=op.f("fk_simulation_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulation")),
    )
    op.create_index("ix_simulation_site_id_content_hash", "simulation", ["site_id", "content_hash"], unique=False)
    sqlite = op.get_bind().dialect.name == "sqlite"
    refuse = "BEGIN SELECT RAISE(ABORT, 'a finished simulation is append-only'); END"
    action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
    op.execute(
        f"CREATE TRIGGER simulation_no_update BEFORE UPDATE ON simulation FOR EACH ROW WHEN ({FINISHED}) {action}"
    )


def downgrade() -> None:
    """Drop the table; its trigger goes with it."""
    op.drop_table("simulation")
