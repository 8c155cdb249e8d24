"""The event stream: who may listen, what is said, and when it ends."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.builders import Clinic, arrive
from triage import clock
from triage.blueprints import live
from triage.db import session
from triage.models import LoginSession
from triage.services import accounts, claims, staff
from triage.services.streams import Hub

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def hub(app: Flask) -> Hub:
    found: Hub = app.extensions["live"]
    return found


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a beat and the look at the session come at once."""
    monkeypatch.setattr(live, "BEAT", 0.05)
    monkeypatch.setattr(live, "CHECK", 0)


def events(answer: TestResponse) -> Iterator[str]:
    """Yield each event of a stream, comments and settings left out."""
    for piece in answer.iter_encoded():
        text = piece.decode()
        if not text.startswith("retry:"):
            yield text


def data(event: str) -> str:
    return next(line.removeprefix("data:").strip() for line in event.splitlines() if line.startswith("data:"))


def test_a_stream_says_a_revision_a_minute_and_an_age_and_nothing_of_any_patient(
    signed_in: SignIn, clinic: Clinic, hub: Hub
) -> None:
    encounter = arrive(clinic.reception)
    answer = signed_in("nurse").get("/live")
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    heard = events(answer)
    first = next(heard)
    claims.claim(clinic.surgeon, encounter.id)
    second = next(heard)
    for text, revision in ((first, 1), (second, 2)):
        told, _, age = data(text).partition(" ")
        assert told.split(".")[0] == str(revision)
        assert told.split(".")[1].isdigit()
        assert age.isdigit()
        assert set(text) <= set("id: data.\n0123456789")
    answer.close()
    assert hub.count == 0


def test_a_stream_is_never_silent_for_longer_than_a_beat(signed_in: SignIn, clinic: Clinic, brisk: None) -> None:
    answer = signed_in("nurse").get("/live")
    heard = events(answer)
    assert len({data(next(heard)).partition(" ")[0] for _ in range(4)}) <= 2  # the same again, but for a new minute
    answer.close()


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_who_has_no_live_list_hears_nothing(signed_in: SignIn, clinic: Clinic, who: str, hub: Hub) -> None:
    assert signed_in(who).get("/live").status_code == 403
    assert hub.count == 0


def test_nobody_is_sent_to_the_sign_in(app: Flask, clinic: Clinic, hub: Hub) -> None:
    answer = app.test_client().get("/live")
    assert (answer.status_code, hub.count) == (303, 0)


def test_beyond_the_cap_the_page_is_told_to_poll(app: Flask, signed_in: SignIn, clinic: Clinic, hub: Hub) -> None:
    hub.cap = 1
    nurse = signed_in("nurse")
    first = nurse.get("/live")
    refused = nurse.get("/live")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    first.close()
    assert nurse.get("/live").status_code == 200


def deactivated(clinic: Clinic) -> None:
    staff.deactivate(clinic.admin, "nurse")


def signed_out(clinic: Clinic) -> None:
    accounts.end_sessions(clinic.admin, clinic.nurse.staff_id)


def idle(_clinic: Clinic) -> None:
    with session.begin():
        session.execute(update(LoginSession).values(seen_at=clock.now() - timedelta(hours=2)))


@pytest.mark.parametrize("ended", [deactivated, signed_out, idle])
def test_a_stream_does_not_outlive_its_session(
    signed_in: SignIn, clinic: Clinic, brisk: None, hub: Hub, ended: Callable[[Clinic], None]
) -> None:
    answer = signed_in("nurse").get("/live")
    heard = events(answer)
    assert data(next(heard))
    ended(clinic)
    session.remove()
    rest = list(heard)
    assert rest[-1] == "event: end\ndata:\n\n"
    answer.close()
    assert hub.count == 0


def test_a_stream_ends_when_the_person_may_no_longer_see_the_lists(
    signed_in: SignIn, clinic: Clinic, brisk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = signed_in("nurse").get("/live")
    heard = events(answer)
    assert data(next(heard))
    monkeypatch.setitem(accounts.Actor.may.__globals__["GRANTS"], "nurse", frozenset())
    assert list(heard)[-1] == "event: end\ndata:\n\n"
    answer.close()


def test_listening_never_keeps_anybody_signed_in(signed_in: SignIn, clinic: Clinic, brisk: None) -> None:
    nurse = signed_in("nurse")
    long_ago = clock.now() - timedelta(minutes=30)
    session.execute(update(LoginSession).values(seen_at=long_ago))
    session.commit()
    answer = nurse.get("/live")
    heard = events(answer)
    for _ in range(3):
        next(heard)
    answer.close()
    session.remove()
    assert session.scalars(select(LoginSession.seen_at)).one() == long_ago
    session.remove()
    nurse.get("/board")  # a person's own act does
    assert session.scalars(select(LoginSession.seen_at)).one() > long_ago


def test_a_stream_ends_after_half_an_hour_and_leaves_no_word_of_an_end(
    signed_in: SignIn, clinic: Clinic, brisk: None, monkeypatch: pytest.MonkeyPatch, hub: Hub
) -> None:
    monkeypatch.setattr(live, "LONGEST", 0.2)
    answer = signed_in("nurse").get("/live")
    assert "event: end" not in "".join(events(answer))  # the browser opens the next one by itself
    answer.close()
    assert hub.count == 0


def test_who_comes_back_hears_at_once_what_was_missed(signed_in: SignIn, clinic: Clinic) -> None:
    nurse = signed_in("nurse")
    first = nurse.get("/live")
    told = data(next(events(first)))
    first.close()
    arrive(clinic.reception)
    again = nurse.get("/live", headers={"Last-Event-ID": told.partition(".")[0]})
    assert data(next(events(again))).partition(".")[0] == "1"
    again.close()
