"""Visits that ended beside their way, calling back, and visits that stay open over the end of a day."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables; attempts to call back are append-only."""
    _create_departures()
    op.create_table(
        "call_back",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("departure_id", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["departure_id"], ["departure.id"], name=op.f("fk_call_back_departure_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_call_back_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_back")),
    )
    op.create_index("ix_call_back_departure_id_at", "call_back", ["departure_id", "at"], unique=False)
    op.create_table(
        "carry_over",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("undone_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_carry_over_encounter_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_carry_over_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carry_over")),
    )
    op.create_index("ix_carry_over_encounter_id_day", "carry_over", ["encounter_id", "day"], unique=False)
    _refuse_edits()


def _create_departures() -> None:
    op.create_table(
        "departure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=True),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("noted_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("confirmed", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", UTC(), nullable=True),
        sa.Column("undone_at", UTC(), nullable=True),
        sa.Column("entered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_departure_encounter_id")),
        sa.ForeignKeyConstraint(["noted_by"], ["staff.id"], name=op.f("fk_departure_noted_by")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_departure_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departure")),
    )
    op.create_index("ix_departure_encounter_id", "departure", ["encounter_id"], unique=False)
    op.create_index("ix_departure_site_id_at", "departure", ["site_id", "at"], unique=False)
    op.create_index("ix_departure_site_id_status_at", "departure", ["site_id", "status", "at"], unique=False)


def _refuse_edits() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    refuse = "BEGIN SELECT RAISE(ABORT, 'call_back is append-only'); END"
    action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for operation in ("UPDATE", "DELETE"):
        name = f"call_back_no_{operation.lower()}"
        op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON call_back FOR EACH ROW {action}")
    if not sqlite:
        op.execute("CREATE TRIGGER call_back_no_truncate BEFORE TRUNCATE ON call_back EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with their table."""
    for table in ("carry_over", "call_back", "departure"):
        op.drop_table(table)
