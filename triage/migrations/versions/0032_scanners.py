"""Scanners, the image archive of a site, and what comes back from them: steps, images, reports."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

UNMATCHED = sa.text("order_id IS NULL AND settled_at IS NULL")
TABLES = ("imaging_report", "imaging_study", "procedure_step", "archive_position", "image_archive", "scanner")


def upgrade() -> None:
    """Create the tables; a report is never edited."""
    _create_scanner()
    _create_archive()
    _create_step()
    _create_study()
    _create_report()
    for table, moment in (("procedure_step", "began_at"), ("imaging_study", "stable_at")):
        op.create_index(f"ix_{table}_order_id", table, ["order_id"])
        op.create_index(
            f"ix_{table}_unmatched", table, ["site_id", moment], sqlite_where=UNMATCHED, postgresql_where=UNMATCHED
        )
    _refuse_edits("imaging_report")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _versioned(table: str, **named: str) -> list[sa.schema.SchemaItem]:
    return [
        *_texts("id"),
        sa.Column("version", sa.Integer(), nullable=False),
        *_texts("updated_by"),
        sa.Column("updated_at", UTC(), nullable=True),
        *_keys(table, **named),
    ]


def _keys(table: str, **named: str) -> list[sa.schema.SchemaItem]:
    return [
        *(
            sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
            for name, other in named.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _create_scanner() -> None:
    op.create_table(
        "scanner",
        *_texts("site_id", "name", "ae_title", "modality", "host", "charset"),
        sa.Column("room_id", sa.String(), nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("tls", sa.Boolean(), nullable=False),
        sa.Column("mpps", sa.Boolean(), nullable=False),
        sa.Column("retired_at", UTC(), nullable=True),
        *_versioned("scanner", room_id="room", site_id="site"),
        sa.UniqueConstraint("ae_title", name=op.f("uq_scanner_ae_title")),
    )


def _create_archive() -> None:
    op.create_table(
        "image_archive",
        *_texts("site_id", "url", "user_name", "viewer"),
        *_versioned("image_archive", site_id="site"),
        sa.UniqueConstraint("site_id", name=op.f("uq_image_archive_site_id")),
    )
    op.create_table(
        "archive_position",
        *_texts("archive_id", "failure"),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("polled_at", UTC(), nullable=True),
        sa.Column("failed_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["archive_id"], ["image_archive.id"], name=op.f("fk_archive_position_archive_id")),
        sa.PrimaryKeyConstraint("archive_id", name=op.f("pk_archive_position")),
    )


def _returned(table: str, **named: str) -> list[sa.schema.SchemaItem]:
    return [
        *_texts("site_id", "matched_by", "accession", "patient_number", "patient_name", "settled_why", "study_uid"),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("settled_at", UTC(), nullable=True),
        *_versioned(table, order_id="imaging_order", settled_by="staff", site_id="site", **named),
    ]


def _create_step() -> None:
    op.create_table(
        "procedure_step",
        *_texts("scanner_id", "sop_instance_uid", "status", "reason"),
        sa.Column("began_at", UTC(), nullable=False),
        sa.Column("ended_at", UTC(), nullable=True),
        sa.Column("received", sa.JSON(), nullable=False),
        *_returned("procedure_step", scanner_id="scanner"),
        sa.UniqueConstraint("sop_instance_uid", name=op.f("uq_procedure_step_sop_instance_uid")),
    )


def _create_study() -> None:
    op.create_table(
        "imaging_study",
        *_texts("archive_key", "modality", "description", "birth_date"),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("stable_at", UTC(), nullable=False),
        *_returned("imaging_study"),
        sa.UniqueConstraint("site_id", "study_uid", name=op.f("uq_imaging_study_site_id_study_uid")),
    )


def _create_report() -> None:
    op.create_table(
        "imaging_report",
        *_texts("id", "order_id", "staff_id", "text", "reader", "reason", "file_name", "file_type"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("entered_at", UTC(), nullable=True),
        *_keys("imaging_report", order_id="imaging_order", staff_id="staff"),
        sa.UniqueConstraint("order_id", "sequence", name=op.f("uq_imaging_report_order_id_sequence")),
    )


def _refuse_edits(table: str) -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END" if sqlite else "EXECUTE FUNCTION refuse_edit()"
    for operation in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{operation.lower()} BEFORE {operation} ON {table} FOR EACH ROW {refusal}"
        )
    if not sqlite:
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} {refusal}")


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES:
        op.drop_table(table)
