"""The search answers from an index, by every word of a name of several, and takes anything that can be typed."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from tests.builders import Clinic
from triage.db import session
from triage.domain.access import Actor
from triage.models import Patient
from triage.services import desk, encounters, lookup, patients

LAN = {
    "family_name": "Nguyen", "given_name": "Thi Lan", "family_kana": "グエン", "given_kana": "ティ ラン",
    "birth_date": date(1963, 7, 30), "phone": "",
}  # fmt: skip


def found(actor: Actor, text: str) -> list[str]:
    """Return the ids that a search answers, in order."""
    return [patient.id for patient in lookup.search(actor, text).patients]


@pytest.mark.parametrize("typed", ["Nguyen Thi Lan", "lan nguyen", "LAN", "thi", "グエン ラン", "nguyen S380730"])
def test_every_word_of_a_name_of_several_finds_the_patient(clinic: Clinic, typed: str) -> None:
    known = patients.create(clinic.reception, LAN, {}, "")
    assert found(clinic.reception, typed) == [known]


@pytest.mark.parametrize(
    "typed",
    [
        "%", "_", "%%%", "\\", "||", "\x00", "\ud800", "a" * 100_000, "9" * 5000, "😀" * 400, "a " * 5000, "8 " * 5000,
        "18446744073709551616", "-8", "²³", "٣٤", "*", "[a-z]", "\u202enguyenx", "nguyen%", "n_uyen", "' OR 1=1 --",
    ],
)  # fmt: skip
def test_garbage_and_wild_cards_find_nobody_and_break_nothing(clinic: Clinic, typed: str) -> None:
    patients.create(clinic.reception, LAN, {}, "")
    assert found(clinic.reception, typed) == []


def plan(query: Any) -> str:
    """Return how the database means to answer the query."""
    bind = session.get_bind()
    text = str(query.compile(bind, compile_kwargs={"literal_binds": True}))
    word = "EXPLAIN QUERY PLAN" if bind.dialect.name == "sqlite" else "EXPLAIN"
    return " ".join(str(row) for row in session.connection().exec_driver_sql(f"{word} {text}"))


def test_birth_date_and_number_are_read_from_an_index(clinic: Clinic) -> None:
    if session.get_bind().dialect.name == "postgresql":  # which finds an empty table not worth an index
        session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
    mine = Patient.visible_to(clinic.reception)
    for condition in (Patient.birth_date == date(1963, 7, 30), Patient.number == "000001"):
        assert "index" in plan(select(Patient.id).where(mine, condition)).lower()


def test_the_desk_shows_who_came_last_and_is_still_here(clinic: Clinic) -> None:
    visits = []
    for turn in range(desk.ARRIVALS + 2):
        other = LAN | {
            "given_name": "赤青黄緑紫白黒茶金銀"[turn],
            "given_kana": "",
            "birth_date": date(1950 + turn, 1, 1),
        }
        on_file = session.scalars(select(Patient.id)).all()
        patient = patients.create(clinic.reception, other, {}, "", on_file)
        visits.append(encounters.check_in(clinic.reception, patient, ""))
    gone = encounters.get(clinic.reception, visits[-1])
    encounters.leave_unseen(clinic.reception, gone.id, gone.version, "went home")
    assert [visit.id for visit in desk.look(clinic.reception).arrivals] == visits[-2 : -desk.ARRIVALS - 2 : -1]
    assert list(desk.look(clinic.admin).arrivals) == []
