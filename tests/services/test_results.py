"""The result of an examination: words or a file, seen by a named doctor, and never left lying unseen."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from tests.builders import SAFE, Clinic, build_clinic
from tests.services.test_imaging import asked, completed, ordered, started
from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from triage.domain.imaging import PRIORITIES
from triage.domain.results import LARGEST, Report
from triage.models import AuditEvent, ImagingOrder, ImagingReport, ImagingStudy
from triage.services import alerts, imaging, results
from triage.services.audit import record

WORDS = Report("Disc herniation L4/5, left")
PDF, PNG = b"%PDF-1.4 small", b"\x89PNG\r\n\x1a\n small"
MINUTES = knowledge.load().flow.examinations


def entered(clinic: Clinic, who: str = "radiographer", words: Report = WORDS, **patient: Any) -> ImagingOrder:
    """Return an examination that is done, with a report."""
    order = completed(clinic, **patient)
    results.report(clinic.people[who], order.id, order.version, words)
    return read(clinic, order)


def read(clinic: Clinic, order: ImagingOrder) -> ImagingOrder:
    return imaging.get(clinic.surgeon, order.id)


def later(minutes: int) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True)


@verb
def make_urgent(actor: Actor, order_id: str, priority: str) -> None:
    order = imaging.get(actor, order_id)
    order.priority = priority
    record(actor, "imaging_ordered", order=order.id, modality=order.modality)


# --- a report ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [WORDS, Report(file=PDF), Report("see file", "Dr Sato, City hospital", file=PNG)])
def test_words_or_a_file_are_kept_as_they_were_given(clinic: Clinic, words: Report) -> None:
    order = entered(clinic, words=words)
    (kept,) = results.get(clinic.surgeon, order.id).reports
    assert (kept.text, kept.reader, kept.staff.name) == (words.text, words.reader, clinic.radiographer.name)
    if words.file:
        assert results.file_of(clinic.nurse, order.id, 1).file == words.file


@pytest.mark.parametrize(
    ("words", "field", "code"),
    [
        (Report("  "), "text", "report_needed"),
        (Report(file=b"<svg onload=alert(1)>"), "file", "report_file_wrong"),
        (Report(file=b"<html>%PDF-"), "file", "report_file_wrong"),
        (Report(file=PDF + bytes(LARGEST)), "file", "report_file_large"),
    ],
)
def test_what_is_no_report_is_refused_at_its_field(clinic: Clinic, words: Report, field: str, code: str) -> None:
    order = completed(clinic)
    with pytest.raises(Invalid) as refused:
        results.report(clinic.radiographer, order.id, order.version, words)
    assert refused.value.fields == {field: code}
    assert results.get(clinic.surgeon, order.id).reports == []


def test_a_later_report_says_why_and_the_earlier_one_stays(clinic: Clinic) -> None:
    order = entered(clinic)
    with pytest.raises(Invalid):
        results.report(clinic.radiographer, order.id, order.version, Report("Nothing found"))
    results.report(clinic.radiographer, order.id, order.version, Report("Right, not left", reason="side corrected"))
    newest, first = results.get(clinic.surgeon, order.id).reports
    assert (newest.text, newest.reason, first.text) == ("Right, not left", "side corrected", WORDS.text)


def test_a_report_is_never_edited(clinic: Clinic) -> None:
    entered(clinic)
    with pytest.raises(DatabaseError, match="append-only"):
        session.execute(update(ImagingReport).values(text="another"))
    session.remove()


@pytest.mark.parametrize("build", [asked, ordered, started])
def test_there_is_no_report_before_the_examination_is_done(clinic: Clinic, build: Any) -> None:
    order = build(clinic)
    with pytest.raises(Conflict):
        results.report(clinic.radiographer, order.id, order.version, WORDS)


@pytest.mark.parametrize("who", ["reception", "nurse", "admin", "auditor"])
def test_only_radiographer_and_surgeon_enter_a_report(clinic: Clinic, who: str) -> None:
    order = completed(clinic)
    with pytest.raises(NotAllowed):
        results.report(clinic.people[who], order.id, order.version, WORDS)


# --- seen ----------------------------------------------------------------------------------------------------------


def test_a_result_is_seen_by_a_named_doctor_once(clinic: Clinic) -> None:
    order = entered(clinic)
    assert [row.id for row in results.list_unseen(clinic.nurse)] == [order.id]
    results.see(clinic.surgeon, order.id, order.version)
    seen = read(clinic, order)
    assert seen.seer is not None
    assert (seen.seer.name, results.list_unseen(clinic.nurse)) == (clinic.surgeon.name, [])
    with pytest.raises(Conflict):
        results.see(clinic.surgeon2, order.id, seen.version)


def test_a_doctor_who_enters_the_report_has_seen_it(clinic: Clinic) -> None:
    assert entered(clinic, "surgeon").seen_by == clinic.surgeon.staff_id


def test_what_comes_after_it_was_seen_has_not_been_seen(clinic: Clinic) -> None:
    order = entered(clinic)
    results.see(clinic.surgeon, order.id, order.version)
    order = read(clinic, order)
    results.report(clinic.radiographer, order.id, order.version, Report("Fracture L1", reason="overlooked"))
    assert [row.id for row in results.list_unseen(clinic.surgeon)] == [order.id]


def test_a_report_that_came_while_the_doctor_looked_is_not_noted_as_seen(clinic: Clinic) -> None:
    order = entered(clinic)
    old = order.version
    results.report(clinic.radiographer, order.id, old, Report("Fracture L1", reason="overlooked"))
    with pytest.raises(Stale):
        results.see(clinic.surgeon, order.id, old)


def test_nobody_sees_what_is_not_there(clinic: Clinic) -> None:
    order = completed(clinic)
    with pytest.raises(Conflict):
        results.see(clinic.surgeon, order.id, order.version)


@pytest.mark.parametrize("who", ["nurse", "nurse2", "radiographer", "reception", "admin"])
def test_nobody_but_a_doctor_notes_a_result_as_seen(clinic: Clinic, who: str) -> None:
    order = entered(clinic)
    with pytest.raises(NotAllowed):
        results.see(clinic.people[who], order.id, order.version)


def test_looking_without_the_press_is_recorded_and_is_not_seeing(clinic: Clinic) -> None:
    order = entered(clinic)
    results.open_(clinic.surgeon, order.id)
    session.remove()
    event = session.scalar(select(AuditEvent).where(AuditEvent.name == "result_opened"))
    assert event is not None
    assert (event.staff_id, event.patient_id) == (clinic.surgeon.staff_id, order.encounter.patient_id)
    assert read(clinic, order).seen_at is None


def test_the_images_that_came_back_stand_with_the_order(clinic: Clinic) -> None:
    order = completed(clinic)

    @verb
    def bring(actor: Actor) -> None:
        row = ImagingStudy(
            site_id=actor.site_id, order_id=order.id, study_uid=order.study_uid or "", archive_key="k", images=2,
            stable_at=clock.now(),
        )  # fmt: skip
        session.add(row)
        record(actor, "result_seen", order=order.id)

    bring(clinic.surgeon)
    assert [study.images for study in results.get(clinic.surgeon, order.id).studies] == [2]


def test_another_site_sees_no_result(clinic: Clinic) -> None:
    order, other = entered(clinic, words=Report(file=PDF)), build_clinic("kobe", suffix="-kobe")
    for look in (results.open_, results.get, lambda who, id_: results.file_of(who, id_, 1)):
        with pytest.raises(NotFound):
            look(other.surgeon, order.id)
    assert results.list_unseen(other.surgeon) == []


def test_there_is_no_file_where_there_are_only_words(clinic: Clinic) -> None:
    with pytest.raises(NotFound):
        results.file_of(clinic.surgeon, entered(clinic).id, 1)


# --- left lying ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", PRIORITIES)
def test_a_result_that_no_doctor_opened_in_time_stands_on_every_screen(clinic: Clinic, priority: str) -> None:
    order = entered(clinic)
    make_urgent(clinic.surgeon, order.id, priority)
    limit = MINUTES.seen_within[priority]
    with later(minutes=limit - 1):
        assert alerts.look(clinic.surgeon).unseen == 0
    with later(minutes=limit + 1):
        for who in ("surgeon", "nurse", "radiographer"):
            assert alerts.look(clinic.people[who]).unseen == 1, who
        assert alerts.look(clinic.reception).unseen == 0
        order = read(clinic, order)
        results.see(clinic.surgeon, order.id, order.version)
        assert alerts.look(clinic.nurse).unseen == 0


def test_it_stands_there_also_when_the_visit_is_over(clinic: Clinic) -> None:
    order = entered(clinic)
    end_visit(clinic, order)
    with later(minutes=MINUTES.seen_within["routine"] + 1):
        assert alerts.look(clinic.surgeon).unseen == 1
        assert [row.id for row in results.list_unseen(clinic.surgeon)] == [order.id]


@verb
def _end(actor: Actor, order: ImagingOrder) -> None:
    found = imaging.get(actor, order.id).encounter
    found.stage, found.finished_at = "finished", clock.now()
    record(actor, "carried_over", encounter_id=found.id, day="", reason="", note="")


def end_visit(clinic: Clinic, order: ImagingOrder) -> None:
    _end(clinic.nurse, order)
    session.remove()


def test_what_was_ordered_and_not_begun_in_time_stands_there_until_it_begins(clinic: Clinic) -> None:
    order = ordered(clinic)
    limit = MINUTES.done_within["routine"]
    with later(minutes=limit - 1):
        assert (alerts.look(clinic.radiographer).undone, results.list_undone(clinic.nurse)) == (0, [])
    with later(minutes=limit + 1):
        assert alerts.look(clinic.radiographer).undone == 1
        assert [row.id for row in results.list_undone(clinic.nurse)] == [order.id]
        imaging.start(clinic.radiographer, order.id, read(clinic, order).version, ("name", "ticket"), "no", SAFE)
        assert (alerts.look(clinic.nurse).undone, results.list_undone(clinic.nurse)) == (0, [])


def test_the_strip_says_when_time_alone_will_change_it(clinic: Clinic) -> None:
    entered(clinic)
    turns_in = alerts.look(clinic.surgeon).turns_in
    assert turns_in is not None
    assert timedelta(seconds=turns_in) <= timedelta(minutes=MINUTES.seen_within["routine"])
