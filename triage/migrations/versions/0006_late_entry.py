"""Late entries: when what was noted on paper had happened, beside when it was entered; a mark that stays."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = {
    "audit_event": "occurred_at",
    "encounter": "entered_at late_at",
    "stage_change": "entered_at",
    "triage_decision": "entered_at",
    "treatment_decision": "entered_at",
    "emergency": "entered_at",
    "exposure_record": "entered_at",
    "finding": "entered_at",
    "imaging_order": "late_at",
}
#: A mark that was set is never taken away.
KEPT = {"encounter": "entered_at late_at", "emergency": "entered_at"}


def upgrade() -> None:
    """Add the columns (no row of before was entered late), and let the database keep the marks."""
    for table, columns in COLUMNS.items():
        for column in columns.split():
            op.add_column(table, sa.Column(column, UTC(), nullable=True))
    sqlite = op.get_bind().dialect.name == "sqlite"
    refuse = "BEGIN SELECT RAISE(ABORT, 'a late mark is append-only'); END"
    action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for table, columns in KEPT.items():
        gone = " OR ".join(f"(OLD.{c} IS NOT NULL AND NEW.{c} IS NULL)" for c in columns.split())
        op.execute(f"CREATE TRIGGER {table}_keeps_late BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({gone}) {action}")


def downgrade() -> None:
    """Drop triggers and columns."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in KEPT:
        op.execute(f"DROP TRIGGER {table}_keeps_late" + ("" if sqlite else f" ON {table}"))
    for table, columns in COLUMNS.items():
        for column in columns.split():
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
