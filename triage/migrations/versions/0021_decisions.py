"""What a signed decision says in detail, when it is looked at again, and which decision took the place of which."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NOT_NOW = sa.text("kind = 'not_now'")
TABLE = "treatment_amendment"


def upgrade() -> None:
    """Add the columns, the index and the append-only table."""
    op.add_column("treatment_decision", sa.Column("review_on", sa.Date(), nullable=True))
    op.add_column("treatment_decision", sa.Column("details", sa.JSON(), server_default="{}", nullable=False))
    op.create_index(
        "ix_treatment_decision_review_on", "treatment_decision", ["review_on"], unique=False, sqlite_where=NOT_NOW,
        postgresql_where=NOT_NOW,
    )
    op.create_table(
        TABLE,
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("amends_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["amends_id"], ["treatment_decision.id"], name=op.f(f"fk_{TABLE}_amends_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["treatment_decision.id"], name=op.f(f"fk_{TABLE}_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("amends_id", name=op.f(f"uq_{TABLE}_amends_id")),
    )
    _refuse_edits()


def _refuse_edits() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
    action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for operation in ("UPDATE", "DELETE"):
        name = f"{TABLE}_no_{operation.lower()}"
        op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {TABLE} FOR EACH ROW {action}")
    if not sqlite:
        op.execute(f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with their table."""
    op.drop_table(TABLE)
    op.drop_index("ix_treatment_decision_review_on", table_name="treatment_decision")
    for column in ("details", "review_on"):
        op.drop_column("treatment_decision", column)
