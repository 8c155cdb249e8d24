"""Engine, session, base class, column types, the one write transaction, and the guard that no write goes unaudited."""

import functools
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import datetime
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar

from sqlalchemy import JSON, Engine, Executable, MetaData, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    UOWTransaction,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from triage import ahead, beside, pipeline, postgres, sqlite
from triage.moments import UTC as UTC  # noqa: PLC0414 - migrations and models know it from here
from triage.prepared import Prepared
from triage.stored_json import from_json, to_json

#: Seconds that a writer of SQLite waits for the others.
BUSY = 5

P = ParamSpec("P")
R = TypeVar("R")

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_verb: ContextVar[str] = ContextVar("verb", default="")


class UnauditedWrite(RuntimeError):
    """A transaction wrote an audited row and recorded no audit event."""


#: Each of a byte's values is one of 32 letters, all of them as often: of every byte five bits count.
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8


def new_id() -> str:
    """Return an id of 80 random bits, safe in a URL: it can be neither guessed nor counted."""
    return secrets.token_bytes(16).translate(_LETTERS).decode()


class Base(DeclarativeBase):
    """Every table. Writing one needs an audit event, unless the class says ``__audited__ = False`` and why."""

    __audited__: ClassVar[bool] = True
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTC(), dict[str, Any]: JSON(), list[str]: JSON()}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Row:
    """A table whose rows have an id that is safe to show."""

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


session: scoped_session[Session] = scoped_session(sessionmaker(expire_on_commit=False))


def connect(url: str, durable: bool = True) -> Engine:
    """Bind the session to the database at ``url`` (SQLite or PostgreSQL) and return its engine.

    Not ``durable``: SQLite does not wait for the disk; for data that can be made again.
    """
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    embedded = url.startswith("sqlite")
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY}} if embedded else {}
    options |= {"json_serializer": to_json, "json_deserializer": from_json}
    # What was given back last is taken next: each connection keeps plans and pages of its own.
    engine = create_engine(url, pool_size=20, max_overflow=22, pool_use_lifo=True, **options)
    if embedded:
        sqlite.listen(engine, _writing.get, BUSY, durable)
    else:
        postgres.listen(engine)
        pipeline.listen(engine)
    session.remove()
    session.configure(bind=engine)
    return engine


def verb(function: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Make a service function one write transaction: it starts clean, commits once, and rolls back on any error."""

    @functools.wraps(function)
    def run(actor: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if _verb.get():
            raise RuntimeError(f"{function.__name__} inside {_verb.get()}: a use case commits once")
        naming, writing = _verb.set(function.__name__), _writing.set(True)
        try:
            session.close()  # whatever was read before is old news; load again under the write lock
            session.info.pop("revision", None)
            result = function(actor, *args, **kwargs)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        else:
            return result
        finally:
            _writing.reset(writing)
            _verb.reset(naming)

    run.is_verb = True  # type: ignore[attr-defined]
    return run


def read(query: Prepared | Executable, **values: Any) -> Sequence[Any]:
    """Return the rows of a query of columns, without the session's work for its own objects.

    Outside a use case as they are committed, inside as it has left them so far. A query that is built once is prepared.
    """
    db = session()
    if isinstance(query, Prepared) and (known := ahead.take(db, query, values)) is not None:
        return known
    if _verb.get() and db.autoflush:
        db.flush()
    connection = beside.connection() or beside.connected(db)
    return query.rows(connection, values) if isinstance(query, Prepared) else connection.execute(query, values).all()


def read_one(query: Prepared | Executable, **values: Any) -> Any:
    """Return the first column of the first row of a query of columns, None where there is no row."""
    rows = read(query, **values)
    return rows[0][0] if rows else None


def apart() -> AbstractContextManager[None]:
    """Let what is read inside a page, outside its use cases, go past the session where that has begun nothing."""
    return nullcontext() if _verb.get() else beside.reading(session())


def write(statement: Prepared, noun: type[Base], **values: Any) -> None:
    """Send a prepared statement that changes rows of a table, inside a use case, however many it meets.

    It owes the trail an event where the table is audited. What the session holds of these rows is the caller's to mind.
    """
    db = session()
    db.flush()
    note_write(noun)
    statement.send(beside.connected(db), values)


def in_verb() -> bool:
    """Tell whether a use case is writing now: what is read then is not committed yet."""
    return bool(_verb.get())


@contextmanager
def aside() -> Iterator[Session]:
    """Yield a session of its own in a short write transaction, beside the one the request reads with."""
    writing = _writing.set(True)
    try:
        with Session(session.get_bind(), expire_on_commit=False) as own, own.begin():
            yield own
    finally:
        _writing.reset(writing)


@event.listens_for(Session, "after_begin")
def _begin(db: Session, _transaction: object, connection: Connection) -> None:
    db.info[beside.OWN] = connection
    if not _writing.get():
        postgres.read_apart(connection)


@event.listens_for(Session, "before_flush")
def _write_together(db: Session, _context: object, _rows: object) -> None:
    together(db)


def together(db: Session | None = None) -> None:
    """Make what follows one transaction also where no verb runs: what is written, or read piece by piece."""
    postgres.read_together((db or session).connection())


@event.listens_for(Session, "after_flush")
def _note_writes(db: Session, _context: UOWTransaction) -> None:
    rows = [*db.new, *db.deleted, *(row for row in db.dirty if db.is_modified(row))]
    if any(row.__audited__ for row in rows):
        db.info["written"] = True
    if any(row.__tablename__ == "audit_event" for row in db.new):
        db.info["recorded"] = True


def note_write(noun: type[Base]) -> None:
    """Note that the session's transaction wrote a row by a statement of its own: it owes the trail an event."""
    if noun.__audited__:
        session.info["written"] = True


@event.listens_for(Session, "do_orm_execute")
def _note_bulk(state: ORMExecuteState) -> None:
    if not state.is_select or "yield_per" in state.execution_options:
        together(state.session)  # a result read piece by piece lives as long as its transaction
    if state.is_update or state.is_delete or state.is_insert:
        mapper = state.bind_mapper
        if mapper is None or mapper.class_.__audited__:
            state.session.info["written"] = True


@event.listens_for(Session, "before_commit")
def _refuse_unaudited(db: Session) -> None:
    db.flush()
    if db.info.get("written") and not db.info.get("recorded"):
        raise UnauditedWrite("an audited row was written without an audit event")


@event.listens_for(Session, "after_transaction_end")
def _forget(db: Session, transaction: Any) -> None:
    if transaction.parent is None:
        for name in (beside.OWN, "written", "recorded", "revision", ahead.KEPT):
            db.info.pop(name, None)
