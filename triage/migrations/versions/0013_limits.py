"""Limits as proposed and decided, appended and never edited; how many urgent questions are not answered "no"."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("limit_decision", "limit_proposal")


def upgrade() -> None:
    """Create the tables with their triggers; the new column stays empty, which counts as not known."""
    op.create_table(
        "limit_proposal",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_limit_proposal_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_limit_proposal_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_proposal")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_limit_proposal_site_id_number")),
    )
    op.create_table(
        "limit_decision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["proposal_id"], ["limit_proposal.id"], name=op.f("fk_limit_decision_proposal_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_limit_decision_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_limit_decision_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_decision")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_limit_decision_proposal_id")),
        sa.UniqueConstraint("site_id", "sequence", name=op.f("uq_limit_decision_site_id_sequence")),
    )
    columns = ["site_id", "kind", "sequence"]
    op.create_index("ix_limit_decision_site_id_kind_sequence", "limit_decision", columns, unique=False)
    op.add_column("encounter", sa.Column("urgent", sa.Integer(), nullable=True))
    _create_triggers()


def _create_triggers() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
        for operation in ("UPDATE", "DELETE"):
            name = f"{table}_no_{operation.lower()}"
            op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {action}")
        if not sqlite:
            op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with their tables."""
    op.drop_column("encounter", "urgent")
    for table in TABLES:
        op.drop_table(table)
