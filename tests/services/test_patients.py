"""Patients at the desk: found by whatever is known, on file once, changed without losing what others changed."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.builders import Clinic, build_clinic, wait
from triage import knowledge
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import Conflict, DomainError, Invalid, NotFound, Stale
from triage.models import AuditEvent, AuditPayload, Draft, Encounter, Patient
from triage.services import desk, doubles, drafts, encounters, lookup, patients

BORN = date(1963, 7, 30)


def values(**given: Any) -> dict[str, Any]:
    """Return the columns of a patient as the desk's form gives them."""
    plain = {
        "family_name": "山本", "given_name": "和夫", "family_kana": "ヤマモト", "given_kana": "カズオ",
        "birth_date": BORN, "sex": "male", "phone": "", "allergies": "",
    }  # fmt: skip
    return plain | given


def add(actor: Actor, different: tuple[str, ...] = (), **given: Any) -> Patient:
    """Put a patient on file."""
    return patients.get(actor, patients.create(actor, values(**given), {}, "", different))


def found(actor: Actor, text: str) -> set[str]:
    """Return the ids that a search shows."""
    return {patient.id for patient in lookup.search(actor, text).patients}


def events(name: str) -> list[dict[str, Any]]:
    """Return the payloads of an audit event, in order."""
    session.close()  # a read is recorded beside this session, after what it has seen
    query = select(AuditPayload.body).join(AuditEvent, AuditEvent.id == AuditPayload.event_id)
    return list(session.scalars(query.where(AuditEvent.name == name).order_by(AuditEvent.sequence)))


# --- finding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "S380730", "3380730", "昭和38年7月30日", "１９６３０７３０", "ヤマモト", "ﾔﾏﾓﾄ", "やまもと カズオ",
        "yamamoto", "kazuo",
        "山本", "和夫山本", "ヤマモト S380730", "000001", "1",
    ],
)  # fmt: skip
def test_a_patient_is_found_by_date_reading_name_or_number(clinic: Clinic, typed: str) -> None:
    wanted = add(clinic.reception)
    add(
        clinic.reception,
        family_name="小林",
        given_name="由紀",
        family_kana="コバヤシ",
        given_kana="ユキ",
        birth_date=None,
    )
    assert found(clinic.reception, typed) == {wanted.id}


def test_a_patient_who_is_here_is_found_by_the_ticket_and_shown_as_here(clinic: Clinic) -> None:
    person = add(clinic.reception)
    encounter_id = encounters.check_in(clinic.reception, person.id, "")
    ticket = encounters.get(clinic.reception, encounter_id).ticket
    result = lookup.search(clinic.nurse, ticket.lower())
    assert [patient.id for patient in result.patients] == [person.id]
    assert result.here[person.id].ticket == ticket


def test_a_patient_is_found_by_the_number_an_insurer_or_hospital_gave(clinic: Clinic) -> None:
    made = patients.create(clinic.reception, values(), {"insurer": "12345678", "referrer": "AB-77"}, "")
    assert found(clinic.reception, "12345678") == {made}
    assert found(clinic.reception, "１２３４５６７８") == {made}


def test_a_number_that_also_reads_as_a_date_finds_both(clinic: Clinic) -> None:
    born = add(clinic.reception)
    insured = patients.create(
        clinic.reception,
        values(family_name="小林", family_kana="コバヤシ", birth_date=None),
        {"insurer": "19630730"},
        "",
    )
    assert found(clinic.reception, "19630730") == {born.id, insured}


def test_the_whole_name_stands_before_longer_names_and_many_hits_ask_for_more(clinic: Clinic) -> None:
    for n in range(9):
        add(clinic.reception, family_name="山", given_name=f"太{'一二三四五六七八九'[n]}", family_kana="ヤマアラシ",
            given_kana="アイウエオカキクケ"[n] * 3, birth_date=date(1950 + n, 1, 1))  # fmt: skip
    exact = add(
        clinic.reception, family_name="八馬", given_name="実", family_kana="ヤマ", given_kana="ミノル", birth_date=None
    )
    result = lookup.search(clinic.reception, "ヤマ")
    assert result.patients[0].id == exact.id
    assert (len(result.patients), result.more) == (lookup.SHOWN, True)


def test_every_search_is_recorded_with_its_words_and_how_many_were_shown(clinic: Clinic) -> None:
    add(clinic.reception)
    lookup.search(clinic.surgeon, "ﾔﾏﾓﾄ")
    lookup.search(clinic.surgeon, "S010101")
    lookup.search(clinic.surgeon, "   ")
    assert events("patients_searched") == [{"words": "ヤマモト", "found": 1}, {"words": "S010101", "found": 0}]


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_administrators_and_auditors_find_and_open_nobody(clinic: Clinic, who: str) -> None:
    person = add(clinic.reception)
    assert found(clinic.people[who], "ヤマモト") == set()
    with pytest.raises(NotFound):
        patients.open_(clinic.people[who], person.id, "record")


def test_patients_of_another_organisation_do_not_exist(clinic: Clinic) -> None:
    person = add(clinic.reception)
    other = build_clinic("osaka", suffix="-o")
    assert found(other.reception, "ヤマモト") == set()
    assert doubles.find_alike(other.reception, values()) == []
    for attempt in (
        lambda: patients.open_(other.reception, person.id, "record"),
        lambda: patients.update(other.reception, person.id, 1, values()),
        lambda: encounters.check_in(other.reception, person.id, ""),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_second_site_shares_the_patients_and_the_numbers(clinic: Clinic) -> None:
    first = add(clinic.reception)
    branch = build_clinic("branch", clinic.reception.organisation_id, "-b")
    second = add(branch.reception, family_name="小林", family_kana="コバヤシ", birth_date=None)
    assert found(branch.reception, "ヤマモト") == {first.id}
    assert [first.number, second.number] == ["000001", "000002"]


@pytest.mark.parametrize(
    "typed", ["\x00", "a\x00b", "%", "|", "'; DROP TABLE patient; --", "ﾔ" * 5000, "９" * 400, "\ud800"]
)
def test_no_text_breaks_the_search(clinic: Clinic, typed: str) -> None:
    add(clinic.reception)
    assert found(clinic.reception, typed) == set()


# --- making --------------------------------------------------------------------------------------------------------


def test_a_new_patient_gets_the_next_number_and_is_recorded(clinic: Clinic) -> None:
    add(clinic.reception, family_name="小林", family_kana="コバヤシ", birth_date=None)
    person = add(clinic.nurse)
    assert person.number == "000002"
    assert events("patient_created")[-1] == {"number": "000002"}
    assert person.updated_by == "Nurse"


def test_the_same_form_sent_twice_is_one_patient_and_one_visit(clinic: Clinic) -> None:
    once = patients.create(clinic.reception, values(), {}, "form-1")
    assert patients.create(clinic.reception, values(), {}, "form-1") == once
    visit = patients.create_and_check_in(clinic.reception, values(), {}, "form-1")
    assert patients.create_and_check_in(clinic.reception, values(), {}, "form-1") == visit
    assert encounters.get(clinic.reception, visit).patient_id == once
    assert session.scalar(select(func.count()).select_from(Patient)) == 1


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment, each as a person at a desk of its own; a refusal counts as a result."""
    results: list[Any] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(n: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[n] = act()
        except DomainError as error:
            results[n] = error.code
        finally:
            session.remove()

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_double_click_in_two_threads_makes_one_patient_and_one_ticket(clinic: Clinic) -> None:
    press = lambda: patients.create_and_check_in(clinic.reception, values(), {}, "double")  # noqa: E731
    assert len(set(together(press, press, press, press))) == 1
    assert session.scalar(select(func.count()).select_from(Patient)) == 1
    assert session.scalar(select(func.count()).select_from(Encounter)) == 1


def test_two_desks_that_enter_one_person_at_once_make_one_record(clinic: Clinic) -> None:
    results = together(
        lambda: patients.create(clinic.reception, values(), {}, "desk-1"),
        lambda: patients.create(clinic.nurse, values(), {}, "desk-2"),
    )
    assert "maybe_on_file" in results
    assert session.scalar(select(func.count()).select_from(Patient)) == 1


def test_two_sites_that_add_people_at_once_give_two_numbers(clinic: Clinic) -> None:
    branch = build_clinic("branch", clinic.reception.organisation_id, "-b")
    other = values(family_name="小林", given_name="由紀", family_kana="コバヤシ", given_kana="ユキ", birth_date=None)
    made = together(
        lambda: patients.create(clinic.reception, values(), {}, "a"),
        lambda: patients.create(branch.reception, other, {}, "b"),
    )
    assert {patients.get(clinic.reception, one).number for one in made} == {"000001", "000002"}


def test_a_double_check_in_in_two_threads_opens_one_visit(clinic: Clinic) -> None:
    person = add(clinic.reception)
    same = together(*[lambda: encounters.check_in(clinic.reception, person.id, "press")] * 3)
    assert len(set(same)) == 1
    assert together(*[lambda: encounters.check_in(clinic.nurse, person.id, "")] * 2) == ["already_open"] * 2


# --- the same person? ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        {"family_name": "山元"},  # other kanji, same reading
        {"family_kana": "ヤマモド"},  # a slip of the key
        {"family_name": "和夫", "given_name": "山本", "family_kana": "カズオ", "given_kana": "ヤマモト"},  # swapped
        {"family_kana": "", "given_kana": ""},
        {"family_name": "ヤマモト", "given_name": "カズオ", "family_kana": "", "given_kana": "", "birth_date": None},
        {"birth_date": date(1964, 7, 30)},  # same full name, birth date mistyped
        {"birth_date": None},
        {
            "family_name": "村井",
            "given_name": "誠",
            "family_kana": "ムライ",
            "given_kana": "マコト",
            "phone": "0742-00-0000",
        },
    ],
)
def test_who_may_be_on_file_already_is_not_added_without_a_decision(clinic: Clinic, typed: dict[str, Any]) -> None:
    known = add(clinic.reception, phone="0742-00-0000")
    with pytest.raises(Conflict, match="maybe_on_file"):
        patients.create(clinic.reception, values(**typed), {}, "")
    assert [other.id for other in doubles.find_alike(clinic.reception, values(**typed))] == [known.id]


def test_a_different_person_is_added_once_decided_and_both_are_marked_for_good(clinic: Clinic) -> None:
    known = add(clinic.reception)
    second = add(clinic.reception, (known.id,), birth_date=date(1980, 1, 1))
    first = patients.get(clinic.reception, known.id)
    assert first.same_name
    assert second.same_name
    assert {"before": {"same_name": False}, "after": {"same_name": True}} in events("patient_changed")


def test_a_decision_about_one_person_says_nothing_about_another(clinic: Clinic) -> None:
    known = add(clinic.reception)
    second = add(clinic.reception, (known.id,), birth_date=date(1980, 1, 1))
    with pytest.raises(Conflict, match="maybe_on_file"):
        add(clinic.reception, (known.id,), birth_date=date(1990, 1, 1))
    assert add(clinic.reception, (known.id, second.id), birth_date=date(1990, 1, 1)).same_name


def test_somebody_else_born_the_same_day_is_added_without_a_question(clinic: Clinic) -> None:
    add(clinic.reception)
    other = add(clinic.reception, family_name="小林", given_name="由紀", family_kana="コバヤシ", given_kana="ユキ")
    assert not other.same_name


def test_two_people_cannot_bear_one_insurance_number(clinic: Clinic) -> None:
    patients.create(clinic.reception, values(), {"insurer": "777"}, "")
    other = values(family_name="小林", given_name="由紀", family_kana="コバヤシ", given_kana="ユキ")
    with pytest.raises(Invalid) as refused:
        patients.create(clinic.reception, other, {"insurer": "777"}, "")
    assert refused.value.fields == {"insurer": "number_taken"}
    assert session.scalar(select(func.count()).select_from(Patient)) == 1


# --- changing ------------------------------------------------------------------------------------------------------


def test_a_change_keeps_before_and_after_in_the_audit(clinic: Clinic) -> None:
    person = patients.get(clinic.reception, patients.create(clinic.reception, values(), {"insurer": "1"}, ""))
    patients.update(clinic.nurse, person.id, 1, values(allergies="ペニシリン"), {"insurer": "2"})
    assert events("patient_changed") == [
        {"before": {"allergies": "", "insurer": "1"}, "after": {"allergies": "ペニシリン", "insurer": "2"}}
    ]
    assert found(clinic.reception, "2") == {person.id}


def test_a_page_older_than_the_record_changes_nothing_and_says_who_was_faster(clinic: Clinic) -> None:
    person = add(clinic.reception)
    patients.update(clinic.nurse, person.id, person.version, values(allergies="ペニシリン"))
    with pytest.raises(Stale) as stale:
        patients.update(clinic.reception, person.id, person.version, values(phone="0742-00-0000"))
    assert stale.value.by == "Nurse"
    assert stale.value.current["allergies"] == "ペニシリン"
    assert patients.get(clinic.reception, person.id).phone == ""


def test_of_two_changes_at_once_one_is_kept_and_the_other_is_told(clinic: Clinic) -> None:
    person = add(clinic.reception)
    results = together(
        lambda: patients.update(clinic.reception, person.id, 1, values(phone="1")),
        lambda: patients.update(clinic.nurse, person.id, 1, values(phone="2")),
    )
    assert sorted(map(str, results)) == ["None", "stale"]


def test_a_new_name_is_found_and_the_old_one_is_not(clinic: Clinic) -> None:
    person = add(clinic.reception)
    patients.update(clinic.reception, person.id, 1, values(family_name="鈴木", family_kana="スズキ"))
    assert found(clinic.reception, "suzuki") == {person.id}
    assert found(clinic.reception, "yamamoto") == set()


def test_a_change_of_name_to_anothers_marks_both(clinic: Clinic) -> None:
    known = add(clinic.reception)
    other = add(clinic.reception, family_name="小林", family_kana="コバヤシ", birth_date=date(1990, 1, 1))
    patients.update(clinic.reception, other.id, 1, values(birth_date=date(1990, 1, 1)))
    assert patients.get(clinic.reception, known.id).same_name
    assert patients.get(clinic.reception, other.id).same_name


# --- the desk ------------------------------------------------------------------------------------------------------


def test_what_was_typed_stays_under_the_person_who_typed_it(clinic: Clinic) -> None:
    drafts.save_new_patient(clinic.reception, "one", {"family_name": "林", "request_id": "one"})
    drafts.save_new_patient(clinic.reception, "two", {"family_name": "森", "request_id": "two"})
    assert {draft.body["family_name"] for draft in desk.look(clinic.reception).drafts} == {"林", "森"}
    assert desk.look(clinic.nurse).drafts == []


def test_a_saved_patient_leaves_no_draft_not_even_by_a_late_autosave(clinic: Clinic) -> None:
    drafts.save_new_patient(clinic.reception, "one", {"family_name": "山本"})
    patients.create(clinic.reception, values(), {}, "one")
    drafts.save_new_patient(clinic.reception, "one", {"family_name": "山本"})
    assert session.scalar(select(func.count()).select_from(Draft)) == 0


def test_two_autosaves_of_one_form_at_once_keep_one_draft(clinic: Clinic) -> None:
    save = lambda: drafts.save_new_patient(clinic.reception, "one", {"family_name": "林"})  # noqa: E731
    assert together(save, save, save) == [None] * 3
    assert session.scalar(select(func.count()).select_from(Draft)) == 1


def test_the_waits_are_counted_by_acuity_without_names(clinic: Clinic) -> None:
    wait(clinic.reception)
    question = knowledge.load().urgent_questions[0].id
    wait(clinic.reception, {question: True}, family_name="小林")
    state = desk.look(clinic.reception)
    assert [(w.acuity, w.count, w.longest) for w in state.waits] == [(2, 1, 0), (None, 1, 0)]
    assert (state.arrived_today, state.here) == (2, 2)


def test_the_words_of_an_empty_search_fill_the_new_form() -> None:
    assert desk.read_search("S380730") == {"birth_date": "S380730"}
    assert desk.read_search("ﾔﾏﾓﾄ かずお") == {"family_kana": "ヤマモト", "given_kana": "カズオ"}
    assert desk.read_search("山本 和夫 19630730") == {
        "family_name": "山本", "given_name": "和夫", "birth_date": "19630730",
    }  # fmt: skip
    assert desk.read_search("A012 055433") == {}
    assert desk.read_search("") == {}


def test_visits_carry_their_last_decision(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    visits = patients.list_visits(clinic.surgeon, encounter.patient_id)
    assert [(visit.encounter.id, visit.decision) for visit in visits] == [(encounter.id, None)]
