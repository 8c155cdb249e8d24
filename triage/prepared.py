"""Statements that nearly every request sends, given to the driver as SQLAlchemy has written them once.

From a statement to its rows SQLAlchemy takes ten times as long as the driver below it: it looks up what it has
compiled, and makes an object each for the execution, the cursor and the result. What a type does to its values, what
errors become and who listens to the engine's statements is here as it is there.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, cast

import psycopg
from sqlalchemy import JSON, Connection, Dialect, Executable

from triage import pipeline, postgres
from triage.stored_json import from_json

Processor = Callable[[Any], Any]


@dataclass
class _Plan:
    """A statement as one engine wants it: its text, the values it has by itself, and what becomes of values and rows.

    ``names`` are the parameters in their order, None where the driver takes them by name. ``lists`` are the names that
    the values of a list are given under, one by one. ``how`` the driver is to send it.
    """

    text: str
    fixed: Mapping[str, Any]
    names: Sequence[str] | None
    lists: Mapping[str, Sequence[str]]
    written: Sequence[tuple[str, Processor, bool]]
    columns: Sequence[Any]
    how: Mapping[str, Any]
    read: Sequence[tuple[int, Processor]] | None = None
    row: Callable[[Iterable[Any]], Any] = field(default=tuple)

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Return the values as the driver takes them."""
        given = {**self.fixed, **values}
        for name, parts in self.lists.items():
            given.update(zip(parts, given.pop(name), strict=True))
        for name, process, minds_nothing in self.written:
            if minds_nothing or given[name] is not None:
                given[name] = process(given[name])
        return given if self.names is None else tuple([given[name] for name in self.names])

    def rows(self, connection: Connection, cursor: Any) -> list[Any]:
        """Return the rows that a cursor has to give, as the types of their columns make them."""
        if self.read is None:
            self._learn(connection, cursor.description)
        rows = [list(row) for row in cursor.fetchall()]
        for place, process in self.read or ():
            for row in rows:
                if row[place] is not None:  # nothing stays nothing, whatever the type
                    row[place] = process(row[place])
        return list(map(self.row, rows))

    def _learn(self, connection: Connection, described: Sequence[Any]) -> None:
        made = [
            _reader(column.type, connection.dialect, as_driver[1])
            for column, as_driver in zip(self.columns, described, strict=True)
        ]
        named: Any = namedtuple("Row", [column.keyname for column in self.columns], rename=True)  # type: ignore[misc]
        self.row = partial(tuple.__new__, named)
        self.read = [(place, process) for place, process in enumerate(made) if process is not None]


def _reader(kind: Any, dialect: Any, as_driver: Any) -> Processor | None:
    """Return what makes a value of a type from what the driver gives; of JSON straight away, there are many answers."""
    process: Processor | None = kind.dialect_impl(dialect).result_processor(dialect, as_driver)
    return from_json if process and isinstance(kind, JSON) else process


class Prepared:
    """A statement that is built once. Its values are given by name; a list goes where the statement expands one."""

    def __init__(self, statement: Executable, names: Iterable[str] | None = None, *, anew: bool = False) -> None:
        """Keep the statement; ``names`` are the columns that an INSERT or UPDATE without values writes.

        ``anew``: how it is answered depends on its values so much that PostgreSQL is to plan it for them each time.
        """
        self.statement = statement
        self._anew = anew
        self._names = None if names is None else list(names)
        self._plans: dict[tuple[Any, ...], _Plan] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows as named tuples; raises what SQLAlchemy does."""
        pipeline.settle(connection)
        return self.ask(connection, values)()

    def ask(self, connection: Connection, values: Mapping[str, Any]) -> Callable[[], list[Any]]:
        """Send the statement and return what gives its rows, once its answer is there."""
        plan = self._plan(connection, values, [len(value) for value in values.values() if type(value) is list])
        cursor = _sent(connection, plan, values)
        return lambda: plan.rows(connection, cursor)

    def write(self, connection: Connection, *rows: Mapping[str, Any]) -> int:
        """Send the statement once for each of the values; return how many rows it met. Raises what SQLAlchemy does."""
        cursor = self.send(connection, *rows)
        pipeline.settle(connection)
        count: int = cursor.rowcount
        return count

    def send(self, connection: Connection, *rows: Mapping[str, Any]) -> Any:
        """Send the statement once for each of the values; what it is refused for may be raised by a later one."""
        plan = self._plan(connection, rows[0])
        pipeline.go_on(connection)
        return _sent(connection, plan, *rows)

    def _plan(self, connection: Connection, values: Mapping[str, Any], sizes: Iterable[int] = ()) -> _Plan:
        key = (connection.dialect.name, *sizes)
        if key not in self._plans:
            self._plans[key] = self._planned(connection, values)
        return self._plans[key]

    def _planned(self, connection: Connection, values: Mapping[str, Any]) -> _Plan:
        dialect = _as_sent(connection.dialect)
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=self._names)  # type: ignore[attr-defined]
        if compiled.insert_prefetch or compiled.update_prefetch:
            raise ValueError(f"columns with a default of their own are to be named: {compiled}")
        fixed = compiled.construct_params(_check=False, escape_names=False)
        state = compiled.construct_expanded_state({**fixed, **values}, escape_names=False)
        lists = {name: parts for name, parts in state.parameter_expansion.items() if name in values}
        for name in state.parameter_expansion.keys() - lists.keys():  # a list that stands in the statement itself
            fixed.update(zip(state.parameter_expansion[name], fixed.pop(name), strict=True))
        names = state.positiontup if compiled.positional else None
        processes = {**compiled._bind_processors, **state.processors}
        json_names = {name for name, bind in compiled.binds.items() if isinstance(bind.type, JSON)}
        written = [
            (name, process, name in json_names)  # to JSON nothing is a value of its own
            for name, process in processes.items()
            if name in state.parameters
        ]
        how = {"prepare": False} if self._anew and dialect.name == "postgresql" else {}
        return _Plan(state.statement, fixed, names, lists, written, compiled._result_columns, how)


@lru_cache
def _as_sent(dialect: Dialect) -> Dialect:
    """Return the dialect in which statements are written for the driver: for PostgreSQL as its server reads them.

    The driver then need not look in them for the places where values go.
    """
    if dialect.name != "postgresql":
        return dialect
    make: Any = type(dialect)
    written = make(paramstyle="numeric_dollar")
    kept = ("paramstyle", "positional", "identifier_preparer")
    written.__dict__.update({**vars(dialect), **{name: getattr(written, name) for name in kept}})
    return cast(Dialect, written)


def _cursor(connection: Connection) -> Any:
    postgresql = connection.dialect.name == "postgresql"
    return psycopg.RawCursor(postgres.driver(connection)) if postgresql else connection.connection.cursor()


def _sent(connection: Connection, plan: _Plan, *rows: Mapping[str, Any]) -> Any:
    """Return the cursor that the statement went through, once for each of the values."""
    cursor, many = _cursor(connection), len(rows) > 1
    parameters = [plan.parameters(values) for values in rows]
    what = parameters if many else parameters[0]
    for tell in connection.engine.dispatch.before_cursor_execute:
        tell(connection, cursor, plan.text, what, None, many)
    try:
        if many:
            cursor.executemany(plan.text, what)
        else:
            cursor.execute(plan.text, what, **plan.how)
    except connection.dialect.loaded_dbapi.Error as error:
        pipeline.refuse(connection, cursor, plan.text, what, error)
    return cursor
