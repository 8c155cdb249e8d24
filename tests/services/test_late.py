"""Entered from paper: both times are kept and shown, the queue follows the real arrival, the mark stays for good."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from tests.builders import Clinic, add_patient, arrive, as_answers, leave_unseen, wait
from tests.decisions import conservative
from tests.services.test_pathways import begun, look
from triage import clock, knowledge
from triage.db import aside, session
from triage.domain.errors import Conflict, Invalid, NotAllowed, Untimely
from triage.models import AuditEvent, Emergency, Encounter, ExposureRecord, Finding, StageChange, TriageDecision
from triage.services import (
    agreement,
    audit,
    board,
    calls,
    consults,
    emergencies,
    encounters,
    imaging,
    intakes,
    late,
    milestones,
    organisations,
    questions,
    rooms,
    triage,
)

URGENT = [question.id for question in knowledge.load().urgent_questions]
CALM = dict.fromkeys(URGENT, False)


@pytest.fixture(autouse=True)
def midday() -> Iterator[None]:
    """Let every test be at noon: what came half an hour ago came today, also when the tests run at midnight."""
    with clock.at(datetime.now(UTC).replace(hour=3, minute=0)):
        yield


def ago(minutes: float) -> datetime:
    return clock.now() - timedelta(minutes=minutes)


def arrive_late(clinic: Clinic, happened: datetime, ticket: str = "", **patient: object) -> Encounter:
    person = add_patient(clinic.reception, **patient)
    with late.entry(happened):
        encounter_id = encounters.check_in(clinic.reception, person.id, "", ticket)
    return encounters.get(clinic.reception, encounter_id)


def wait_late(clinic: Clinic, minutes: float, answers: dict[str, object] | None = None, **patient: object) -> Encounter:
    """Let a patient arrive and be asked on paper, all of it entered now."""
    here = arrive_late(clinic, ago(minutes), **patient)
    with late.entry(ago(minutes - 1)):
        intakes.record_answers(clinic.reception, here.id, as_answers(CALM if answers is None else answers))
        intakes.submit(clinic.reception, here.id)
    return encounters.get(clinic.reception, here.id)


def events_of(encounter: Encounter) -> list[AuditEvent]:
    session.close()
    query = select(AuditEvent).where(AuditEvent.encounter_id == encounter.id)
    return list(session.scalars(query.order_by(AuditEvent.sequence)))


# --- arrival -------------------------------------------------------------------------------------------------------


def test_the_waiting_clock_starts_at_the_real_arrival_and_both_times_are_kept(clinic: Clinic) -> None:
    happened, entered = ago(88), clock.now()
    here = arrive_late(clinic, happened, "D003")
    assert (here.ticket, here.arrived_at, here.stage_since) == ("D003", happened, happened)
    assert here.entered_at is not None
    assert here.entered_at >= entered
    line = board.find_line(clinic.nurse, here.id)
    assert line is not None
    assert line.minutes == 88
    (event,) = events_of(here)
    assert (event.name, event.occurred_at) == ("checked_in", happened)
    assert event.at >= entered
    assert not audit.verify()[0].damage


@given(back=st.integers(0, 3 * 24 * 60 - 1), then=st.integers(0, 500))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8, deadline=None)
def test_both_times_are_kept_for_any_pair_of_them(clinic: Clinic, back: int, then: int) -> None:
    entered = clock.now() + timedelta(minutes=then)
    happened = entered - timedelta(minutes=back)
    with clock.at(entered):
        here = arrive_late(clinic, happened, given_name=f"{back} {then}")
    (event,) = events_of(here)
    assert (here.arrived_at, here.entered_at) == (happened, entered)
    assert (event.occurred_at, event.at) == (happened, entered)


@given(minutes=st.lists(st.integers(1, 400), min_size=2, max_size=4, unique=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5, deadline=None)
def test_the_queue_follows_the_real_arrival_whatever_the_order_of_entry(clinic: Clinic, minutes: list[int]) -> None:
    rows = {wait_late(clinic, n, given_name=f"{n}").id: n for n in minutes}
    shown = [rows[i] for i in board.look(clinic.nurse, board.Filters()).ids if i in rows]
    assert shown == sorted(minutes, reverse=True)


def test_who_came_on_paper_stands_before_who_came_later_at_the_screen(clinic: Clinic) -> None:
    live = wait(clinic.reception, CALM)
    paper = wait_late(clinic, 20, family_name="小林")
    assert board.look(clinic.nurse, board.Filters()).ids == [paper.id, live.id]


def test_tickets_of_pad_and_screen_never_clash_and_leave_no_gap(clinic: Clinic) -> None:
    tickets = [arrive(clinic.reception, given_name="1").ticket]
    tickets += [arrive_late(clinic, ago(5), ticket, given_name=ticket).ticket for ticket in ("d1", "D007")]
    tickets += [arrive_late(clinic, ago(4), given_name="lost slip").ticket, arrive(clinic.reception).ticket]
    assert tickets == ["A001", "D001", "D007", "A002", "A003"]


def test_a_slip_is_entered_once_a_day_and_bears_a_number_of_the_pad(clinic: Clinic) -> None:
    arrive_late(clinic, ago(30), "D003")
    with pytest.raises(Invalid) as taken:
        arrive_late(clinic, ago(20), "3", given_name="other")
    assert taken.value.fields == {"paper_ticket": "paper_ticket_taken"}
    with pytest.raises(Invalid) as unknown:
        arrive_late(clinic, ago(20), "A003", given_name="third")
    assert unknown.value.fields == {"paper_ticket": "not_a_paper_ticket"}
    assert arrive_late(clinic, ago(60 * 25), "D003", given_name="yesterday").ticket == "D003"


@pytest.mark.parametrize(("minutes", "code"), [(-2, "late_future"), (3 * 24 * 60 + 1, "late_too_old")])
def test_a_time_ahead_or_too_long_ago_is_refused_and_nothing_is_written(
    clinic: Clinic, minutes: int, code: str
) -> None:
    with pytest.raises(Untimely, match=code):
        arrive_late(clinic, ago(minutes))
    assert board.look(clinic.nurse, board.Filters()).ids == []


def test_an_arrival_within_an_earlier_visit_is_refused(clinic: Clinic) -> None:
    first = wait_late(clinic, 60)
    with late.entry(ago(30)):
        leave_unseen(clinic.reception, first.id, encounters.get(clinic.nurse, first.id).version, "帰宅")
    with pytest.raises(Untimely, match="late_other_visit"), late.entry(ago(40)):
        encounters.check_in(clinic.reception, first.patient_id, "")
    with late.entry(ago(20)):
        assert encounters.check_in(clinic.reception, first.patient_id, "")


def test_who_is_here_already_gets_no_second_place_from_paper(clinic: Clinic) -> None:
    here = arrive(clinic.reception)
    with pytest.raises(Conflict, match="already_open"), late.entry(ago(10)):
        encounters.check_in(clinic.reception, here.patient_id, "", "D001")


# --- answers -------------------------------------------------------------------------------------------------------


def test_answers_taken_on_paper_carry_their_time_and_when_they_were_entered(clinic: Clinic) -> None:
    here, taken = arrive_late(clinic, ago(60)), ago(50)
    with late.entry(taken):
        intakes.record_answers(clinic.reception, here.id, as_answers({URGENT[1]: False}))
    row = session.scalars(select(Finding).where(Finding.encounter_id == here.id)).one()
    assert row.recorded_at == taken
    assert row.entered_at is not None
    intakes.record_answers(clinic.reception, here.id, as_answers({URGENT[1]: "not known"}))
    session.close()
    again = session.scalars(select(Finding).where(Finding.encounter_id == here.id)).one()
    assert again.entered_at is None  # answered anew, at the screen; the trail keeps the rest
    assert [event.occurred_at is not None for event in events_of(here)] == [True, True, False]


def test_an_emergency_entered_late_alarms_at_once_and_says_since_when(clinic: Clinic) -> None:
    here, said = arrive_late(clinic, ago(60)), ago(50)
    with late.entry(said):
        intakes.record_answers(clinic.reception, here.id, as_answers({URGENT[0]: True}))
    alarm = emergencies.find_open(encounters.get(clinic.nurse, here.id))
    assert alarm is not None
    assert alarm.opened_at == said
    assert alarm.entered_at is not None
    assert board.look(clinic.nurse, board.Filters()).ids[0] == here.id


def test_an_emergency_on_paper_counts_although_later_steps_are_recorded_already(clinic: Clinic) -> None:
    here = wait_late(clinic, 60, {name: False for name in URGENT if name != URGENT[0]})
    intakes.submit(clinic.reception, here.id)
    with late.entry(ago(55)):
        intakes.record_answers(clinic.reception, here.id, as_answers({URGENT[0]: True}))
    assert encounters.get(clinic.nurse, here.id).stage == "emergency"


def test_an_older_answer_from_paper_never_calms_what_was_said_later(clinic: Clinic) -> None:
    here = arrive_late(clinic, ago(60))
    intakes.record_answers(clinic.reception, here.id, as_answers({URGENT[1]: "not known"}))
    with pytest.raises(Untimely, match="late_newer_answer"), late.entry(ago(50)):
        intakes.record_answers(clinic.reception, here.id, as_answers({URGENT[1]: False}))


def test_an_older_yes_from_paper_stands_against_a_later_no(clinic: Clinic) -> None:
    here = arrive_late(clinic, ago(60))
    intakes.record_answers(clinic.reception, here.id, as_answers({URGENT[0]: False}))
    with late.entry(ago(50)):
        intakes.record_answers(clinic.reception, here.id, as_answers({URGENT[0]: True}))
    assert encounters.get(clinic.nurse, here.id).stage == "emergency"


# --- the nurse's decision, leaving, the alarm, imaging -------------------------------------------------------------


def decide_late(clinic: Clinic, here: Encounter, minutes: float, route: str = "specialist_consult") -> None:
    version = encounters.get(clinic.nurse, here.id).version
    choice = triage.Choice(4, route, reason=knowledge.load().override_reasons[0].id, without="the rest follows")
    with late.entry(ago(minutes)):
        triage.decide(clinic.nurse, here.id, version, choice)


def test_the_nurses_decision_keeps_its_time_and_is_marked(clinic: Clinic) -> None:
    here = wait_late(clinic, 60)
    decide_late(clinic, here, 30)
    decision = session.scalars(select(TriageDecision)).one()
    assert 29 < (clock.now() - decision.at).total_seconds() / 60 < 31
    assert decision.entered_at is not None
    step = encounters.timeline(here)[-1]
    assert (step.to_stage, step.at, step.entered_at is not None) == ("review", decision.at, True)
    triage.recall(clinic.nurse, here.id)  # ten minutes to undo, from the entry


@pytest.mark.parametrize(("minutes", "code"), [(61, "late_before_arrival"), (59.5, "late_before_step")])
def test_a_decision_before_the_arrival_or_the_last_step_is_refused(clinic: Clinic, minutes: float, code: str) -> None:
    here = arrive_late(clinic, ago(60))
    with late.entry(ago(40)):
        intakes.record_answers(clinic.reception, here.id, as_answers(CALM))
        intakes.submit(clinic.reception, here.id)
    with pytest.raises(Untimely, match=code):
        decide_late(clinic, here, minutes)
    assert encounters.get(clinic.nurse, here.id).stage == "waiting"


def test_only_who_may_do_it_may_enter_it_from_paper(clinic: Clinic) -> None:
    here = wait_late(clinic, 60)
    with pytest.raises(NotAllowed), late.entry(ago(30)):
        triage.decide(clinic.reception, here.id, here.version, triage.Choice(4, "specialist_consult"))


def test_leaving_keeps_its_time_and_lies_after_the_last_answer(clinic: Clinic) -> None:
    here = wait_late(clinic, 60)
    with late.entry(ago(30)):
        intakes.record_answers(clinic.nurse, here.id, as_answers({"pain_nrs": 4}))
    version = encounters.get(clinic.reception, here.id).version
    with pytest.raises(Untimely, match="late_before_step"), late.entry(ago(40)):
        leave_unseen(clinic.reception, here.id, version, "帰宅")
    with late.entry(ago(20)):
        leave_unseen(clinic.reception, here.id, version, "帰宅")
    gone = encounters.get(clinic.reception, here.id)
    assert gone.finished_at is not None
    assert 19 < (clock.now() - gone.finished_at).total_seconds() / 60 < 21


def test_an_alarm_raised_on_paper_says_since_when(clinic: Clinic) -> None:
    here, raised = wait_late(clinic, 60), ago(45)
    with late.entry(raised):
        emergencies.raise_(clinic.reception, here.id, "falls")
    alarm = session.scalars(select(Emergency)).one()
    assert (alarm.opened_at, alarm.entered_at is not None) == (raised, True)
    with pytest.raises(Untimely), late.entry(ago(50)):
        emergencies.acknowledge(clinic.nurse, here.id)


def test_an_examination_done_on_paper_keeps_its_times_in_their_order(clinic: Clinic) -> None:
    here = wait_late(clinic, 90)
    decide_late(clinic, here, 80, "xray")
    order = imaging.list_orders(clinic.surgeon)[0]
    with late.entry(ago(75)):
        imaging.order(clinic.surgeon, order.id, order.version)
    ids = ("name", "birth_date")
    version = imaging.get(clinic.radiographer, order.id).version
    with pytest.raises(Untimely), late.entry(ago(78)):
        imaging.start(clinic.radiographer, order.id, version, ids)
    with late.entry(ago(70)):
        imaging.start(clinic.radiographer, order.id, version, ids)
    with late.entry(ago(65)):
        imaging.complete(clinic.radiographer, order.id, version + 1, "L-spine", {})
    done = imaging.get(clinic.radiographer, order.id)
    assert [round((clock.now() - at).total_seconds() / 60) for at in (done.started_at, done.ended_at) if at] == [70, 65]
    assert done.late_at is not None
    assert session.scalars(select(ExposureRecord)).one().entered_at is not None


def test_a_call_on_paper_keeps_its_time_and_its_place_after_the_last_one(clinic: Clinic) -> None:
    here = wait_late(clinic, 60)
    room = rooms.add(clinic.admin, "Room 1")
    with late.entry(ago(30)):
        calls.call(clinic.nurse, here.id, room)
    with pytest.raises(Untimely), late.entry(ago(35)):
        calls.no_answer(clinic.nurse, here.id)
    with late.entry(ago(25)):
        calls.no_answer(clinic.nurse, here.id)
    (made,) = calls.list_of(encounters.get(clinic.nurse, here.id))
    assert made.ended_at is not None
    assert [round((clock.now() - at).total_seconds() / 60) for at in (made.called_at, made.ended_at)] == [30, 25]


def test_the_surgeons_decision_keeps_its_time_and_is_marked(clinic: Clinic) -> None:
    here = wait_late(clinic, 60)
    decide_late(clinic, here, 50)
    choice = conservative("plan")
    version = encounters.get(clinic.surgeon, here.id).version
    with pytest.raises(Untimely), late.entry(ago(55)):
        consults.decide(clinic.surgeon, here.id, version, choice)
    with late.entry(ago(20)):
        consults.decide(clinic.surgeon, here.id, version, choice)
    (signed,) = consults.decisions_of(encounters.get(clinic.surgeon, here.id))
    assert round((clock.now() - signed.at).total_seconds() / 60) == 20
    assert signed.entered_at is not None


def test_a_decision_on_paper_is_counted_neither_for_nor_against_the_rules(clinic: Clinic) -> None:
    here = wait_late(clinic, 60)
    decide_late(clinic, here, 30)
    found = agreement.report(clinic.surgeon, agreement.Period())
    assert (found.visits, found.all.n) == (1, 0)
    assert not any(found.tables["rules_nurse_level"].cells.values())


# --- the mark and the trail ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "column"),
    [(Encounter, "entered_at"), (Encounter, "late_at"), (Emergency, "entered_at"), (StageChange, "entered_at"),
     (AuditEvent, "occurred_at")],
)  # fmt: skip
def test_a_late_mark_can_never_be_removed(clinic: Clinic, table: type, column: str) -> None:
    here = wait_late(clinic, 60, {URGENT[0]: True})
    assert here.late_at is not None
    with pytest.raises(DBAPIError, match="append-only"), aside() as own:
        own.execute(update(table).values({column: None}))


def test_a_visit_entered_at_once_bears_no_mark(clinic: Clinic) -> None:
    here = wait(clinic.reception, CALM)
    assert (here.entered_at, here.late_at) == (None, None)
    assert {event.occurred_at for event in events_of(here)} == {None}


def test_the_chain_stands_in_the_order_of_entry_and_shows_a_changed_time(clinic: Clinic) -> None:
    wait_late(clinic, 60)
    wait_late(clinic, 120, given_name="other")
    session.close()
    times = list(session.scalars(select(AuditEvent.at).order_by(AuditEvent.sequence)))
    assert times == sorted(times)
    assert not audit.verify()[0].damage
    last = session.scalars(select(AuditEvent).order_by(AuditEvent.sequence.desc())).first()
    assert last is not None
    signed = {name: getattr(last, name) for name in (*audit._SIGNED, "occurred_at")}
    assert audit._signed_part(signed | {"occurred_at": ago(1)}) != audit._signed_part(signed)


# --- the way after a decision, and questions -----------------------------------------------------------------------


def test_a_step_noted_on_paper_is_done_on_the_day_of_the_paper_and_bears_both_times(clinic: Clinic) -> None:
    with clock.at(ago(3 * 24 * 60 - 60)):
        pathway_id = begun(clinic)
    happened = ago(26 * 60)
    seen = look(clinic, pathway_id)
    imaged = next(one for one in seen.steps if one.name == "imaging")
    with late.entry(happened):
        milestones.complete(clinic.nurse, imaged.id, seen.pathway.version)
        day = organisations.today(clinic.site_id)
    after = look(clinic, pathway_id)
    noted = next(one for one in after.steps if one.name == "imaging")
    assert (noted.done_on, noted.settled_at) == (day, happened)
    change = next(one for one in after.history if one.milestone == "imaging" and one.kind == "done")
    assert (change.at, change.entered_at is not None) == (happened, True)


def test_no_step_is_noted_from_paper_before_the_decision_it_follows(clinic: Clinic) -> None:
    seen = look(clinic, begun(clinic))
    imaged = next(one for one in seen.steps if one.name == "imaging")
    with pytest.raises(Untimely, match="late_before_step"), late.entry(ago(30)):
        milestones.complete(clinic.nurse, imaged.id, seen.pathway.version)


def test_a_question_and_its_answer_from_paper_keep_both_times_and_their_order(clinic: Clinic) -> None:
    here = wait_late(clinic, 90)
    with late.entry(ago(60)):
        asked = questions.ask(clinic.surgeon, here.id, "nurse", "Since when?")
    with pytest.raises(Untimely, match="late_before_step"), late.entry(ago(70)):
        questions.answer(clinic.nurse, asked, 1, "For two weeks")
    happened = ago(50)
    with late.entry(happened):
        questions.answer(clinic.nurse, asked, 1, "For two weeks")
    session.close()
    found = questions.get(clinic.surgeon, asked)
    assert found.answered_at == happened
    assert None not in (found.entered_at, found.answer_entered_at)
    assert found.due_at < clock.now(), "its time ran from when it was asked"


def test_no_question_is_asked_from_paper_before_the_patient_came(clinic: Clinic) -> None:
    here = arrive_late(clinic, ago(20))
    with pytest.raises(Untimely, match="late_before_arrival"), late.entry(ago(40)):
        questions.ask(clinic.surgeon, here.id, "nurse", "Since when?")
