"""Outcomes: series, points, numbers and attempts that are appended and never edited, complications."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

APPENDED = ("outcome", "outcome_contact")
TABLES = ("complication", "outcome_contact", "outcome", "outcome_point", "outcome_series")


def upgrade() -> None:
    """Create the tables; numbers and attempts are never edited."""
    _create_series()
    _create_points()
    _create_outcomes()
    _create_contacts()
    _create_complications()
    _refuse_edits()


def _create_series() -> None:
    op.create_table(
        "outcome_series",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=True),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("surgeon_id", sa.String(), nullable=False),
        sa.Column("index_day", sa.Date(), nullable=True),
        sa.Column("begun_at", UTC(), nullable=False),
        sa.Column("begun_by", sa.String(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=False),
        sa.Column("end_note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["begun_by"], ["staff.id"], name=op.f("fk_outcome_series_begun_by")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_outcome_series_patient_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_outcome_series_site_id")),
        sa.ForeignKeyConstraint(["surgeon_id"], ["staff.id"], name=op.f("fk_outcome_series_surgeon_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_series")),
    )
    op.create_index("ix_outcome_series_patient_id", "outcome_series", ["patient_id"], unique=False)
    op.create_index("ix_outcome_series_site_id_index_day", "outcome_series", ["site_id", "index_day"], unique=False)
    op.create_index("ix_outcome_series_site_id_surgeon_id_index_day", "outcome_series", ["site_id", "surgeon_id", "index_day"], unique=False)


def _create_points() -> None:
    op.create_table(
        "outcome_point",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=True),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("opens", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("closes", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", UTC(), nullable=True),
        sa.Column("attempt", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["outcome_series.id"], name=op.f("fk_outcome_point_series_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_outcome_point_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_point")),
        sa.UniqueConstraint("series_id", "point", name=op.f("uq_outcome_point_series_id_point")),
    )
    op.create_index("ix_outcome_point_site_id_status_closes", "outcome_point", ["site_id", "status", "closes"], unique=False)


def _create_outcomes() -> None:
    op.create_table(
        "outcome",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("point_id", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("entered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["point_id"], ["outcome_point.id"], name=op.f("fk_outcome_point_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_outcome_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome")),
        sa.UniqueConstraint("point_id", "measure", "revision", name=op.f("uq_outcome_point_id_measure_revision")),
    )


def _create_contacts() -> None:
    op.create_table(
        "outcome_contact",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("point_id", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("entered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["point_id"], ["outcome_point.id"], name=op.f("fk_outcome_contact_point_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_outcome_contact_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_contact")),
    )
    op.create_index("ix_outcome_contact_point_id_at", "outcome_contact", ["point_id", "at"], unique=False)


def _create_complications() -> None:
    op.create_table(
        "complication",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("reoperation", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("withdrawn_at", UTC(), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("withdrawn_why", sa.String(), nullable=False),
        sa.Column("entered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["outcome_series.id"], name=op.f("fk_complication_series_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_complication_staff_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["staff.id"], name=op.f("fk_complication_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complication")),
    )
    op.create_index("ix_complication_series_id", "complication", ["series_id"], unique=False)


def _refuse_edits() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in APPENDED:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
        for operation in ("UPDATE", "DELETE"):
            name = f"{table}_no_{operation.lower()}"
            op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {action}")
        if not sqlite:
            op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with their tables."""
    for table in TABLES:
        op.drop_table(table)
