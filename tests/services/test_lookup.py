"""The search answers from an index, by every word of a name of several, and takes anything that can be typed."""

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from tests.builders import Clinic, build_clinic, leave_unseen
from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.lookup import read
from triage.models import Patient
from triage.services import desk, doubles, encounters, lookup, name_index, patients
from triage.services.audit import record

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


# --- names ---------------------------------------------------------------------------------------------------------


def on_file(clinic: Clinic, family: str, family_kana: str, given: str = "", given_kana: str = "") -> str:
    """Add a patient of this name and return the id."""
    row = LAN | {"family_name": family, "family_kana": family_kana, "given_name": given, "given_kana": given_kana}
    others = session.scalars(select(Patient.id)).all()
    return patients.create(clinic.reception, row, {}, "", others)


def test_exact_names_come_first_then_beginnings_then_what_is_inside(clinic: Clinic) -> None:
    inside = on_file(clinic, "安西川", "アンニシカワ", "翔", "ショウ")
    begins = on_file(clinic, "西川口", "ニシカワグチ", "翔", "ショウ")
    exact = on_file(clinic, "西川", "ニシカワ", "渉", "ワタル")
    on_file(clinic, "西", "ニシ", "和", "カズ")
    assert found(clinic.reception, "ニシカワ") == [exact, begins, inside]
    assert found(clinic.reception, "nishikawa") == [exact, begins, inside]
    assert found(clinic.reception, "ニシカワ 翔") == [begins, inside]


@pytest.mark.parametrize("typed", ["林", "はやし", "リ", "凛", "り 林", "林 リ", "林凛", "凛林", "〇"])
def test_names_of_one_and_two_characters_are_found_from_the_first(clinic: Clinic, typed: str) -> None:
    wanted = on_file(clinic, "林", "ハヤシ", "凛", "リン")
    circled = on_file(clinic, "〇〆", "マルシメ", "々", "")
    on_file(clinic, "山本", "ヤマモト", "和夫", "カズオ")
    assert found(clinic.reception, typed) == ([circled] if typed == "〇" else [wanted])


def test_a_short_word_is_looked_for_where_a_part_of_the_name_begins(clinic: Clinic) -> None:
    on_file(clinic, "小林", "コバヤシ", "真理", "マリ")
    assert found(clinic.reception, "林") == []
    assert found(clinic.reception, "リ") == []
    assert found(clinic.reception, "バヤシ") != []


def test_the_index_follows_a_change_of_name(clinic: Clinic) -> None:
    renamed = patients.get(clinic.reception, on_file(clinic, "山本", "ヤマモト", "花", "ハナ"))
    patients.update(clinic.reception, renamed.id, renamed.version, {"family_name": "鈴木", "family_kana": "スズキ"})
    assert found(clinic.reception, "ヤマモト") == []
    assert found(clinic.reception, "スズキ") == found(clinic.reception, "鈴木") == [renamed.id]


def test_of_two_who_come_to_bear_one_name_both_are_marked(clinic: Clinic) -> None:
    other = on_file(clinic, "鈴木", "スズキ", "花", "ハナ")
    renamed = patients.get(clinic.reception, on_file(clinic, "山本", "ヤマモト", "花", "ハナ"))
    patients.update(clinic.reception, renamed.id, renamed.version, {"family_name": "鈴木", "family_kana": "スズキ"})
    assert [patients.get(clinic.reception, one).same_name for one in (other, renamed.id)] == [True, True]


def test_another_organisation_is_not_searched(clinic: Clinic) -> None:
    stranger = build_clinic("kobe", suffix="-kobe")
    on_file(clinic, "林", "ハヤシ", "凛", "リン")
    assert found(stranger.reception, "林") == found(stranger.reception, "ハヤシ") == []
    assert doubles.of_name(stranger.reception, LAN | {"family_name": "林", "given_name": "凛"}) == []


@pytest.fixture
def crowd(clinic: Clinic) -> Clinic:
    """Put three thousand patients on file, each tenth of one name."""
    rows = [
        {"organisation_id": clinic.reception.organisation_id, "number": f"{n:06d}", "created_at": clock.now(),
         "family_name": "佐藤", "given_name": "", "search_key": f"|{'佐藤|サトウ' if n % 10 == 0 else f'名{n}|ナ{n}'}|"}
        for n in range(3000)
    ]  # fmt: skip

    @verb
    def move_in(actor: Actor) -> None:
        session.execute(insert(Patient), rows)
        record(actor, "demonstration_loaded", encounters=0)
        session.connection().exec_driver_sql("ANALYZE")

    move_in(clinic.admin)
    return clinic


def test_of_a_name_that_hundreds_bear_some_are_shown_and_more_is_asked_for(crowd: Clinic) -> None:
    result = lookup.search(crowd.reception, "サトウ")
    assert (len(result.patients), result.more) == (lookup.SHOWN, True)


def test_who_fits_better_is_shown_first_however_few_and_those_who_fit_less_follow(crowd: Clinic) -> None:
    exact = on_file(crowd, "名", "ナ")
    shown = found(crowd.reception, "名")
    assert shown[0] == exact
    assert len(shown) == lookup.SHOWN
    only = on_file(crowd, "安佐久間", "アンサクマ")
    assert found(crowd.reception, "佐久間") == [only]  # nobody begins so: looked for inside


def test_a_search_is_planned_for_what_is_typed_each_time(crowd: Clinic) -> None:
    database = session.get_bind()
    for words in ["ヌヌヌ", "佐藤", "ヌヌ ネネ"] * 6:
        lookup.search(crowd.reception, words)
    if database.dialect.name == "postgresql":
        kept = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %(what)s"
        asked = session.connection().exec_driver_sql(kept, {"what": "%SELECT%search_key%LIKE%"}).scalar_one()
        assert asked == 0


def reads_every_patient(query: Any) -> bool:
    """Tell whether the database would answer by reading all patients, instead of the index of names."""
    steps = plan(query)
    return "trigram" not in steps or bool(re.search(r"Seq Scan on patient|SCAN patient\b", steps))


def test_names_are_read_from_the_trigram_index(crowd: Clinic) -> None:
    prefer_indexes()
    for words in ("山本", "林", "リ", "ヤマモト カズオ", "sato y", "モトカ"):
        terms = read(words)
        query = lookup.matching(crowd.reception, lookup.kinds(terms)).limit(9)
        assert not reads_every_patient(query.params(lookup.values(terms))), words
    keys = [["|山本和夫|", "|ヤマモトカズオ|"]]
    bearers = name_index.bearers(crowd.reception, "whole", name_index.count(keys))
    assert not reads_every_patient(bearers.params(name_index.values("whole", keys)))


def test_a_query_around_the_index_is_seen_to_read_every_patient(crowd: Clinic) -> None:
    prefer_indexes()
    assert reads_every_patient(select(Patient).where(func.lower(Patient.search_key).contains("|山本")))


# --- indexes -------------------------------------------------------------------------------------------------------


def prefer_indexes() -> None:
    """Let PostgreSQL use an index on a table so small that reading it would be cheaper."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")


def plan(query: Any) -> str:
    """Return how the database means to answer the query."""
    bind = session.get_bind()
    text = str(query.compile(bind, compile_kwargs={"literal_binds": True}))
    word = "EXPLAIN QUERY PLAN" if bind.dialect.name == "sqlite" else "EXPLAIN"
    text = text if bind.dialect.name == "sqlite" else text.replace("%", "%%")
    return " ".join(str(row) for row in session.connection().exec_driver_sql(f"{word} {text}"))


def test_birth_date_and_number_are_read_from_an_index(clinic: Clinic) -> None:
    prefer_indexes()
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
    leave_unseen(clinic.reception, gone.id, gone.version, "went home")
    assert [visit.id for visit in desk.look(clinic.reception).arrivals] == visits[-2 : -desk.ARRIVALS - 2 : -1]
    assert list(desk.look(clinic.admin).arrivals) == []
