"""What is sent without waiting for each answer is refused, read and undone as if somebody had waited."""

import pytest
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from tests.builders import Clinic, wait
from triage import ahead, clock
from triage.beside import connected
from triage.db import read, read_one, session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict
from triage.models import Encounter, Submission
from triage.prepared import Prepared
from triage.services import encounters
from triage.services.audit import record
from triage.services.insertion import insert_values
from triage.services.submissions import MADE
from triage.services.trail import lock_of

_COUNT = Prepared(select(func.count(Submission.request_id)))


def keep(actor: Actor, request_id: str, result: str = "result") -> None:
    insert_values(Submission, request_id=request_id, staff_id=actor.staff_id, result_id=result, at=clock.now())


def tell(actor: Actor, encounter: Encounter) -> None:
    record(actor, "claimed", patient_id=encounter.patient_id, encounter_id=encounter.id)


def test_a_write_that_is_refused_is_an_error_whoever_waited_and_nothing_of_the_use_case_stays(clinic: Clinic) -> None:
    before = read_one(_COUNT)

    @verb
    def twice(actor: Actor) -> None:
        keep(actor, "first")
        keep(actor, "same")
        keep(actor, "same")
        keep(actor, "last")

    with pytest.raises(IntegrityError):
        twice(clinic.nurse)
    assert read_one(_COUNT) == before


def test_a_refused_write_comes_out_at_the_next_question_too(clinic: Clinic) -> None:
    @verb
    def twice(actor: Actor) -> None:
        keep(actor, "same")
        keep(actor, "same")
        read_one(_COUNT)
        raise AssertionError("the question was answered behind a refused write")

    with pytest.raises(IntegrityError):
        twice(clinic.nurse)


def test_a_question_after_a_write_sees_it_whoever_asks(clinic: Clinic) -> None:
    @verb
    def look(actor: Actor) -> tuple[int, int, int]:
        before = read_one(_COUNT)
        keep(actor, "one")
        prepared = read_one(_COUNT) - before
        keep(actor, "two")
        by_the_session = session.scalar(select(func.count(Submission.request_id))) or 0
        keep(actor, "three")
        by_the_connection = connected(session()).execute(_COUNT.statement).scalar_one()
        return prepared, by_the_session - before, by_the_connection - before

    assert look(clinic.nurse) == (1, 2, 3)
    assert read_one(MADE, request="three") == "result"


def test_a_use_case_that_is_refused_later_leaves_the_connection_as_good_as_new(clinic: Clinic) -> None:
    @verb
    def refuse(actor: Actor) -> None:
        keep(actor, "one")
        raise Conflict("step_not_possible")

    for _ in range(3):
        with pytest.raises(Conflict):
            refuse(clinic.nurse)
    assert read_one(MADE, request="one") is None
    assert encounters.get(clinic.nurse, wait(clinic.reception).id).ticket == "A001"


def test_an_answer_that_was_asked_ahead_is_good_for_one_reading(clinic: Clinic) -> None:
    @verb
    def look(actor: Actor) -> list[int]:
        ahead.ask(session(), lock_of(actor.site_id), (_COUNT, {}))
        first = read_one(_COUNT)
        keep(actor, "one")
        return [first, read_one(_COUNT)]

    before, after = look(clinic.nurse)
    assert after == before + 1


def test_an_answer_that_nobody_read_ends_with_the_use_case(clinic: Clinic) -> None:
    @verb
    def ask(actor: Actor) -> None:
        ahead.ask(session(), (_COUNT, {}), (MADE, {"request": "one"}))
        keep(actor, "one")

    ask(clinic.nurse)
    assert read_one(MADE, request="one") == "result"


def test_other_values_are_another_question(clinic: Clinic) -> None:
    @verb
    def ask(actor: Actor) -> list[str | None]:
        keep(actor, "one", "first")
        keep(actor, "two", "second")
        ahead.ask(session(), (MADE, {"request": "one"}))
        return [read_one(MADE, request="two"), read_one(MADE, request="one"), read_one(MADE, request="none")]

    assert ask(clinic.nurse) == ["second", "first", None]


def test_what_a_use_case_has_changed_is_not_overwritten_by_what_it_asks_ahead(clinic: Clinic) -> None:
    encounter_id = wait(clinic.reception).id

    @verb
    def change(actor: Actor) -> None:
        encounter = encounters.for_writing(actor, encounter_id)
        encounter.complaint = "腰が痛い"
        assert encounters.for_writing(actor, encounter_id) is encounter
        assert encounter.complaint == "腰が痛い"
        tell(actor, encounter)

    change(clinic.nurse)
    session.close()
    assert encounters.get(clinic.nurse, encounter_id).complaint == "腰が痛い"


def test_how_many_rows_a_statement_met_is_known_after_it(clinic: Clinic) -> None:
    end = Prepared(update(Submission).where(Submission.request_id == bindparam("which")).values(result_id="other"))

    @verb
    def change(actor: Actor) -> list[int]:
        keep(actor, "one")
        return [end.write(connected(session()), {"which": one}) for one in ("one", "none")]

    assert change(clinic.nurse) == [1, 0]
    assert [row.result_id for row in read(MADE, request="one")] == ["other"]
