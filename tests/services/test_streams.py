"""A committed change wakes the open streams of its site, on either database; nothing else does."""

import os
import time
from collections.abc import Iterator, Mapping

import pytest
from flask import Flask
from sqlalchemy import update

from tests.builders import Clinic, arrive, build_clinic
from triage import db
from triage.db import session, verb
from triage.models import SiteHead
from triage.services import board, claims, streams
from triage.services.audit import record
from triage.services.streams import AT_ONCE, STEP, TICK, Full, Hub, Stream, lot_of
from triage.wake import Ear


@pytest.fixture
def hub(app: Flask) -> Hub:
    """Return the process's hub; the application's own fixture stops it."""
    found: Hub = app.extensions["live"]
    return found


def news(stream: Stream, after: int | None, seconds: float = 60) -> int:
    """Wait for the next revision that is not ``after``."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        found = stream.wait(seconds)
        if found is not None and found != after:
            return found
    raise AssertionError("nothing was heard")


def now(clinic: Clinic) -> int:
    session.remove()
    try:
        return board.current_revision(clinic.nurse)
    finally:
        session.remove()


def test_a_stream_hears_at_once_where_the_site_stands(hub: Hub, clinic: Clinic) -> None:
    arrive(clinic.reception)
    assert news(hub.join(clinic.site_id), None) == now(clinic)


def test_a_committed_change_wakes_the_stream_with_its_revision(hub: Hub, clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    stream = hub.join(clinic.site_id)
    before = news(stream, None)
    claims.claim(clinic.nurse, encounter.id)
    assert news(stream, before) == before + 1 == now(clinic)


def test_before_a_change_is_passed_on_what_people_do_in_this_process_may_be_done(app: Flask, clinic: Clinic) -> None:
    encounter, seen = arrive(clinic.reception), []
    hub = Hub(app.extensions["engine"], 5, people_first=lambda: seen.append(hub.revision(clinic.site_id)))
    try:
        stream = hub.join(clinic.site_id)
        before = news(stream, None)
        claims.claim(clinic.nurse, encounter.id)
        assert news(stream, before) == before + 1
    finally:
        hub.stop()
    assert before in seen, "asked while no stream could know of the change yet"


def test_what_is_rolled_back_is_never_announced(hub: Hub, clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    stream = hub.join(clinic.site_id)
    before = news(stream, None)

    @verb
    def fails(actor: object) -> None:
        record(clinic.nurse, "claimed", patient_id=encounter.patient_id, encounter_id=encounter.id)
        session.flush()
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fails(None)
    assert now(clinic) == before
    claims.claim(clinic.nurse, encounter.id)
    assert news(stream, before) == before + 1  # the first it hears is what was committed


def test_the_streams_of_another_site_hear_nothing(hub: Hub, clinic: Clinic) -> None:
    other = build_clinic("kyoto", clinic.nurse.organisation_id, suffix="-kyoto")
    here, there = hub.join(clinic.site_id), hub.join(other.site_id)
    before, elsewhere = news(here, None), news(there, None)
    arrive(clinic.reception)
    assert news(here, before) > before
    assert not there.rung
    assert there.wait(0.01) == elsewhere


def test_changes_that_come_together_are_one_wake_up(hub: Hub, clinic: Clinic) -> None:
    stream = hub.join(clinic.site_id)
    before = news(stream, None)
    for _ in range(3):
        arrive(clinic.reception)
    last = now(clinic)
    heard = before
    while heard != last:
        heard = news(stream, heard)
    stream.ring()
    stream.ring()
    assert stream.wait(0) == last
    assert not stream.rung


def test_no_more_streams_than_allowed_and_one_that_leaves_makes_room(app: Flask, clinic: Clinic, hub: Hub) -> None:
    hub.cap = 2
    first, _second = hub.join(clinic.site_id), hub.join(clinic.site_id)
    with pytest.raises(Full):
        hub.join(clinic.site_id)
    first.close()
    first.close()
    hub.join(clinic.site_id)
    assert hub.count == 2


def test_a_hub_that_stops_wakes_everybody_and_opens_nothing(hub: Hub, clinic: Clinic) -> None:
    stream = hub.join(clinic.site_id)
    news(stream, None)
    hub.stop()
    stream.wait(60)
    assert stream.is_over
    with pytest.raises(Full):
        hub.join(clinic.site_id)


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look every tenth of a second at what was not heard."""
    monkeypatch.setattr(streams, "LOOK", 0.1)


def test_a_change_nobody_announced_is_found_all_the_same(brisk: None, hub: Hub, clinic: Clinic) -> None:
    """The net under the announcements: the numbers themselves are read now and then."""
    stream = hub.join(clinic.site_id)
    before = news(stream, None)
    with app_engine().begin() as connection:
        connection.execute(update(SiteHead).values(revision=before + 7))
    assert news(stream, before) == before + 7


def app_engine() -> db.Engine:
    found = session.get_bind()
    assert isinstance(found, db.Engine)
    return found


def test_a_database_that_went_away_is_listened_to_again(
    brisk: None, hub: Hub, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = hub.join(clinic.site_id)
    before = news(stream, None)
    cut_off(monkeypatch)
    arrive(clinic.reception)
    heard = news(stream, before)
    arrive(clinic.reception)
    assert news(stream, heard) > heard


def cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the listener's connection away: PostgreSQL is made to end it, SQLite's file cannot be read for a while."""
    engine = app_engine()
    if engine.dialect.name == "postgresql":
        listeners = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        with engine.connect() as connection:
            ended = connection.exec_driver_sql(f"{listeners} AND pid <> pg_backend_pid()").scalars().all()
        assert ended
        engine.dispose()
        return
    look, failures = streams._look, iter([True, True])

    def away(ear: Ear) -> Mapping[str, int]:
        if next(failures, False):
            raise ConnectionError("planted: the file cannot be read")
        return look(ear)

    monkeypatch.setattr(streams, "_look", away)


def test_how_old_the_news_is_grows_while_the_database_is_away(
    brisk: None, hub: Hub, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = hub.join(clinic.site_id)
    news(stream, None)
    assert stream.age < 5

    def away(ear: object) -> object:
        raise ConnectionError("planted: the database is away")

    monkeypatch.setattr(streams, "_look", away)
    youngest = min(_ages(stream, 3))
    limit = time.monotonic() + 60
    while stream.age < youngest + 1:
        assert time.monotonic() < limit
        stream.wait(0.05)


def _ages(stream: Stream, count: int) -> Iterator[float]:
    for _ in range(count):
        stream.wait(0.1)
        yield stream.age


def test_a_forked_process_listens_by_itself(hub: Hub, clinic: Clinic) -> None:
    stream = hub.join(clinic.site_id)
    news(stream, None)
    child = os.fork()
    if not child:
        heard = -1
        try:
            heard = hub.count or news(hub.join(clinic.site_id), None)
        finally:
            os._exit(0 if heard == now_in_child(hub, clinic) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert hub.count == 1


def now_in_child(hub: Hub, clinic: Clinic) -> int:
    return hub.revision(clinic.site_id) or 0


@pytest.mark.parametrize(("open_streams", "seconds"), [(1, 0), (AT_ONCE, 0), (200, 0.3), (500, 2.1)])
def test_few_are_woken_at_once_and_many_in_lots(open_streams: int, seconds: float) -> None:
    rounds = -(-open_streams // lot_of(open_streams))
    assert rounds * TICK == pytest.approx(max(TICK, seconds), rel=0.1)
    assert STEP * max(0, open_streams - AT_ONCE) == pytest.approx(seconds)


def test_the_longest_asleep_are_woken_first(hub: Hub, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "lot_of", lambda count: 1)
    first, second = hub.join(clinic.site_id), hub.join(clinic.site_id)
    before = news(first, None)
    assert news(second, None) == before
    arrive(clinic.reception)
    assert news(first, before) > before
    assert news(second, before) > before


def test_nobody_is_woken_while_those_woken_before_are_still_being_answered(hub: Hub, clinic: Clinic) -> None:
    crowded = True
    stream = hub.join(clinic.site_id)
    before = news(stream, None)
    hub._is_crowded = lambda: crowded
    arrive(clinic.reception)
    limit = time.monotonic() + 60
    while hub.revision(clinic.site_id) == before:
        assert time.monotonic() < limit
        time.sleep(0.01)
    assert not stream.rung
    crowded = False
    assert news(stream, before) > before
