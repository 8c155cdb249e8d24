"""Patients asked to come back another day; the database refuses it for whoever is not safe to wait."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

STANDS = sa.text("status = 'expected'")
#: Emergency, urgent by the rules or by a person, found worse, never judged, or an urgent question not answered "no".
UNSAFE = """NEW.stage = 'comes_back' AND (OLD.stage = 'emergency' OR NEW.worse_at IS NOT NULL
    OR coalesce(NEW.acuity, 5) <= 3 OR coalesce(NEW.suggested_level, 1) <= 3
    OR coalesce(NEW.urgent, 1) <> 0 OR NEW.unanswered <> 0)"""
REFUSAL = "who is not safe to wait is not asked to come back"
TRIGGER = "encounter_comes_back_safely"


def upgrade() -> None:
    """Add the column, create the two tables and the triggers; a call is never edited."""
    op.add_column("encounter", sa.Column("first_arrived_at", UTC(), nullable=True))
    _create_returns()
    op.create_table(
        "return_call",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("return_id", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("was_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["return_id"], ["return_visit.id"], name=op.f("fk_return_call_return_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_return_call_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_call")),
    )
    op.create_index("ix_return_call_return_id_at", "return_call", ["return_id", "at"], unique=False)
    _refuse_edits()
    _refuse_unsafe()


def _create_returns() -> None:
    op.create_table(
        "return_visit",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=True),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("return_on", sa.Date(), nullable=False),
        sa.Column("begins", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        *_kept(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_visit")),
    )
    for columns in (["encounter_id"], ["came_id"], ["site_id", "status", "return_on"]):
        op.create_index(f"ix_return_visit_{'_'.join(columns)}", "return_visit", columns, unique=False)
    op.create_index(
        "uq_return_visit_expected", "return_visit", ["site_id", "patient_id"], unique=True, sqlite_where=STANDS,
        postgresql_where=STANDS,
    )  # fmt: skip


def _kept() -> list[sa.schema.SchemaItem]:
    keys = {"encounter_id": "encounter", "patient_id": "patient", "asked_by": "staff", "site_id": "site"}
    keys["came_id"] = "encounter"
    return [
        sa.Column("acuity", sa.Integer(), nullable=True),
        sa.Column("first_arrived_at", UTC(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", UTC(), nullable=True),
        sa.Column("came_id", sa.String(), nullable=True),
        sa.Column("ended_at", UTC(), nullable=True),
        sa.Column("entered_at", UTC(), nullable=True),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_return_visit_{name}"))
            for name, table in keys.items()
        ),
    ]


def _refuse_edits() -> None:
    table, sqlite = "return_call", op.get_bind().dialect.name == "sqlite"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for operation in ("UPDATE", "DELETE"):
        name = f"{table}_no_{operation.lower()}"
        op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {action}")
    if not sqlite:
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_edit()")


def _refuse_unsafe() -> None:
    if op.get_bind().dialect.name == "sqlite":
        action = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    else:
        body = f"BEGIN RAISE EXCEPTION '{REFUSAL}'; END"
        op.execute(f"CREATE FUNCTION refuse_unsafe_return() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        action = "EXECUTE FUNCTION refuse_unsafe_return()"
    op.execute(f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON encounter FOR EACH ROW WHEN ({UNSAFE}) {action}")


def downgrade() -> None:
    """Drop them; the triggers of a table go with it."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(f"DROP TRIGGER {TRIGGER}" + ("" if sqlite else " ON encounter"))
    if not sqlite:
        op.execute("DROP FUNCTION refuse_unsafe_return()")
    for table in ("return_call", "return_visit"):
        op.drop_table(table)
    op.drop_column("encounter", "first_arrived_at")
