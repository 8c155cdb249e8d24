"""Pages that wait for their turn are known by one query, and each is answered as itself."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import builders
from tests.plans import sent
from triage import clock, crowd
from triage.crowd import Crowd, Waiting
from triage.services import accounts
from triage.turns import Turns

ROWS = "/board/rows?rev=&said="
BACKGROUND = {"X-Background": "1", "HX-Request": "true"}
NAMES = ("nurse", "nurse2", "surgeon", "reception")


def turns_of(app: Flask) -> Turns:
    """Return whose turn it is, which the application is wrapped in."""
    found = app.wsgi_app
    while not isinstance(found, Turns):
        found = found.wsgi_app  # type: ignore[attr-defined]
    return found


def refresh(client: FlaskClient) -> TestResponse:
    return client.get(ROWS, headers=BACKGROUND)


@contextmanager
def waiting(app: Flask, clients: list[FlaskClient]) -> Iterator[list["Future[TestResponse]"]]:
    """Let the boards ask, in this order, while somebody else has the turn; it is given back at the end."""
    turns = turns_of(app)
    with ThreadPoolExecutor(len(clients)) as threads, turns.pages.turn():
        answers = []
        for place, client in enumerate(clients, 1):
            answers.append(threads.submit(refresh, client))
            until(lambda count=place: len(turns._crowd._here) == count)  # type: ignore[misc]
        yield answers


def until(reached: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.001)


@pytest.fixture
def boards(signed_in: Callable[[str], FlaskClient], monkeypatch: pytest.MonkeyPatch) -> list[FlaskClient]:
    """Open four boards that have each refreshed once: from then on their cookies are known."""
    monkeypatch.setattr("triage.turns.PATIENCE", 30)
    monkeypatch.setattr(crowd, "HOLDS", 60.0)  # however slow the machine is
    clients = [signed_in(name) for name in NAMES]
    for client in clients:
        assert refresh(client).status_code == 200
    return clients


def test_of_all_boards_that_wait_one_query_tells_whose_they_are(
    app: Flask, clinic: builders.Clinic, boards: list[FlaskClient]
) -> None:
    builders.wait(clinic.reception)
    with sent(app.extensions["engine"], "login_session", "staff") as queries, waiting(app, boards) as answers:
        queries.clear()
    assert [answer.result().status_code for answer in answers] == [200] * len(NAMES)
    assert len(queries) == 1
    own = [b'/claim"' in answer.result().data for answer in answers]
    assert own == [True, True, True, False], "reception may claim nobody, whoever asked for her"


def test_a_board_whose_session_ended_while_it_waited_is_not_answered_with_the_others(
    app: Flask, clinic: builders.Clinic, boards: list[FlaskClient]
) -> None:
    with waiting(app, boards) as answers, app.app_context():
        accounts.end_sessions(clinic.admin, clinic.nurse2.staff_id)
    assert [answer.result().status_code for answer in answers] == [200, 401, 200, 200]


def test_what_was_found_for_a_board_a_while_ago_is_asked_anew(
    app: Flask, clinic: builders.Clinic, boards: list[FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "HOLDS", -1.0)
    find, ended = accounts.find_sessions, []

    def find_then_end(tokens: list[str], more: bool = False) -> object:
        found = find(tokens, more)
        if not ended:
            ended.append(len(tokens))
            monkeypatch.setattr(accounts, "find_sessions", find)
            accounts.end_sessions_of(clinic.surgeon.staff_id)
            accounts.session.commit()
        return found

    with waiting(app, boards) as answers:
        monkeypatch.setattr(accounts, "find_sessions", find_then_end)
    assert ended == [len(NAMES)]
    assert [answer.result().status_code for answer in answers] == [200, 200, 401, 200]


def test_a_query_that_fails_refuses_only_who_asked_it(
    app: Flask, boards: list[FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = accounts.find_sessions

    def fail_once(_tokens: list[str], more: bool = False) -> object:
        monkeypatch.setattr(accounts, "find_sessions", find)
        raise accounts.Refused("locked_out", minutes=more)

    with waiting(app, boards) as answers:
        monkeypatch.setattr(accounts, "find_sessions", fail_once)
    assert [answer.result().status_code for answer in answers] == [422, 200, 200, 200]


def test_what_was_found_counts_for_the_token_that_was_asked_for_and_for_no_other() -> None:
    here, asked = Crowd(), []

    def find(tokens: list[str]) -> dict[str, str]:
        asked.append(list(tokens))
        return {token: f"who holds {token}" for token in tokens}

    first: dict[str, object] = {"HTTP_COOKIE": "a"}
    second: dict[str, object] = {"HTTP_COOKIE": "b"}
    with joined(here, second):
        assert waiting_in(second).look("b1", find) == "who holds b1"
    with joined(here, first), joined(here, second):
        assert waiting_in(first).look("a1", find) == "who holds a1"
        assert waiting_in(second).look("b2", find) == "who holds b2", "the cookie was known by another token"
    assert asked == [["b1"], ["a1", "b1"], ["b2"]]


@contextmanager
def joined(here: Crowd, environ: dict[str, object]) -> Iterator[None]:
    mine = environ[crowd.KEY] = here.join(str(environ["HTTP_COOKIE"]))
    yield
    here.leave(mine)


def waiting_in(environ: dict[str, object]) -> Waiting:
    found = environ[crowd.KEY]
    assert isinstance(found, Waiting)
    return found


def test_however_many_wait_the_query_stays_of_bounded_length_and_takes_the_longest_waiting_first() -> None:
    here, asked = Crowd(), []

    def find(tokens: list[str]) -> dict[str, str]:
        asked.append(list(tokens))
        return dict.fromkeys(tokens, "")

    environs = [{"HTTP_COOKIE": str(number)} for number in range(crowd.MOST + 5)]
    for environ in environs:
        with joined(here, environ):
            waiting_in(environ).look(environ["HTTP_COOKIE"], find)
    asked.clear()
    last = environs[-1]
    with ExitStack() as all_wait:
        for environ in environs:
            all_wait.enter_context(joined(here, environ))
        waiting_in(last).look(last["HTTP_COOKIE"], find)
    assert asked == [[last["HTTP_COOKIE"], *(environ["HTTP_COOKIE"] for environ in environs[: crowd.MOST - 1])]]


def test_cookies_that_are_remembered_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "KEPT", 3)
    here = Crowd()
    for number in range(9):
        environ = {"HTTP_COOKIE": str(number)}
        with joined(here, environ):
            waiting_in(environ).look(f"token {number}", lambda tokens: dict.fromkeys(tokens, ""))
    assert list(here._tokens) == ["6", "7", "8"]


def test_sessions_are_found_together_as_they_are_found_alone(app: Flask, clinic: builders.Clinic) -> None:
    lock_out = accounts.LockOut()
    tokens = [accounts.sign_in(name, builders.PASSWORD, "127.0.0.1", lock_out)[0] for name in NAMES]
    together = accounts.find_sessions([*tokens, "nobody's"])
    assert together == {token: accounts.find_sessions([token])[token] for token in [*tokens, "nobody's"]}
    assert [{row.name for row in together[token]} for token in tokens] == [
        {getattr(clinic, name).name} for name in NAMES
    ]
    assert together["nobody's"] == []
    assert clock.now() >= together[tokens[0]][0].created_at
