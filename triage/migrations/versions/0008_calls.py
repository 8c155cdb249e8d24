"""Calls into a room, what is said of them on the visit, and rooms that are no longer offered."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def columns() -> list[tuple[str, sa.Column]]:
    """Return what is added to tables that are there; the previous release writes no such column."""
    return [
        ("encounter", sa.Column("call_state", sa.String(), nullable=False, server_default="")),
        ("encounter", sa.Column("call_count", sa.Integer(), nullable=False, server_default="0")),
        ("encounter", sa.Column("called_at", UTC(), nullable=True)),
        ("room", sa.Column("retired_at", UTC(), nullable=True)),
    ]


def upgrade() -> None:
    """Create the table with one open call at most per visit; add the columns."""
    op.create_table(
        "call",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("called_at", UTC(), nullable=False),
        sa.Column("called_by", sa.String(), nullable=False),
        sa.Column("ended_at", UTC(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("came_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["called_by"], ["staff.id"], name=op.f("fk_call_called_by")),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_call_encounter_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_call_room_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_call_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
    )
    _create_indexes()
    for table, column in columns():
        op.add_column(table, column)


def _create_indexes() -> None:
    is_open = sa.literal_column("ended_at IS NULL")
    op.create_index(
        "uq_call_open", "call", ["encounter_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_call_encounter_id_called_at", "call", ["encounter_id", "called_at"], unique=False)
    op.create_index("ix_call_site_id_ended_at_called_at", "call", ["site_id", "ended_at", "called_at"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for table, column in columns():
        op.drop_column(table, column.name)
    op.drop_table("call")
