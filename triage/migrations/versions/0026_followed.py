"""Follow-ups know their pathway, level and side, why they were begun by hand, what overtook them, and their history."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC, new_id

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WORDS = ("level", "side", "start", "start_note", "code")
LINKS = {"pathway_id": "pathway", "ended_by_id": "outcome_series"}
#: The pathway whose operation a follow-up stands for; the last one, where a decision was amended.
THEIRS = """SELECT {column} FROM pathway WHERE pathway.site_id = outcome_series.site_id
    AND pathway.patient_id = outcome_series.patient_id AND pathway.procedure = outcome_series.procedure
    AND (pathway.operated_on = outcome_series.index_day
        OR pathway.operated_on IS NULL AND outcome_series.index_day IS NULL)
    ORDER BY pathway.begun_at DESC, pathway.id LIMIT 1"""


def upgrade() -> None:
    """Add the columns and fill them as far as the pathways know; add the history."""
    for name in WORDS:
        op.add_column("outcome_series", sa.Column(name, sa.String(), server_default="", nullable=False))
    for name, table in LINKS.items():  # as SQLite too can say it
        key = f"CONSTRAINT fk_outcome_series_{name} REFERENCES {table} (id)"
        op.execute(f"ALTER TABLE outcome_series ADD COLUMN {name} VARCHAR {key}")
    _fill()
    _create_changes()


def _fill() -> None:
    series = sa.table("outcome_series", sa.column("id"), sa.column("code"))
    for (row_id,) in op.get_bind().execute(sa.select(series.c.id)).all():
        op.execute(series.update().where(series.c.id == row_id).values(code=new_id()))
    columns = {"pathway_id": "id", "level": "level", "side": "side"}
    values = ", ".join(
        f"{name} = coalesce(({THEIRS.format(column=column)}), {name})" for name, column in columns.items()
    )
    op.execute(f"UPDATE outcome_series SET {values} WHERE kind = 'procedure'")  # noqa: S608 - our own names


def _create_changes() -> None:
    op.create_table(
        "outcome_change",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("was", sa.String(), nullable=False),
        sa.Column("now", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("entered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["outcome_series.id"], name=op.f("fk_outcome_change_series_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_outcome_change_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_change")),
    )
    op.create_index("ix_outcome_change_series_id_at", "outcome_change", ["series_id", "at"], unique=False)
    _refuse_edits("outcome_change")


def _refuse_edits(table: str) -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for operation in ("UPDATE", "DELETE"):
        name = f"{table}_no_{operation.lower()}"
        op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {action}")
    if not sqlite:
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with the table."""
    op.drop_table("outcome_change")
    for name in (*LINKS, *WORDS):
        op.drop_column("outcome_series", name)
