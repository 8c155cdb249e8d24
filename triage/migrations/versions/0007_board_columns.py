"""What the board shows of a suggestion, in narrow columns beside it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = ("suggested_level", "suggested_route", "suggested_provisional", "suggested_flags")


def upgrade() -> None:
    """Add the columns and fill them for the visits that are on a board now."""
    op.add_column("encounter", sa.Column("suggested_level", sa.Integer(), nullable=True))
    op.add_column("encounter", sa.Column("suggested_route", sa.String(), nullable=True))
    op.add_column(
        "encounter", sa.Column("suggested_provisional", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("encounter", sa.Column("suggested_flags", sa.String(), server_default="", nullable=False))
    _fill()


def _fill() -> None:
    encounter = sa.table(
        "encounter",
        sa.column("id", sa.String()),
        sa.column("finished_at", sa.DateTime()),
        sa.column("suggestion", sa.JSON()),
        sa.column("suggested_level", sa.Integer()),
        sa.column("suggested_route", sa.String()),
        sa.column("suggested_provisional", sa.Boolean()),
        sa.column("suggested_flags", sa.String()),
    )
    bind = op.get_bind()
    here = sa.select(encounter.c.id, encounter.c.suggestion).where(encounter.c.finished_at.is_(None))
    for row_id, suggestion in bind.execute(here).all():
        if suggestion:
            bind.execute(sa.update(encounter).where(encounter.c.id == row_id).values(**_columns(suggestion)))


def _columns(suggestion: dict[str, Any]) -> dict[str, Any]:
    # Which rules set the level is not stored. Rather a finding too many than one too few, until the next saved answer.
    urgent = suggestion["level"] <= 3
    facts = [name for reason in suggestion["reasons"] for name in reason["facts"]] if urgent else []
    return {
        "suggested_level": suggestion["level"],
        "suggested_route": suggestion["route"],
        "suggested_provisional": suggestion["provisional"],
        "suggested_flags": " ".join(dict.fromkeys(name for name in facts if name not in ("age", "sex"))),
    }


def downgrade() -> None:
    """Drop them; the suggestion itself still says it all."""
    for name in reversed(COLUMNS):
        op.drop_column("encounter", name)
