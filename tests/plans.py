"""How the database means to answer: statements captured as the product sends them, and who reads a whole table."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event

from triage.domain import lifecycle
from triage.migrations.estimates import STEADY
from triage.models import Base

GROWING = set(Base.metadata.tables) - STEADY | {"patient_name", "patient_trigram"}
#: Columns with few values: whoever looks by them alone reads a whole clinic.
COARSE = {"site_id", "organisation_id", "accepted", "outcome", "name", "language", "sex"}
#: So do these, unless what is asked for is still open.
STATES, CLOSED = {"stage", "status"}, {*lifecycle.CLOSED, "completed", "not_imaged", "cancelled"}
#: Indexes that hold only what is open.
PARTIAL = {
    index.name
    for table in Base.metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}

#: Tables of which one day has made so few rows that PostgreSQL rightly reads them whole; SQLite is told they are large.
TINY = "SELECT relname FROM pg_stat_user_tables WHERE n_live_tup < 300"

Asked = dict[str, Any]


@contextmanager
def capture(engine: Engine, into: Asked | None = None) -> Iterator[Asked]:
    """Yield the statements sent meanwhile, each with the parameters it was first sent with, after those of ``into``."""
    asked: Asked = {} if into is None else into

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        if re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)", statement):
            asked.setdefault(statement, parameters[0] if many else parameters)

    with hearing(engine, note):
        yield asked


@contextmanager
def sent(engine: Engine, *parts: str) -> Iterator[list[str]]:
    """Yield the statements sent meanwhile that hold these parts, each as often as it was sent."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if all(part in statement for part in parts):
            found.append(statement)

    with hearing(engine, note):
        yield found


@contextmanager
def hearing(engine: Engine, note: Callable[..., None]) -> Iterator[None]:
    """Tell ``note`` of every statement that is sent meanwhile."""
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)


def growing(connection: Connection, statement: str, parameters: Any, small: bool = False) -> list[str]:
    """Return the steps of the plan whose cost grows with the clinic's history; of ``small`` tables only when asked."""
    values = parameters.values() if isinstance(parameters, dict) else parameters
    coarse = COARSE | STATES if CLOSED & {str(value) for value in values} else COARSE
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return _sqlite([row.detail for row in rows], statement, coarse)
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # tables of a test are small enough to be read whole
    plan = _explained(connection, statement, parameters)
    tiny = {row.relname for row in connection.exec_driver_sql(TINY)}
    early = _stops_early(statement) and "Sort Key" not in str(plan)
    steps = _postgres(plan[0]["Plan"], early, coarse, "")
    return [step for step in steps if small or step.split()[0] not in tiny]


def _explained(connection: Connection, statement: str, parameters: Any) -> Any:
    """Return PostgreSQL's plan of a statement, whose values stand at numbers or at names (triage/prepared.py)."""
    kind = psycopg.Cursor if isinstance(parameters, dict) else psycopg.RawCursor
    raw: Any = connection.connection.driver_connection
    with kind(raw) as cursor:
        (plan,) = cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters).fetchall()
        return plan[0]


def _stops_early(statement: str) -> bool:
    return bool(re.search(r"\bLIMIT\b", statement))


def _sqlite(steps: list[str], statement: str, coarse: set[str]) -> list[str]:
    # 'FROM "call" AS call_1': a plan names the alias.
    names = {alias: table for table, alias in re.findall(r'"?(\w+)"? AS (\w+)', statement)}
    early = _stops_early(statement) and not any("ORDER BY" in step for step in steps)
    found = []
    for step in steps:
        match = re.match(r"(SCAN|SEARCH) (\w+)", step)
        if not match or names.get(match[2], match[2]) not in GROWING or "VIRTUAL TABLE INDEX 0:M" in step:
            continue
        index = re.search(r"INDEX (\w+)", step)
        looked = set(re.findall(r"(\w+)[=<>]", step))
        if not (looked - coarse or (index and index[1] in PARTIAL) or (early and looked)):
            found.append(step)
    return found


def _postgres(node: dict[str, Any], early: bool, coarse: set[str], table: str) -> Iterator[str]:
    table = node.get("Relation Name", table)
    if node["Node Type"] in {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"} and table in GROWING:
        looked = set(re.findall(r"\(*(\w+)\)*(?:::\w+)? (?:=|<|>|~|IS NULL)", node.get("Index Cond", "")))
        if not (looked - coarse or node.get("Index Name") in PARTIAL or (early and looked)):
            yield f"{table} by {node['Node Type']} {node.get('Index Name', '')} {node.get('Index Cond', '')}"
    for child in node.get("Plans", ()):
        yield from _postgres(child, early, coarse, table)
