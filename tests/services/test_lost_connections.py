"""PostgreSQL goes away in the middle of a use case: wherever that is, the answer is plain and nothing is half there."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.test import TestResponse

from tests.blueprints.test_patients import FORM
from tests.blueprints.test_triage import all_no, override, reloaded
from tests.builders import Clinic, wait
from tests.cut_off import Server, cut
from triage import clock, db, postgres
from triage.beside import connected
from triage.domain.access import Actor
from triage.models import Encounter, Site, SiteHead, Submission
from triage.prepared import Prepared
from triage.services import audit

SignIn = Callable[[str], FlaskClient]
Press = Callable[[], TestResponse]
#: More statements than any of these use cases sends.
MOST = 60


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    """Return the server of the test's database."""
    found = Server(app.extensions["engine"])
    with found.own:
        yield found


def cut_everywhere(server: Server, press: Press, look: Press) -> TestResponse:
    """Press again and again, cut off one step later each time, until nothing was cut off; return that answer.

    Each time the answer is that the database is away, nothing is half there, and the next request has all it needs.
    """
    before, done = server.kept(), ""
    for at in range(MOST):
        with cut(server.engine, at, server.end) as steps:
            answer = press()
        own = db.session()
        assert (server.engine.pool.checkedout(), own.in_transaction(), own.info) == (0, False, {})
        if len(steps) <= at:
            return answer
        if answer.status_code != 503:  # nothing was needed any more; rules of which nobody knows pass for unsigned
            assert all("rollback" in step or "FROM ruleset_" in step for step in steps[at:]), steps[at:]
            assert [look().status_code for _ in range(3)].count(503) <= 1  # whoever gets it next finds it out
        done = done or ("" if server.kept() == before else steps[at])
        assert not done or "commit" in steps[:at], f"half of it stands after it was cut off at {done}"
        assert look().status_code == 200, steps[at]
    raise AssertionError("it did not come to its end")


def intact() -> bool:
    """Tell whether the trail is whole."""
    return all(not found.damage for found in audit.verify())


def test_a_claim_is_whole_or_not_at_all_wherever_it_is_cut_off(
    clinic: Clinic, server: Server, signed_in: SignIn
) -> None:
    encounter, nurse = wait(clinic.reception), signed_in("nurse")
    answer = cut_everywhere(
        server, lambda: nurse.post(f"/encounters/{encounter.id}/claim"), lambda: nurse.get("/tasks")
    )
    assert (answer.status_code, answer.location) == (303, "/board")
    claim = reloaded(clinic, encounter).claim
    assert claim
    assert (claim.staff_id, intact()) == (clinic.nurse.staff_id, True)


def test_a_decision_is_whole_or_not_at_all_wherever_it_is_cut_off(
    clinic: Clinic, server: Server, signed_in: SignIn
) -> None:
    encounter, nurse = wait(clinic.reception, all_no()), signed_in("nurse")
    data = override(encounter, note="as told")
    answer = cut_everywhere(
        server, lambda: nurse.post(f"/encounters/{encounter.id}/decision", data=data), lambda: nurse.get("/tasks")
    )
    assert (answer.status_code, answer.location) == (303, "/board")
    assert (reloaded(clinic, encounter).acuity, intact()) == (4, True)


def test_who_is_registered_is_there_once_wherever_it_was_cut_off(
    clinic: Clinic, server: Server, signed_in: SignIn
) -> None:
    desk = signed_in("reception")
    data = FORM | {"then": "check_in"}
    answer = cut_everywhere(server, lambda: desk.post("/patients", data=data), lambda: desk.get("/patients"))
    assert answer.status_code == 303
    assert (len(db.session.query(Encounter).all()), intact()) == (1, True)


def test_who_is_refused_is_refused_or_told_that_the_database_is_away(
    clinic: Clinic, server: Server, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception)
    signed_in("nurse").post(f"/encounters/{encounter.id}/claim")
    other = signed_in("nurse2")
    answer = cut_everywhere(
        server, lambda: other.post(f"/encounters/{encounter.id}/claim"), lambda: other.get("/tasks")
    )
    assert answer.status_code == 409


def test_a_sheet_that_is_opened_is_there_or_away(clinic: Clinic, server: Server, signed_in: SignIn) -> None:
    url, nurse = f"/encounters/{wait(clinic.reception, all_no()).id}/triage", signed_in("nurse")
    answer = cut_everywhere(server, lambda: nurse.get(url), lambda: nurse.get("/tasks"))
    assert (answer.status_code, intact()) == (200, True)


def test_a_commit_that_ends_in_the_middle_leaves_nothing(clinic: Clinic, server: Server, signed_in: SignIn) -> None:
    encounter, nurse = wait(clinic.reception), signed_in("nurse")
    server.own.execute("""
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER die AFTER INSERT ON claim DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION die()""")
    before = server.kept()
    answer = nurse.post(f"/encounters/{encounter.id}/claim")
    assert (answer.status_code, answer.headers["Retry-After"], server.kept()) == (503, "5", before)
    server.own.execute("DROP TRIGGER die ON claim; DROP FUNCTION die")
    assert nurse.post(f"/encounters/{encounter.id}/claim").status_code == 303


def test_what_was_kept_though_the_answer_was_lost_is_there_once_when_it_is_sent_again(
    clinic: Clinic, server: Server, signed_in: SignIn
) -> None:
    desk, data, before = signed_in("reception"), FORM | {"then": "check_in"}, server.kept()
    with cut(server.engine, "commit", server.deafen):
        assert desk.post("/patients", data=data).status_code == 503
    limit = time.monotonic() + 20
    while server.kept() == before:
        assert time.monotonic() < limit, "the server did not do what it was sent"
    (kept,) = db.session.query(Encounter).all()
    assert desk.post("/patients", data=data).location == f"/encounters/{kept.id}/intake"
    assert (db.session.query(Encounter).count(), intact()) == (1, True)


def test_a_server_that_is_started_anew_costs_one_request_not_one_for_each_connection(
    clinic: Clinic, server: Server, signed_in: SignIn
) -> None:
    encounter, nurse = wait(clinic.reception), signed_in("nurse")
    url = f"/encounters/{encounter.id}/claim"
    for at in (0, 3, 5):
        for one in [server.engine.connect() for _ in range(4)]:
            one.close()
        with cut(server.engine, at, server.end_all):
            assert nurse.post(url).status_code == 503
        assert [nurse.get("/tasks").status_code for _ in range(5)] == [200] * 5
    assert nurse.post(url).status_code == 303


# --- what the server refuses, while it stays --------------------------------------------------------------------------

#: The ways to send a statement: nobody waits for its answer, somebody does, SQLAlchemy sends it.
WAYS: dict[str, Callable[[Prepared, dict[str, Any]], object]] = {
    "sent": lambda statement, values: statement.send(connected(db.session()), values),
    "waited for": lambda statement, values: statement.write(connected(db.session()), values),
    "by SQLAlchemy": lambda statement, values: db.session.connection().execute(statement.statement, values),
}
ADD = Prepared(insert(Submission.__table__), [column.key for column in Submission.__table__.columns])
RAISE = Prepared(
    update(SiteHead.__table__).where(SiteHead.site_id == bindparam("this")).values(revision=SiteHead.revision + 1)
)
#: The server's own names of what it refuses: a row that is there already, a lock it waited too long for, an old view.
UNIQUE, LOCKED, OUTDATED = "23505", "55P03", "40001"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("code", [UNIQUE, LOCKED, OUTDATED])
def test_what_the_server_refuses_is_the_same_error_whoever_waits(
    clinic: Clinic, server: Server, way: str, code: str
) -> None:
    def refuse(actor: Actor) -> None:
        if code == UNIQUE:
            values = {"request_id": "x", "staff_id": actor.staff_id, "result_id": "x", "at": clock.now()}
            WAYS[way](ADD, values)
            WAYS[way](ADD, values)
            return
        connection = connected(db.session())
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        db.session.scalar(select(SiteHead.revision))
        server.own.execute("BEGIN; UPDATE site_head SET revision = revision + 1")
        server.own.execute("COMMIT" if code == OUTDATED else "SELECT 1")
        WAYS[way](RAISE, {"this": actor.site_id})

    before = server.kept()
    with pytest.raises(IntegrityError if code == UNIQUE else OperationalError) as told:
        db.verb(refuse)(clinic.nurse)
    server.own.rollback()
    refused = told.value
    assert (getattr(refused.orig, "sqlstate", ""), refused.connection_invalidated) == (code, False)
    assert (server.kept() == before) == (code != OUTDATED), "only the other one's write stands"
    assert (db.session.scalar(select(Site.id)), server.engine.pool.checkedout()) == (clinic.site_id, 1)


def test_who_waits_too_long_for_a_lock_is_told_so_and_the_next_one_is_served(
    clinic: Clinic, server: Server, signed_in: SignIn
) -> None:
    encounter, nurse = wait(clinic.reception), signed_in("nurse")

    def be_impatient(connection: Connection) -> None:
        postgres.driver(connection).execute("SET LOCAL lock_timeout = '50ms'")

    server.own.execute("BEGIN; UPDATE site_head SET revision = revision + 1")
    with cut(server.engine, 1, be_impatient):
        answer = nurse.post(f"/encounters/{encounter.id}/claim")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    server.own.rollback()
    assert nurse.post(f"/encounters/{encounter.id}/claim").status_code == 303
