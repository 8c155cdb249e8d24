"""Surgeons' weeks and absences, the share kept free for today's patients, and which appointments have to be moved."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

STANDS = sa.text("withdrawn_at IS NULL")
TO_MOVE = sa.text("to_move <> '' AND status = 'booked'")
#: What stood on a list of its own until now, found anew at each look: booked on a day that was closed afterwards.
MARK_CLOSED = """UPDATE appointment SET to_move = 'closed' WHERE status = 'booked' AND EXISTS (
    SELECT 1 FROM opening_exception WHERE opening_exception.site_id = appointment.site_id
    AND opening_exception.day = appointment.day AND opening_exception.kind = 'closed'
    AND opening_exception.withdrawn_at IS NULL)"""
APPENDED = ("surgeon_week", "kept_share")


def upgrade() -> None:
    """Create the tables and add the column; what was given is never edited."""
    _create_weeks()
    _create_absences()
    op.create_table(
        "kept_share",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        *_keys("kept_share", site_id="site", staff_id="staff"),
        sa.UniqueConstraint("site_id", "sequence", name=op.f("uq_kept_share_site_id_sequence")),
    )
    op.add_column("appointment", sa.Column("to_move", sa.String(), nullable=False, server_default=""))
    op.create_index(
        "ix_appointment_to_move", "appointment", ["site_id", "starts_at"], unique=False, sqlite_where=TO_MOVE,
        postgresql_where=TO_MOVE,
    )  # fmt: skip
    op.execute(MARK_CLOSED)
    _refuse_edits()


def _keys(table: str, **named: str) -> list[sa.schema.SchemaItem]:
    return [
        *(
            sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
            for name, other in named.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _create_weeks() -> None:
    op.create_table(
        "surgeon_week",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("whose", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        *_keys("surgeon_week", site_id="site", whose="staff", staff_id="staff"),
        sa.UniqueConstraint("site_id", "whose", "sequence", name=op.f("uq_surgeon_week_site_id_whose_sequence")),
    )
    op.create_index("ix_surgeon_week_site_id_valid_from", "surgeon_week", ["site_id", "valid_from"], unique=False)


def _create_absences() -> None:
    op.create_table(
        "surgeon_absence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("whose", sa.String(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("withdrawn_at", UTC(), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        *_keys("surgeon_absence", site_id="site", whose="staff", staff_id="staff", withdrawn_by="staff"),
    )
    op.create_index(
        "ix_surgeon_absence_stands", "surgeon_absence", ["site_id", "last"], unique=False, sqlite_where=STANDS,
        postgresql_where=STANDS,
    )  # fmt: skip


def _refuse_edits() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in APPENDED:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
        for operation in ("UPDATE", "DELETE"):
            name = f"{table}_no_{operation.lower()}"
            op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {action}")
        if not sqlite:
            op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with their table."""
    op.drop_index("ix_appointment_to_move", table_name="appointment")
    op.drop_column("appointment", "to_move")
    for table in ("kept_share", "surgeon_absence", "surgeon_week"):
        op.drop_table(table)
