"""Claims as leases: the lease, the steps from hand to hand, who has a page open; a visit and its place end together."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_UNTOLD = sa.text("tell_staff_id IS NOT NULL AND told_at IS NULL")

#: A visit that has ended drops its claim, and takes no new one, whoever writes.
SQLITE = {
    "encounter_end_drops_claim": """AFTER UPDATE OF finished_at ON encounter FOR EACH ROW
        WHEN NEW.finished_at IS NOT NULL
        BEGIN DELETE FROM claim WHERE encounter_id = NEW.id; END""",
    "claim_needs_open_encounter": """BEFORE INSERT ON claim FOR EACH ROW
        WHEN (SELECT finished_at FROM encounter WHERE id = NEW.encounter_id) IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'the visit has ended'); END""",
    "claim_stays_with_encounter": """BEFORE UPDATE OF encounter_id ON claim FOR EACH ROW
        WHEN (SELECT finished_at FROM encounter WHERE id = NEW.encounter_id) IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'the visit has ended'); END""",
}
FUNCTIONS = {
    "drop_claim": "BEGIN DELETE FROM claim WHERE encounter_id = NEW.id; RETURN NEW; END",
    # The encounter's row is locked, so that a claim and the end of the visit cannot pass each other.
    "refuse_ended": """BEGIN
        IF (SELECT finished_at FROM encounter WHERE id = NEW.encounter_id FOR SHARE) IS NOT NULL THEN
            RAISE EXCEPTION 'the visit has ended';
        END IF;
        RETURN NEW;
        END""",
}
POSTGRES = {
    "encounter_end_drops_claim": """AFTER UPDATE OF finished_at ON encounter FOR EACH ROW
        WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION drop_claim()""",
    "claim_needs_open_encounter": """BEFORE INSERT OR UPDATE OF encounter_id ON claim FOR EACH ROW
        EXECUTE FUNCTION refuse_ended()""",
}


def upgrade() -> None:
    """Add the column, the tables and the triggers; a claim that is held now gets a lease of its own."""
    op.add_column("claim", sa.Column("lease", sa.String(), server_default="", nullable=False))
    op.execute("UPDATE claim SET lease = encounter_id")
    _create_steps()
    op.create_table(
        "presence",
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("since", UTC(), nullable=False),
        sa.Column("opened_at", UTC(), nullable=False),
        sa.Column("seen_at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_presence_encounter_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_presence_staff_id")),
        sa.PrimaryKeyConstraint("encounter_id", "staff_id", name=op.f("pk_presence")),
    )
    op.create_index("ix_presence_seen_at", "presence", ["seen_at"], unique=False)
    _create_triggers()


def _create_steps() -> None:
    people = ("staff_id", "from_staff_id", "to_staff_id", "tell_staff_id")
    op.create_table(
        "claim_step",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("from_staff_id", sa.String(), nullable=True),
        sa.Column("from_since", UTC(), nullable=True),
        sa.Column("from_active_at", UTC(), nullable=True),
        sa.Column("to_staff_id", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("tell_staff_id", sa.String(), nullable=True),
        sa.Column("told_at", UTC(), nullable=True),
        *(sa.ForeignKeyConstraint([name], ["staff.id"], name=op.f(f"fk_claim_step_{name}")) for name in people),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_claim_step_encounter_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_claim_step_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_step")),
        sa.UniqueConstraint("encounter_id", "number", name=op.f("uq_claim_step_encounter_id_number")),
    )
    op.create_index("ix_claim_step_site_id_at", "claim_step", ["site_id", "at"], unique=False)
    op.create_index(
        "ix_claim_step_untold", "claim_step", ["tell_staff_id"], unique=False, sqlite_where=_UNTOLD,
        postgresql_where=_UNTOLD,
    )


def _create_triggers() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, body in ({} if sqlite else FUNCTIONS).items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    for name, body in (SQLITE if sqlite else POSTGRES).items():
        op.execute(f"CREATE TRIGGER {name} {body}")


def downgrade() -> None:
    """Drop them."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in SQLITE if sqlite else POSTGRES:
        table = "encounter" if name.startswith("encounter") else "claim"
        op.execute(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
    for name in () if sqlite else FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    op.drop_table("presence")
    op.drop_table("claim_step")
    op.drop_column("claim", "lease")
