"""What is ordered, by which keys the scanner knows it and what came of it; a stage change may be a machine's."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

WORDS = {"procedure": "", "level": "", "side": "", "priority": "routine", "justification": "", "alert": ""}
KEYS = {"scanner_id": "scanner", "seen_by": "staff"}
UNSEEN = sa.text("result_at IS NOT NULL AND seen_at IS NULL")
COLUMNS = (
    *WORDS, "views", "acr_variant", "safety", "accession", "study_uid", "alert_at", "result_at", "seen_at", *KEYS,
)  # fmt: skip


def upgrade() -> None:
    """Add the columns and their indexes."""
    for name, usual in WORDS.items():
        op.add_column("imaging_order", sa.Column(name, sa.String(), nullable=False, server_default=usual))
    for name in ("views", "safety"):
        op.add_column("imaging_order", sa.Column(name, sa.JSON(), nullable=True))
    op.add_column("imaging_order", sa.Column("acr_variant", sa.Integer(), nullable=True))
    for name in ("accession", "study_uid"):
        op.add_column("imaging_order", sa.Column(name, sa.String(), nullable=True))
        op.create_index(f"uq_imaging_order_{name}", "imaging_order", [name], unique=True)
    for name in ("alert_at", "result_at", "seen_at"):
        op.add_column("imaging_order", sa.Column(name, UTC(), nullable=True))
    for name, other in KEYS.items():
        # In words: the library cannot add a column with its foreign key on SQLite, which can.
        op.execute(
            f"ALTER TABLE imaging_order ADD COLUMN {name} VARCHAR"
            f" CONSTRAINT fk_imaging_order_{name} REFERENCES {other} (id)"
        )
    op.create_index(
        "ix_imaging_order_unseen", "imaging_order", ["site_id", "result_at"], sqlite_where=UNSEEN,
        postgresql_where=UNSEEN,
    )  # fmt: skip
    op.add_column("stage_change", sa.Column("device", sa.String(), nullable=False, server_default=""))
    _let_staff_be_nobody(True)


def _let_staff_be_nobody(nobody: bool) -> None:
    """Let a stage change have no person, or (on the way down) need one; the table stays append-only."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.alter_column("stage_change", "staff_id", nullable=nobody)
        return
    with op.batch_alter_table("stage_change") as batch:
        batch.alter_column("staff_id", existing_type=sa.String(), nullable=nobody)
    for operation in ("UPDATE", "DELETE"):  # SQLite makes the table anew, and its triggers went with the old one
        op.execute(
            f"CREATE TRIGGER stage_change_no_{operation.lower()} BEFORE {operation} ON stage_change"
            " FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'stage_change is append-only'); END"
        )


def downgrade() -> None:
    """Drop them; a machine's stage change is told as that of whoever had ordered the examination."""
    _name_somebody()
    _let_staff_be_nobody(False)
    op.drop_column("stage_change", "device")
    for index in ("ix_imaging_order_unseen", "uq_imaging_order_accession", "uq_imaging_order_study_uid"):
        op.drop_index(index, table_name="imaging_order")
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        with op.batch_alter_table("imaging_order") as batch:
            for name in COLUMNS:
                batch.drop_column(name)
        return
    for name in COLUMNS:
        op.drop_column("imaging_order", name)


def _name_somebody() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute("DROP TRIGGER stage_change_no_update" + ("" if sqlite else " ON stage_change"))
    op.execute(
        "UPDATE stage_change SET staff_id = (SELECT COALESCE(started_by, ordered_by, requested_by) FROM imaging_order"
        " WHERE imaging_order.encounter_id = stage_change.encounter_id ORDER BY requested_at LIMIT 1)"
        " WHERE staff_id IS NULL"
    )
    if not sqlite:
        op.execute(
            "CREATE TRIGGER stage_change_no_update BEFORE UPDATE ON stage_change FOR EACH ROW"
            " EXECUTE FUNCTION refuse_edit()"
        )
