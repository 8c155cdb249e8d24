"""The board shows everybody who is here, in order; and a patient is taken by one person."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from tests.builders import Clinic, arrive, as_answers, build_clinic, wait
from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound
from triage.models import AuditEvent, Claim, Encounter, Staff
from triage.services import alerts, board, claims, emergencies, encounters, intakes, lines, triage
from triage.services.audit import record


def everybody(actor: Actor) -> list[str]:
    session.close()
    return board.look(actor, board.Filters()).ids


def test_everybody_who_is_here_stands_on_the_board_once_emergencies_first(clinic: Clinic) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception)
    desk = arrive(clinic.reception)
    emergencies.raise_(clinic.nurse, second.id)
    assert everybody(clinic.nurse)[0] == second.id
    assert set(everybody(clinic.nurse)) == {first.id, second.id, desk.id}


def test_who_has_left_is_gone(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    encounters.leave_unseen(clinic.reception, encounter.id, encounter.version, "has a train to catch")
    assert everybody(clinic.nurse) == []


def test_another_sites_patients_are_never_on_it(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    wait(clinic.reception)
    assert everybody(other.nurse) == []


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_administrator_and_auditor_see_nobody(clinic: Clinic, who: str) -> None:
    wait(clinic.reception)
    assert everybody(clinic.people[who]) == []


def test_filters_show_what_they_say(clinic: Clinic) -> None:
    mine, desk = wait(clinic.reception), arrive(clinic.reception)
    claims.claim(clinic.nurse, mine.id)
    with clock.at(clock.now() + timedelta(minutes=45)):
        look = {
            "mine": board.look(clinic.nurse, board.Filters(mine=True)).ids,
            "desk": board.look(clinic.nurse, board.Filters(stage="registered")).ids,
            "untriaged": board.look(clinic.nurse, board.Filters(level="0")).ids,
            "over": board.look(clinic.nurse, board.Filters(over=True)).ids,
        }
    assert look["mine"] == [mine.id]
    assert look["desk"] == [desk.id]
    assert set(look["untriaged"]) == set(look["over"]) == {mine.id, desk.id}


def test_the_board_costs_the_same_number_of_queries_for_one_as_for_sixty(clinic: Clinic, app: Flask) -> None:
    statements: list[str] = []
    engine = app.extensions["engine"]
    first = wait(clinic.reception)
    emergencies.raise_(clinic.nurse, first.id)

    def count() -> int:
        session.close()
        statements.clear()
        board.look(clinic.nurse, board.Filters())
        return len([s for s in statements if s.startswith("SELECT")])

    event.listen(engine, "before_cursor_execute", lambda c, cu, statement, *rest: statements.append(statement))
    one = count()
    for number in range(59):
        row = arrive(clinic.reception)
        if number % 10 == 0:
            claims.claim(clinic.nurse, row.id)
        if number % 10 == 1:
            emergencies.raise_(clinic.reception, row.id)
    assert count() == one == 2  # the revision and the rows


def test_each_column_that_is_read_fills_the_field_of_its_name() -> None:
    read = list(lines._ROWS.selected_columns.keys())
    assert read == [field.name for field in fields(lines.Line)][: len(read)]


def only(actor: Actor, encounter: Encounter) -> board.Line:
    session.close()
    found = board.find_line(actor, encounter.id)
    assert found is not None
    return found


def test_the_alarm_that_rings_longest_stands_first_whoever_arrived_before(clinic: Clinic) -> None:
    early, late = wait(clinic.reception), wait(clinic.reception)
    emergencies.raise_(clinic.nurse, late.id)
    with clock.at(clock.now() + timedelta(minutes=1)):
        emergencies.raise_(clinic.nurse, early.id)
    assert everybody(clinic.nurse) == [late.id, early.id]


def test_a_row_names_the_findings_the_rules_fear_and_nothing_where_they_fear_nothing_urgent(clinic: Clinic) -> None:
    feared = wait(clinic.reception, {"saddle_anaesthesia": True, "urinary_retention": True, "back_pain": True})
    assert set(only(clinic.nurse, feared).flags) == {"saddle_anaesthesia", "urinary_retention"}
    assert only(clinic.nurse, wait(clinic.reception, {"back_pain": True})).flags == []
    assert only(clinic.nurse, arrive(clinic.reception)).flags == []


def test_a_row_says_which_examination_is_open_and_what_has_to_be_asked_again(clinic: Clinic) -> None:
    calm = {question.id: False for question in knowledge.load().urgent_questions}
    unsure = knowledge.load().urgent_questions[0].id
    encounter = wait(clinic.reception, calm | {unsure: "not known"})
    reason = knowledge.load().override_reasons[0].id
    choice = triage.Choice(4, "xray", "xray", reason, not_known_reasons={unsure: "asleep"})
    triage.decide(clinic.nurse, encounter.id, encounter.version, choice)
    line = only(clinic.nurse, encounter)
    assert (line.modality, line.imaging) == ("xray", "requested")
    assert not line.must_ask
    with clock.at(clock.now() + timedelta(minutes=16)):
        assert only(clinic.nurse, encounter).must_ask


def test_a_row_that_time_alone_has_changed_is_shown_again(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    claims.claim(clinic.nurse, encounter.id)

    def changed(seen_minute: int, minute: int) -> bool:
        session.close()
        seen = board.Seen(board.current_revision(clinic.nurse), start + timedelta(minutes=seen_minute))
        with clock.at(start + timedelta(minutes=minute)):
            return encounter.id in board.look(clinic.nurse, board.Filters(), seen).changed

    assert not changed(5, 6)
    assert changed(10, 12)  # over its target of 10 minutes
    assert not changed(12, 14)
    assert changed(29, 31)  # the claim has lapsed


def test_a_screen_that_cannot_say_what_it_shows_is_shown_everything(clinic: Clinic) -> None:
    rows = [wait(clinic.reception) for _ in range(2)]
    session.close()
    assert board.look(clinic.nurse, board.Filters(), None).changed == {row.id for row in rows}


def test_filters_stand_in_an_address_and_only_those_that_are_set() -> None:
    filters = board.Filters(level="3", mine=True)
    assert filters.query() == {"level": "3", "mine": "1"}
    assert filters.query(level="0") == {"untriaged": "1", "mine": "1"}
    assert filters.query(level="", mine=False, over=True, stage="imaging") == {"stage": "imaging", "over": "1"}


def test_a_refresh_names_exactly_what_changed(clinic: Clinic) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception)
    session.close()
    seen = board.current_revision(clinic.nurse)
    claims.claim(clinic.nurse, second.id)
    assert board.changed_since(clinic.nurse, seen) == {second.id}
    assert first.id not in board.changed_since(clinic.nurse, seen)


def in_parallel(work: Callable[[int], str], times: int) -> list[str]:
    def one(number: int) -> str:
        try:
            return work(number)
        finally:
            session.remove()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_of_twenty_people_who_take_a_patient_at_once_one_wins_and_nineteen_are_told_who(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    actors = [clinic.nurse, clinic.nurse2, clinic.surgeon, clinic.surgeon2] * 5
    session.remove()

    def take(number: int) -> str:
        try:
            claims.claim(actors[number], encounter.id)
        except Conflict as refusal:
            return f"refused: {refusal.params['by']}"
        return f"won: {actors[number].name}"

    answers = in_parallel(take, 20)
    winners = {answer.removeprefix("won: ") for answer in answers if answer.startswith("won")}
    assert len(winners) == 1
    # The winner's own repeated presses renew the claim; everybody else is told the winner's name.
    assert answers.count(f"won: {next(iter(winners))}") == 5
    assert answers.count(f"refused: {next(iter(winners))}") == 15


def test_of_twenty_different_people_one_gets_the_patient_and_nineteen_are_refused(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    people = [replace(clinic.nurse, staff_id=_hire(clinic.admin, number)) for number in range(20)]
    session.remove()

    def take(number: int) -> str:
        try:
            claims.claim(people[number], encounter.id)
        except Conflict:
            return "refused"
        return people[number].staff_id

    answers = in_parallel(take, 20)
    session.remove()
    assert answers.count("refused") == 19
    assert session.get_one(Claim, encounter.id).staff_id in answers


@verb
def _hire(actor: Actor, number: int) -> str:
    person = Staff(organisation_id=actor.organisation_id, user_name=f"n{number}", name=f"Nurse {number}")
    session.add(person)
    session.flush()
    record(actor, "staff_added", whose=person.id, user_name=person.user_name)
    return person.id


def test_whoever_records_something_keeps_the_patient_they_took(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    claims.claim(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(minutes=25)):
        intakes.record_answers(clinic.nurse, encounter.id, as_answers({"back_pain": True}))
        intakes.record_answers(clinic.surgeon, encounter.id, as_answers({"leg_pain": True}))
    with clock.at(start + timedelta(minutes=40)), pytest.raises(Conflict):
        claims.claim(clinic.nurse2, encounter.id)
    with clock.at(start + timedelta(minutes=56)):
        claims.claim(clinic.nurse2, encounter.id)


def test_how_long_a_claim_holds_is_the_sites_to_say(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    claims.claim(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(minutes=6)):
        assert not only(clinic.nurse, encounter).is_idle
        assert board.find_line(clinic.nurse, encounter.id, timedelta(minutes=5)).is_free  # type: ignore[union-attr]
        claims.claim(clinic.nurse2, encounter.id, timedelta(minutes=5))
    session.close()
    last = session.scalars(select(AuditEvent).order_by(AuditEvent.sequence.desc())).first()
    assert last is not None
    assert last.name == "claim_taken_over"  # the trail says from whom


def test_a_claim_without_activity_lapses_and_the_next_person_may_take_it(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    with clock.at(clock.now() + timedelta(minutes=29)), pytest.raises(Conflict):
        claims.claim(clinic.nurse2, encounter.id)
    with clock.at(clock.now() + timedelta(minutes=31)):
        claims.claim(clinic.nurse2, encounter.id)
    session.close()
    assert session.get_one(Claim, encounter.id).staff_id == clinic.nurse2.staff_id


def test_only_who_has_a_patient_or_the_lead_nurse_gives_it_back(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.surgeon, encounter.id)
    with pytest.raises(Conflict):
        claims.release(clinic.nurse, encounter.id)
    claims.release(clinic.nurse2, encounter.id)
    with pytest.raises(Conflict):
        claims.release(clinic.nurse2, encounter.id)


def test_the_lead_nurse_takes_a_patient_over(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    claims.take_over(clinic.nurse2, encounter.id, "shift ended")
    session.close()
    assert session.get_one(Claim, encounter.id).staff_id == clinic.nurse2.staff_id


def test_a_patient_of_another_site_cannot_be_taken(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    encounter = wait(clinic.reception)
    with pytest.raises(NotFound):
        claims.claim(other.nurse, encounter.id)


def test_an_emergency_nobody_takes_on_for_two_minutes_alerts_lead_nurse_and_surgeons(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    emergencies.raise_(clinic.reception, encounter.id)

    def loud(minutes: int) -> dict[str, bool]:
        session.close()
        with clock.at(clock.now() + timedelta(minutes=minutes)):
            people = ("reception", "nurse", "nurse2", "surgeon", "radiographer")
            return {name: alerts.look(clinic.people[name]).alarms[0].is_loud for name in people}

    assert not any(loud(1).values())
    after = {"reception": False, "nurse": False, "nurse2": True, "surgeon": True, "radiographer": False}
    assert loud(2) == after
    emergencies.acknowledge(clinic.nurse, encounter.id)
    assert not any(loud(5).values())


def test_a_screen_reader_is_told_of_an_alarm_once_when_it_rings_and_once_when_nobody_comes(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    emergencies.raise_(clinic.reception, encounter.id)
    start = clock.now()

    def told(seen: str, minutes: int) -> tuple[bool, str]:
        session.close()
        with clock.at(start + timedelta(minutes=minutes)):
            found = alerts.look(clinic.nurse, seen)
        return found.alarms[0].is_news, found.rev

    first, rang = told("", 0)
    again, _ = told(rang, 1)
    late, rev = told(rang, 3)
    assert (first, again, late, told(rev, 4)[0]) == (True, False, True, False)
    emergencies.acknowledge(clinic.nurse, encounter.id)
    assert told(rev, 5)[0] is False


def test_alarms_nobody_has_answered_are_named_before_those_somebody_has(clinic: Clinic) -> None:
    answered, waiting = wait(clinic.reception), wait(clinic.reception)
    for encounter in (answered, waiting):
        emergencies.raise_(clinic.reception, encounter.id)
    emergencies.acknowledge(clinic.nurse, answered.id)
    session.close()
    assert [a.emergency.encounter_id for a in alerts.look(clinic.nurse).alarms] == [waiting.id, answered.id]
