"""Who is on duty in which room, and each person's saved views of the board."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables; the database keeps one open sign-on per person."""
    op.create_table(
        "sign_on",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=True),
        sa.Column("since", UTC(), nullable=False),
        sa.Column("until", UTC(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name=op.f("fk_sign_on_ended_by")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_sign_on_room_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_sign_on_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_sign_on_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_on")),
    )
    is_open = sa.literal_column("until IS NULL")
    op.create_index(
        "uq_sign_on_open", "sign_on", ["staff_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_sign_on_site_id_until", "sign_on", ["site_id", "until"], unique=False)
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_saved_view_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_view_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("staff_id", "site_id", "name", name=op.f("uq_saved_view_staff_id_site_id_name")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("saved_view")
    op.drop_table("sign_on")
