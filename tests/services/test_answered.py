"""The answers that the database puts together are those that stand in it, value for value and kind for kind."""

from typing import Any

from sqlalchemy import select

from tests.builders import Clinic, wait
from triage import clock
from triage.db import session
from triage.domain.findings import Answer
from triage.models import Finding
from triage.services import answered

VALUES: dict[str, Any] = {
    "yes": True, "no": False, "nothing": None, "whole": 7, "none": 0, "negative": -3, "part": 36.6, "small": 0.000001,
    "word": "numb_both_legs", "kanji": "腰から足まで痛い", "quoted": 'a "b" \\ c', "digits": "007", "empty": "",
    "spelled": "true", "list": ["L4-5", "L5-S1"], "object": {"left": 4, "right": None}, "odd": "\u2028😀",
}  # fmt: skip


def test_every_kind_of_answer_is_read_as_it_was_kept(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    rest = {"source": "nurse", "revision": 1, "recorded_by": clinic.nurse.staff_id, "recorded_at": clock.now()}
    rows = [{"encounter_id": encounter.id, "name": f"x_{name}", "known": value is not None, "value": value, **rest}
            for name, value in VALUES.items()]  # fmt: skip
    session.connection().execute(Finding.__table__.insert(), rows)
    session.commit()
    kept = select(Finding.name, Finding.known, Finding.value).where(Finding.encounter_id == encounter.id)
    one_by_one = {name: Answer(known, value) for name, known, value in session.execute(kept)}
    found = answered.recorded(encounter.id)
    assert found == one_by_one
    assert {name: type(answer.value) for name, answer in found.items()} == {
        name: type(answer.value) for name, answer in one_by_one.items()
    }
    assert {name: found[f"x_{name}"].value for name in VALUES} == VALUES
    assert {type(answer.known) for answer in found.values()} == {bool}


def test_who_was_asked_nothing_has_no_answers(clinic: Clinic) -> None:
    assert answered.recorded("nobody") == {}


def test_many_are_read_together_each_with_its_own(clinic: Clinic) -> None:
    some = [wait(clinic.reception, {"pain_nrs": number, "babinski": number > 1}).id for number in (1, 2)]
    found = answered.recorded_of((*some, "nobody"))
    assert found == {one: answered.recorded(one) for one in some}
    assert [found[one]["pain_nrs"].value for one in some] == [1, 2]
    assert answered.recorded_of(()) == {}
