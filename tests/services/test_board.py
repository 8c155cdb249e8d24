"""The board shows everybody who is here, in order; and a patient is taken by one person."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from tests.builders import Clinic, arrive, build_clinic, leave_unseen, wait
from triage import clock, knowledge
from triage.db import session
from triage.domain.access import Actor
from triage.models import Encounter
from triage.services import alerts, board, claims, emergencies, line_query, lines, triage


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
    leave_unseen(clinic.reception, encounter.id, encounter.version, "has a train to catch")
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


def test_who_answers_for_an_emergency_finds_it_among_the_own_and_who_has_the_patient_does_too(clinic: Clinic) -> None:
    taken, other = wait(clinic.reception), wait(clinic.reception)
    claims.claim(clinic.nurse, taken.id)
    for encounter in (taken, other):
        emergencies.raise_(clinic.nurse, encounter.id)
        emergencies.acknowledge(clinic.surgeon, encounter.id)
    own = board.Filters(mine=True)
    assert set(board.look(clinic.surgeon, own).ids) == {taken.id, other.id}
    assert board.look(clinic.nurse, own).ids == [taken.id]
    assert [board.look(person, board.EVERYTHING).mine for person in (clinic.surgeon, clinic.nurse)] == [2, 1]
    emergencies.acknowledge(clinic.nurse, other.id)  # who was first stays
    assert board.look(clinic.nurse, own).ids == [taken.id]


def test_the_count_at_a_filter_is_what_it_shows_together_with_those_that_are_set(clinic: Clinic) -> None:
    mine, _other, _desk = wait(clinic.reception), wait(clinic.reception), arrive(clinic.reception)
    claims.claim(clinic.nurse, mine.id)
    nobody = board.Filters()
    whole, own = board.offered(clinic.nurse, board.look(clinic.nurse, nobody), nobody)
    assert (whole.stage("waiting"), whole.stage("registered"), own) == (2, 1, 1)
    desk = board.Filters(stage="registered")
    at_desk, own = board.offered(clinic.nurse, board.look(clinic.nurse, desk), desk)
    assert (at_desk.here, at_desk.level(None), at_desk.stage("waiting"), own) == (3, 1, 2, 0)
    for changes, count in (({"level": "0"}, 1), ({"stage": "waiting"}, 2), ({"mine": True}, 0)):
        assert len(board.look(clinic.nurse, replace(desk, **changes)).ids) == count


def test_the_board_costs_the_same_number_of_queries_for_one_as_for_sixty(clinic: Clinic, statements: list[str]) -> None:
    first = wait(clinic.reception)
    emergencies.raise_(clinic.nurse, first.id)

    def count() -> int:
        session.close()
        statements.clear()
        board.look(clinic.nurse, board.Filters())
        return len([s for s in statements if s.startswith("SELECT")])

    one = count()
    for number in range(59):
        row = arrive(clinic.reception)
        if number % 10 == 0:
            claims.claim(clinic.nurse, row.id)
        if number % 10 == 1:
            emergencies.raise_(clinic.reception, row.id)
    assert one == 6  # the revision, the rows, what stands around them, open questions, the last changes, what to tell
    assert count() == 6, "as many for sixty as for one"
    assert count() == 1, "while nothing has changed, the revision alone"


def test_each_column_that_is_read_fills_the_field_of_its_name() -> None:
    read = list(line_query.ROWS.statement.selected_columns.keys())
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

    def told(minutes: int, who: str = "nurse") -> str:
        session.close()
        with clock.at(start + timedelta(minutes=minutes)):
            return alerts.look(clinic.people[who]).alarms[0].ring

    first, late = told(0), told(3)
    assert first
    assert (told(1), told(4)) == (first, late)
    assert len({first, late, told(0, "surgeon")}) == 3, "and whoever signs in on the same device is told, too"
    assert encounter.id not in first
    emergencies.acknowledge(clinic.nurse, encounter.id)
    assert told(5) == ""


def test_alarms_nobody_has_answered_are_named_before_those_somebody_has(clinic: Clinic) -> None:
    answered, waiting = wait(clinic.reception), wait(clinic.reception)
    for encounter in (answered, waiting):
        emergencies.raise_(clinic.reception, encounter.id)
    emergencies.acknowledge(clinic.nurse, answered.id)
    session.close()
    assert [a.line.id for a in alerts.look(clinic.nurse).alarms] == [waiting.id, answered.id]
