"""Requests take turns: pages that ask by themselves never stand in front of a person."""

import time
from collections.abc import Iterable
from threading import Event, Lock, Thread
from typing import Any

import pytest

from triage.places import Quiet
from triage.turns import CROWD, FEW, ONE, PAGES, PEOPLE, Turns


class Slow:
    """An application whose every answer waits for ``go``."""

    def __init__(self) -> None:
        self.go, self.at_work, self.most, self._lock = Event(), 0, 0, Lock()
        self.served: list[Any] = []

    def __call__(self, environ: dict[str, Any], start_response: object) -> Iterable[bytes]:
        self._come(1)
        self.served.append(environ.get("name"))
        if environ.get("wait", True):
            assert self.go.wait(60)
        self._come(-1)
        return [b"done"]

    def _come(self, more: int) -> None:
        with self._lock:
            self.at_work += more
            self.most = max(self.most, self.at_work)


def asking(turns: Turns, count: int, **environ: Any) -> list[Thread]:
    threads = [Thread(target=turns, args=(environ, None)) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def until(reached: Any) -> None:
    limit = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.001)


def test_pages_that_ask_by_themselves_go_one_at_a_time_and_a_person_does_not_wait_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("triage.turns.PATIENCE", 30)
    slow = Slow()
    turns = Turns(slow)
    pages = asking(turns, 20, HTTP_X_BACKGROUND="1")
    until(lambda: slow.at_work == ONE and turns._asking == 20)
    assert turns.are_crowded
    assert turns({"wait": False}, print) == [b"done"]  # while all of them wait
    slow.go.set()
    for thread in pages:
        thread.join()
    assert slow.most == ONE + 1
    assert not turns.are_crowded


def test_who_would_wake_pages_waits_until_people_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.turns.YIELD", 60)
    slow = Slow()
    turns = Turns(slow)
    (person,) = asking(turns, 1)
    until(lambda: slow.at_work == 1)
    waker = Thread(target=turns.people_first)
    waker.start()
    waker.join(0.05)
    assert waker.is_alive()
    slow.go.set()
    waker.join(30)
    assert not waker.is_alive()
    person.join()


def test_a_page_that_takes_long_holds_up_a_few_others_only_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.turns.PATIENCE", 0.01)
    slow = Slow()
    turns = Turns(slow)
    pages = asking(turns, 20, HTTP_X_BACKGROUND="1")
    until(lambda: slow.at_work == PAGES and turns._asking == 20)
    slow.go.set()
    for thread in pages:
        thread.join()
    assert slow.most == PAGES


def test_a_page_lets_a_persons_request_finish_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.turns.YIELD", 30)
    slow = Slow()
    turns = Turns(slow)
    person = asking(turns, 1, name="person")
    until(lambda: slow.at_work == 1)
    page = asking(turns, 1, HTTP_X_BACKGROUND="1", wait=False, name="page")
    until(lambda: turns._asking == 1)
    page[0].join(0.05)
    assert slow.served == ["person"]
    slow.go.set()
    for thread in (*person, *page):
        thread.join()
    assert slow.served == ["person", "page"]


def test_a_person_who_takes_long_holds_up_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.turns.YIELD", 0.01)
    slow = Slow()
    turns = Turns(slow)
    person = asking(turns, 1)
    until(lambda: slow.at_work == 1)
    assert turns({"HTTP_X_BACKGROUND": "1", "wait": False}, print) == [b"done"]
    slow.go.set()
    person[0].join()


def test_it_is_quiet_again_when_the_last_of_two_has_finished_however_that_ended() -> None:
    quiet, over = Quiet(), []
    with quiet.broken():
        with pytest.raises(ValueError, match="broken off"), quiet.broken():
            raise ValueError("broken off")
        waiting = Thread(target=lambda: (quiet.wait(60), over.append("quiet")))
        waiting.start()
        waiting.join(0.05)
        assert over == []
    waiting.join(60)
    assert over == ["quiet"]


def test_no_more_requests_are_at_work_than_the_database_has_connections_for_twice_over() -> None:
    slow = Slow()
    turns = Turns(slow)
    people = asking(turns, 40)
    until(lambda: slow.at_work == PEOPLE)
    slow.go.set()
    for thread in people:
        thread.join()
    assert slow.most == PEOPLE
    assert 2 * (PEOPLE + PAGES) < 20 + 22  # pool and overflow of db.connect()


def test_a_few_people_are_served_at_once_the_others_stand_in_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("triage.turns.PATIENCE", 30)
    slow = Slow()
    turns = Turns(slow)
    people = asking(turns, FEW)
    until(lambda: slow.at_work == FEW)
    for number in range(3):
        people += asking(turns, 1, wait=False, name=number)
        until(lambda n=number: turns.people.waiting == n + 1)
    slow.go.set()
    for thread in people:
        thread.join()
    assert sorted(slow.served[FEW:]) == [0, 1, 2]
    assert slow.most == FEW


def test_who_has_waited_long_enough_for_slow_ones_is_served_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.turns.PATIENCE", 0.01)
    slow = Slow()
    turns = Turns(slow)
    people = asking(turns, FEW)
    until(lambda: slow.at_work == FEW)
    assert turns({"wait": False}, print) == [b"done"]
    slow.go.set()
    for thread in people:
        thread.join()


def test_a_few_pages_are_no_crowd() -> None:
    slow = Slow()
    turns = Turns(slow)
    pages = asking(turns, CROWD, HTTP_X_BACKGROUND="1")
    until(lambda: turns._asking == CROWD)
    assert not turns.are_crowded
    slow.go.set()
    for thread in pages:
        thread.join()
