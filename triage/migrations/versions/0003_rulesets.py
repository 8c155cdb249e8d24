"""The clinic's own rules. What is published or signed is never edited: the database itself refuses."""

import sqlalchemy as sa
from alembic import op

from triage.db import UTC

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: trigger -> table, operation, and for which rows. A draft may still change; nothing is ever deleted.
REFUSED = {
    "ruleset_version_no_update": ("ruleset_version", "UPDATE", "OLD.state <> 'draft'"),
    "ruleset_version_no_delete": ("ruleset_version", "DELETE", ""),
    "ruleset_publication_no_update": ("ruleset_publication", "UPDATE", ""),
    "ruleset_publication_no_delete": ("ruleset_publication", "DELETE", ""),
    "ruleset_signature_no_update": ("ruleset_signature", "UPDATE", ""),
    "ruleset_signature_no_delete": ("ruleset_signature", "DELETE", ""),
}
TABLES = ("ruleset_signature", "ruleset_publication", "ruleset_version")


def upgrade() -> None:
    """Create the tables, then their triggers."""
    op.create_table(
        "ruleset_version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("based_on", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_ruleset_version_author_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_ruleset_version_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruleset_version")),
    )
    op.create_index("ix_ruleset_version_site_id_state", "ruleset_version", ["site_id", "state"], unique=False)
    _create_record("ruleset_publication", sa.Column("version_id", sa.String(), nullable=True), "note")
    _create_record("ruleset_signature", None, "statement")
    _create_triggers()


def _create_record(table: str, reference: "sa.Column[str] | None", text: str) -> None:
    # sa.ForeignKeyConstraint is built per table: it belongs to the table it is given to.
    pointing = (
        []
        if reference is None
        else [
            reference,
            sa.ForeignKeyConstraint([reference.name], ["ruleset_version.id"], name=op.f(f"fk_{table}_version_id")),
        ]
    )
    op.create_table(
        table,
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        *pointing,
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(text, sa.String(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f(f"fk_{table}_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f(f"fk_{table}_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("site_id", "sequence", name=op.f(f"uq_{table}_site_id_sequence")),
    )


def _create_triggers() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, (table, operation, when) in REFUSED.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        action = refuse if sqlite else "EXECUTE FUNCTION refuse_edit()"
        condition = f"WHEN ({when}) " if when else ""
        op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {condition}{action}")
    for table in () if sqlite else TABLES:
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them; the triggers go with their tables."""
    for table in TABLES:
        op.drop_table(table)
