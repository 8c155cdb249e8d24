"""Decisions, stage changes and the audit trail are appended, never edited: the database itself refuses."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: table -> what is refused. The payload of an audit event may be deleted when its retention ends, never changed.
APPEND_ONLY = {
    "triage_decision": ("UPDATE", "DELETE"),
    "treatment_decision": ("UPDATE", "DELETE"),
    "stage_change": ("UPDATE", "DELETE"),
    "audit_event": ("UPDATE", "DELETE"),
    "audit_payload": ("UPDATE",),
}

FUNCTION = """
CREATE FUNCTION refuse_edit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


def upgrade() -> None:
    """Create a trigger for every refused operation."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(FUNCTION)
    for table, operations in APPEND_ONLY.items():
        for operation in operations:
            action = (
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                if sqlite
                else "EXECUTE FUNCTION refuse_edit()"
            )
            name = f"{table}_no_{operation.lower()}"
            op.execute(f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {action}")
        if not sqlite:
            name = f"{table}_no_truncate"
            op.execute(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_edit()")


def downgrade() -> None:
    """Drop them."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, operations in APPEND_ONLY.items():
        for operation in operations if sqlite else (*operations, "TRUNCATE"):
            op.execute(f"DROP TRIGGER {table}_no_{operation.lower()}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION refuse_edit()")
