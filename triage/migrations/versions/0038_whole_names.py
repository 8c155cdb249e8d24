"""Who bears the same whole name is found by an index of whole names, not by pieces of three letters."""

import sqlalchemy as sa
from alembic import op

from triage.domain import names

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

NEW = ("whole_name", "whole_kana")
#: So many patients are given their keys at a time.
BATCH = 5000


def upgrade() -> None:
    """Add the columns, fill them for whoever is on file, add the indexes."""
    for name in NEW:
        op.add_column("patient", sa.Column(name, sa.String(), nullable=False, server_default=""))
    _fill()
    for name in NEW:
        op.create_index(f"ix_patient_organisation_id_{name}", "patient", ["organisation_id", name])


def _fill() -> None:
    patient = sa.table("patient", *(sa.column(name) for name in ("id", *names.PARTS, *NEW)))
    parts = [patient.c[name] for name in names.PARTS]
    these = sa.update(patient).where(patient.c.id == sa.bindparam("this"))
    fill = these.values({name: sa.bindparam(name) for name in NEW})
    connection, last = op.get_bind(), ""
    following = sa.select(patient.c.id, *parts).where(patient.c.id > sa.bindparam("last")).order_by(patient.c.id)
    while rows := connection.execute(following.limit(BATCH), {"last": last}).all():
        connection.execute(fill, [_keys(row) for row in rows])
        last = rows[-1].id


def _keys(row: sa.Row) -> dict[str, str]:
    made = names.keys(*row[1:])
    return {"this": row.id, **{name: made[name] for name in NEW}}


def downgrade() -> None:
    """Drop both."""
    for name in NEW:
        op.drop_index(f"ix_patient_organisation_id_{name}", table_name="patient")
        op.drop_column("patient", name)
