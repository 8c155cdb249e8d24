"""What SQLite's planner is told of each index: as of a clinic ten years old, from the first day on.

Without figures it takes any condition on a site for a selective one, and reads the whole clinic. PostgreSQL counts by
itself; whoever runs ANALYZE on SQLite replaces these figures by counted ones.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Date, inspect, text

from triage.db import UTC
from triage.models import Base

#: Tables that stay as small as the clinic, however many years it works. Every other one grows with its history.
STEADY = frozenset({
    "organisation", "site", "room", "staff", "staff_identity", "staff_grant", "site_head", "device", "device_token",
    "ruleset_version", "ruleset_publication", "ruleset_signature", "simulation", "limit_proposal", "limit_decision",
    "opening_hours", "opening_exception", "surgeon_week", "surgeon_absence", "kept_share",
    "scanner", "image_archive", "archive_position",
    "claim", "presence", "draft",  # of who is here and at work now
})  # fmt: skip
#: Columns that half of all rows share.
COARSE = frozenset({"site_id", "organisation_id", "status", "stage", "name", "issuer"})
GROWN, SMALL = 1_000_000, 50
#: Rows that share one moment or day, or its absence; rows that share anything else, such as a patient or a visit.
OF_A_DAY, OF_ONE = 300, 10


def keep(connection: Connection) -> None:
    """Write the figures of every index of the migrated database; nothing on PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return
    connection.execute(text("ANALYZE organisation"))  # makes the table of figures
    connection.execute(text("DELETE FROM sqlite_stat1"))
    rows = [row for table in inspect(connection).get_table_names() for row in _figures(connection, table)]
    insert = text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)")
    connection.execute(insert, [{"tbl": tbl, "idx": idx, "stat": stat} for tbl, idx, stat in rows])
    connection.execute(text("ANALYZE sqlite_schema"))  # read them


def _figures(connection: Connection, table: str) -> Iterator[tuple[str, str, str]]:
    if table not in Base.metadata.tables:
        return
    listed = connection.execute(text(f"PRAGMA index_list('{table}')"))
    for _seq, index, unique, _origin, partial in listed.all():
        columns = [row[2] for row in connection.execute(text(f"PRAGMA index_info('{index}')"))]
        rows = SMALL if partial or table in STEADY else GROWN
        yield table, index, " ".join(map(str, [rows, *_shared(table, columns, rows, bool(unique))]))


def _shared(table: str, columns: list[str], rows: int, unique: bool) -> Iterator[int]:
    """Yield how many rows share the first column, the first two, and so on."""
    left = rows
    for number, name in enumerate(columns, start=1):
        kind = Base.metadata.tables[table].columns[name].type
        if unique and number == len(columns):
            left = 1
        elif name in COARSE:
            left = max(1, left // 2)
        else:
            left = min(left, OF_A_DAY if isinstance(kind, Date | UTC) else OF_ONE)
        yield left
