"""The clinic's hours: weeks, appended and never edited, and the days that differ from them."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STANDS = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    """Create the two tables; a week is never edited."""
    op.create_table(
        "opening_hours",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_opening_hours_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_opening_hours_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_hours")),
        sa.UniqueConstraint("site_id", "sequence", name=op.f("uq_opening_hours_site_id_sequence")),
    )
    columns = ["site_id", "valid_from", "sequence"]
    op.create_index("ix_opening_hours_site_id_valid_from_sequence", "opening_hours", columns, unique=False)
    _create_exceptions()
    _refuse_edits()


def _create_exceptions() -> None:
    op.create_table(
        "opening_exception",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=True),
        sa.Column("closes", sa.Time(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("withdrawn_at", UTC(), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_opening_exception_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_opening_exception_staff_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["staff.id"], name=op.f("fk_opening_exception_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_exception")),
    )
    op.create_index(
        "uq_opening_exception_day", "opening_exception", ["site_id", "day"], unique=True, sqlite_where=STANDS,
        postgresql_where=STANDS,
    )  # fmt: skip


def _refuse_edits() -> None:
    table, sqlite = "opening_hours", op.get_bind().dialect.name == "sqlite"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for operation in ("UPDATE", "DELETE"):
        name = f"{table}_no_{operation.lower()}"
        op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {action}")
    if not sqlite:
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with their table."""
    for table in ("opening_exception", "opening_hours"):
        op.drop_table(table)
