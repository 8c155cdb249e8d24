"""The board shows everybody who is here, in order; and a patient is taken by one person."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests.builders import Clinic, arrive, build_clinic, wait
from triage import clock
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound
from triage.models import Claim
from triage.services import alerts, board, emergencies, encounters


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
    board.claim(clinic.nurse, mine.id)
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


def test_the_board_costs_the_same_number_of_queries_for_one_as_for_twenty(clinic: Clinic, app: object) -> None:
    statements: list[str] = []
    engine = app.extensions["engine"]  # type: ignore[attr-defined]
    wait(clinic.reception)

    def count() -> int:
        session.close()
        statements.clear()
        board.look(clinic.nurse, board.Filters())
        return len([s for s in statements if s.startswith("SELECT")])

    event.listen(engine, "before_cursor_execute", lambda c, cu, statement, *rest: statements.append(statement))
    one = count()
    for _ in range(19):
        arrive(clinic.reception)
    assert count() == one


def test_a_refresh_names_exactly_what_changed(clinic: Clinic) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception)
    session.close()
    seen = board.current_revision(clinic.nurse)
    board.claim(clinic.nurse, second.id)
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
            board.claim(actors[number], encounter.id)
        except Conflict as refusal:
            return f"refused: {refusal.params['by']}"
        return f"won: {actors[number].name}"

    answers = in_parallel(take, 20)
    winners = {answer.removeprefix("won: ") for answer in answers if answer.startswith("won")}
    assert len(winners) == 1
    # The winner's own repeated presses renew the claim; everybody else is told the winner's name.
    assert answers.count(f"won: {next(iter(winners))}") == 5
    assert answers.count(f"refused: {next(iter(winners))}") == 15


def test_a_claim_without_activity_lapses_and_the_next_person_may_take_it(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    board.claim(clinic.nurse, encounter.id)
    with clock.at(clock.now() + timedelta(minutes=29)), pytest.raises(Conflict):
        board.claim(clinic.nurse2, encounter.id)
    with clock.at(clock.now() + timedelta(minutes=31)):
        board.claim(clinic.nurse2, encounter.id)
    session.close()
    assert session.get_one(Claim, encounter.id).staff_id == clinic.nurse2.staff_id


def test_only_who_has_a_patient_or_the_lead_nurse_gives_it_back(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    board.claim(clinic.surgeon, encounter.id)
    with pytest.raises(Conflict):
        board.release(clinic.nurse, encounter.id)
    board.release(clinic.nurse2, encounter.id)
    with pytest.raises(Conflict):
        board.release(clinic.nurse2, encounter.id)


def test_the_lead_nurse_takes_a_patient_over(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    board.claim(clinic.nurse, encounter.id)
    board.take_over(clinic.nurse2, encounter.id)
    session.close()
    assert session.get_one(Claim, encounter.id).staff_id == clinic.nurse2.staff_id


def test_a_patient_of_another_site_cannot_be_taken(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    encounter = wait(clinic.reception)
    with pytest.raises(NotFound):
        board.claim(other.nurse, encounter.id)


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
