"""A page that asks by itself reads beside the session: what is committed, through connections that all come back."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, wait
from triage import beside, db
from triage.db import session
from triage.services import board, encounters

SignIn = Callable[[str], FlaskClient]
ASKED = {"HX-Request": "true", "X-Background": "1"}


def out() -> int:
    """Return how many connections of the pool are in use."""
    count: int = session.get_bind().pool.checkedout()  # type: ignore[union-attr]
    return count


def test_connections_come_back_after_each_answer_and_after_an_error(clinic: Clinic, signed_in: SignIn) -> None:
    wait(clinic.reception)
    client = signed_in("nurse")
    session.remove()
    before = out()
    for path in ("/board/rows?rev=0.0", "/board/rows?rev=x", "/alerts", "/encounters/aaaaaaaaaaaaaaaa/claim"):
        client.get(path, headers=ASKED)
        assert out() == before
    with pytest.raises(ZeroDivisionError), db.apart():
        print(1 / (out() - before - 1))  # one more than before
    assert out() == before
    assert beside.connection() is None


def test_a_request_that_keeps_its_connection_reads_everything_through_it_and_gives_it_back(clinic: Clinic) -> None:
    session.remove()
    before, through = out(), []
    beside.keep(True)
    for _ in range(3):
        with db.apart():
            through.append(beside.connection())
        assert out() == before + 1
    beside.release(session)
    assert out() == before
    assert through[0] is not None
    assert len(set(map(id, through))) == 1


def test_a_connection_on_which_something_went_wrong_is_not_kept(clinic: Clinic) -> None:
    session.remove()
    before = out()
    beside.keep(True)
    with pytest.raises(ZeroDivisionError), db.apart():
        print(1 / (out() - before - 1))
    assert out() == before
    with db.apart():
        assert not beside.connection().closed  # type: ignore[union-attr]
    assert out() == before  # nobody keeps any more


def test_within_a_transaction_nothing_is_read_beside_it(clinic: Clinic) -> None:
    visit = wait(clinic.reception)
    session.close()
    encounters.get(clinic.nurse, visit.id)  # the page has begun to read
    with db.apart():
        assert beside.connection() is None


def test_a_change_is_seen_by_the_thread_that_answered_before_it(clinic: Clinic, signed_in: SignIn) -> None:
    client = signed_in("nurse")
    for _ in range(3):
        visit = wait(clinic.reception)
        beside.release(session)
        assert f"e-{visit.id}" in client.get("/board/rows?rev=0.0", headers=ASKED).text
    assert board.look(clinic.nurse, board.Filters()).tally.here == 3
