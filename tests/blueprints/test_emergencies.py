"""The emergency in the browser: raised in two actions, one panel, and nobody lowers it alone, whatever is posted."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.builders import Clinic, as_answers, build_clinic, wait
from tests.services.test_triage import later
from triage import clock, db, knowledge
from triage.models import AuditEvent, Emergency, Encounter
from triage.services import advice, claims, emergencies, encounters, intakes

SignIn = Callable[[str], FlaskClient]
QUESTIONS = [question.id for question in knowledge.load().urgent_questions]
HOSPITAL, OTHER_HOSPITAL = [hospital for hospital in knowledge.load().hospitals if hospital.mri][:2]
POSTS = ("emergency/acknowledgement", "emergency/steps", "emergency/withdrawal", "emergency/withdrawal/decision")


def url(encounter: Encounter, what: str = "emergency") -> str:
    return f"/encounters/{encounter.id}/{what}"


def alarm(encounter: Encounter) -> Emergency:
    query = select(Emergency).where(Emergency.encounter_id == encounter.id).order_by(Emergency.opened_at.desc())
    return db.session.scalars(query.execution_options(populate_existing=True)).all()[0]


def raised(clinic: Clinic, **patient: Any) -> Encounter:
    encounter = wait(clinic.reception, **patient)
    emergencies.raise_(clinic.reception, encounter.id, "grey, sweating")
    return encounters.get(clinic.nurse, encounter.id)


def stands(clinic: Clinic, encounter: Encounter) -> bool:
    now = encounters.get(clinic.nurse, encounter.id)
    return now.stage == "emergency" and now.is_emergency


def proposal(page: str) -> dict[str, str]:
    """Return the hidden fields of the form with which a second person answers the proposal."""
    form = page[page.index("withdrawal/decision") :]
    return dict(re.findall(r'<input type="hidden" name="(proposal|version)" value="([^"]*)"', form)[:2])


# Raising


@pytest.mark.parametrize("who", ["reception", "nurse", "surgeon", "radiographer"])
def test_anyone_at_work_on_the_patient_raises_with_an_empty_form_against_a_foreign_claim(
    clinic: Clinic, signed_in: SignIn, who: str
) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse2, encounter.id)
    client = signed_in(who)
    page = client.get(url(encounter)).text
    assert re.search(r'<summary[^>]*data-key="E"', page)
    assert "Raise now" in page
    answer = client.post(url(encounter))
    assert (answer.status_code, answer.location) == (303, url(encounter))
    assert stands(clinic, encounter)


@pytest.mark.parametrize(
    "note", ["x" * 100_000, "nul \x00 inside", "<script>alert(1)</script>", "{{ 7*7 }}", "🚑 急変"]
)
def test_no_note_stands_in_the_way_and_none_is_run(clinic: Clinic, signed_in: SignIn, note: str) -> None:
    encounter = wait(clinic.reception)
    client = signed_in("reception")
    assert client.post(url(encounter), data={"note": note}).status_code == 303
    page = client.get(url(encounter)).text
    assert "<script>alert" not in page
    assert stands(clinic, encounter)


def test_the_button_is_on_the_sheet_and_the_intake_and_leads_to_the_panel_once_it_is_raised(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception)
    nurse = signed_in("nurse")
    for page in ("triage", "intake"):
        assert f'action="{url(encounter)}"' in nurse.get(url(encounter, page)).text
    emergencies.raise_(clinic.reception, encounter.id)
    for page in ("triage", "intake"):
        assert f'href="{url(encounter)}"' in nurse.get(url(encounter, page)).text


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_who_opens_no_record_sees_no_panel(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    encounter = raised(clinic)
    client = signed_in(who)
    for what in ("emergency", "emergency/panel", "emergency/transfer-sheet"):
        assert client.get(url(encounter, what)).status_code == 403
    for what in ("emergency", *POSTS):
        assert client.post(url(encounter, what)).status_code == 403


# The panel


def test_the_panel_says_whom_to_call_what_to_do_and_why(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, {QUESTIONS[0]: True})
    page = signed_in("nurse").get(url(encounter)).text
    known, suggestion = knowledge.load(), advice.suggest(clinic.site_id, intakes.answers_of(encounter))
    for hospital in known.hospitals:
        assert (hospital.phone in page) == hospital.mri
    assert all(known.actions[action].label("en") in page for action in suggestion.actions)
    assert suggestion.actions
    assert all(reason.rule in page for reason in suggestion.reasons)
    assert "Nobody has taken it on yet." in page
    assert f"{len(QUESTIONS) - 1} urgent questions are not answered." in page


def test_after_two_minutes_it_says_who_was_alerted(
    clinic: Clinic, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    encounter, nurse = raised(clinic), signed_in("nurse")
    assert "lead nurse and surgeons alerted" not in nurse.get(url(encounter)).text
    later(monkeypatch, minutes=2, seconds=1)
    assert "lead nurse and surgeons alerted" in nurse.get(url(encounter)).text
    nurse.post(url(encounter, "emergency/acknowledgement"))
    page = nurse.get(url(encounter)).text
    assert "lead nurse and surgeons alerted" not in page
    assert clinic.nurse.name in page


def test_the_panel_refreshes_itself_only_when_something_changed(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = raised(clinic), signed_in("nurse")
    rev = re.search(r"emergency/panel\?rev=([\w.%]+)", nurse.get(url(encounter)).text)
    assert rev
    quiet = nurse.get(url(encounter, f"emergency/panel?rev={rev[1]}"), headers={"X-Background": "1"})
    assert (quiet.status_code, quiet.data) == (204, b"")
    emergencies.acknowledge(clinic.surgeon, encounter.id)
    assert clinic.surgeon.name in nurse.get(url(encounter, f"emergency/panel?rev={rev[1]}")).text


def test_called_accepted_left_with_one_button_each(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = raised(clinic), signed_in("nurse")
    steps = url(encounter, "emergency/steps")
    for data in ({"step": "called", "hospital": HOSPITAL.id}, {"step": "accepted"}, {"step": "left"}):
        version = {"version": alarm(encounter).version}
        assert nurse.post(steps, data=data | version).status_code == 303
    assert (alarm(encounter).outcome, alarm(encounter).hospital) == ("left", HOSPITAL.id)
    page = nurse.get(url(encounter)).text
    assert "The patient has left" in page
    assert steps not in page


def test_a_time_that_cannot_be_is_refused_at_its_field(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = raised(clinic), signed_in("nurse")
    data = {"step": "called", "hospital": OTHER_HOSPITAL.id, "version": alarm(encounter).version}
    for typed in ("25:00", "9h", "99999999999", "\x00"):
        answer = nurse.post(url(encounter, "emergency/steps"), data=data | {"at": typed})
        assert answer.status_code == 422
        assert "Enter the time as hours and minutes" in answer.text
    answer = nurse.post(url(encounter, "emergency/steps"), data=data | {"at": "9h"})
    assert 'value="9h"' in answer.text
    assert re.search(rf'value="{OTHER_HOSPITAL.id}" selected', answer.text)
    early = (clock.now() - timedelta(hours=2)).astimezone(ZoneInfo(clinic.nurse.time_zone))
    answer = nurse.post(url(encounter, "emergency/steps"), data=data | {"at": f"{early:%H:%M}"})
    assert (answer.status_code, alarm(encounter).called_at) == (422, None)


def test_a_time_is_read_on_the_sites_clock(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = raised(clinic), signed_in("nurse")
    local = clock.now().astimezone(ZoneInfo(clinic.nurse.time_zone))
    data = {"step": "called", "hospital": HOSPITAL.id, "version": alarm(encounter).version}
    assert nurse.post(url(encounter, "emergency/steps"), data=data | {"at": f"{local:%H%M}"}).status_code == 303
    assert alarm(encounter).called_at == local.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    "data",
    [
        {"step": "closed"},
        {"step": ""},
        {"step": "left"},
        {"step": "accepted"},
        {"step": "called", "hospital": "nowhere"},
        {"step": "called", "hospital": "\x00"},
    ],
)
def test_no_other_step_ends_it(clinic: Clinic, signed_in: SignIn, data: dict[str, str]) -> None:
    encounter = raised(clinic)
    assert signed_in("nurse").post(url(encounter, "emergency/steps"), data=data).status_code == 422
    assert stands(clinic, encounter)


# Taking it back


def test_one_proposes_the_other_sees_who_when_and_why_and_agrees(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse, surgeon = raised(clinic), signed_in("nurse"), signed_in("surgeon")
    assert nurse.post(url(encounter, "emergency/withdrawal"), data={"reason": "wrong patient"}).status_code == 303
    own = nurse.get(url(encounter)).text
    assert "Agree: no emergency" not in own
    assert "Drop my proposal" in own
    for page in (url(encounter), url(encounter, "triage")):
        seen = surgeon.get(page).text
        assert f"{clinic.nurse.name}" in seen
        assert "wrong patient" in seen
        assert "Agree: no emergency" in seen
    data = proposal(surgeon.get(url(encounter)).text) | {"answer": "agree"}
    answer = surgeon.post(url(encounter, "emergency/withdrawal/decision"), data=data)
    assert (answer.status_code, answer.location) == (303, url(encounter, "triage"))
    assert not stands(clinic, encounter)


def test_who_proposed_cannot_agree_by_posting_the_others_form(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = raised(clinic), signed_in("nurse")
    nurse.post(url(encounter, "emergency/withdrawal"), data={"reason": "wrong patient"})
    data = proposal(signed_in("surgeon").get(url(encounter)).text) | {"answer": "agree"}
    answer = nurse.post(url(encounter, "emergency/withdrawal/decision"), data=data)
    assert answer.status_code == 403
    assert "cannot also agree" in answer.text
    assert stands(clinic, encounter)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"answer": ""}, 422),
        ({"answer": "yes"}, 422),
        ({"proposal": ""}, 422),
        ({"proposal": "another"}, 409),
        ({"version": ""}, 422),
        ({"version": "9" * 40}, 409),
        ({"version": "-1"}, 409),
    ],
)
def test_a_forged_or_old_agreement_agrees_to_nothing(
    clinic: Clinic, signed_in: SignIn, change: dict[str, str], status: int
) -> None:
    encounter, surgeon = raised(clinic), signed_in("surgeon")
    emergencies.propose_withdrawal(clinic.nurse, encounter.id, "wrong patient")
    data = proposal(surgeon.get(url(encounter)).text) | {"answer": "agree"} | change
    assert surgeon.post(url(encounter, "emergency/withdrawal/decision"), data=data).status_code == status
    assert stands(clinic, encounter)


def test_an_answer_that_came_after_the_page_must_be_seen_before_anyone_agrees(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter, surgeon = raised(clinic), signed_in("surgeon")
    emergencies.propose_withdrawal(clinic.nurse, encounter.id, "wrong patient")
    data = proposal(surgeon.get(url(encounter)).text) | {"answer": "agree"}
    intakes.record_answers(clinic.reception, encounter.id, as_answers({QUESTIONS[7]: False}))
    assert surgeon.post(url(encounter, "emergency/withdrawal/decision"), data=data).status_code == 409
    assert stands(clinic, encounter)


def test_a_proposal_without_a_reason_is_refused_and_one_with_too_much_text_too(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter, nurse = raised(clinic), signed_in("nurse")
    for reason in ("", "   ", "x" * 5000, "nul\x00"):
        answer = nurse.post(url(encounter, "emergency/withdrawal"), data={"reason": reason})
        assert answer.status_code == 422
    assert emergencies.find_proposal(alarm(encounter)) is None


@pytest.mark.parametrize("who", ["reception", "radiographer"])
@pytest.mark.parametrize("what", POSTS)
def test_the_desk_and_the_radiographer_raise_and_lower_nothing(
    clinic: Clinic, signed_in: SignIn, who: str, what: str
) -> None:
    encounter = raised(clinic)
    emergencies.propose_withdrawal(clinic.nurse, encounter.id, "wrong patient")
    data = proposal(signed_in("surgeon").get(url(encounter)).text) | {"answer": "agree", "reason": "x", "step": "left"}
    client = signed_in(who)
    assert what not in client.get(url(encounter)).text
    assert client.post(url(encounter, what), data=data).status_code == 403
    assert stands(clinic, encounter)


@pytest.mark.parametrize("who", ["nurse", "nurse2", "surgeon", "surgeon2"])
def test_no_single_person_lowers_it_at_any_address(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    encounter = wait(clinic.reception, {QUESTIONS[0]: True})
    client = signed_in(who)
    version = str(encounters.get(clinic.nurse, encounter.id).version)
    tries: list[tuple[str, dict[str, str]]] = [
        ("decision", {"act": "override", "version": version, "acuity": "5", "route": "ct", "reason": "other"}),
        ("decision", {"act": "accept", "version": version, "shown_level": "5", "shown_route": "conservative_first"}),
        ("recall", {}),
        ("departure", {"version": version, "reason": "other", "note": "went home"}),
        ("day-end", {"version": version, "choice": "finished:doctor_sent_home"}),
        ("findings", {f"a.{QUESTIONS[0]}": "no", f"w.{QUESTIONS[0]}": "yes", "place": "sheet"}),
        ("findings", {f"a.{QUESTIONS[0]}": "", f"w.{QUESTIONS[0]}": "yes", "place": "sheet"}),
        ("findings", {f"a.{QUESTIONS[0]}": "unknown", f"w.{QUESTIONS[0]}": "yes", "place": "intake"}),
        ("intake", {}),
        ("emergency/steps", {"step": "left"}),
        ("emergency/withdrawal/decision", {"answer": "agree", "proposal": "x", "version": version}),
    ]
    for what, data in tries:
        client.post(url(encounter, what), data=data)
        assert stands(clinic, encounter), what


def test_another_sites_people_neither_see_nor_touch_it(clinic: Clinic, signed_in: SignIn) -> None:
    build_clinic("osaka", clinic.nurse.organisation_id, "_o")
    encounter, other = raised(clinic), signed_in("nurse_o")
    for what in ("emergency", "emergency/panel", "emergency/transfer-sheet"):
        assert other.get(url(encounter, what)).status_code == 404
    data = {"reason": "x", "step": "called", "hospital": HOSPITAL.id, "answer": "refuse", "proposal": "x", "version": 1}
    for what in ("emergency", *POSTS):
        assert other.post(url(encounter, what), data=data).status_code == 404


# The transfer sheet


def test_the_transfer_sheet_says_what_the_hospital_needs_and_its_printing_is_recorded(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(
        clinic.reception, {QUESTIONS[0]: True, QUESTIONS[5]: False, QUESTIONS[7]: "not known"},
        anticoagulant="warfarin", allergies="penicillin", medicines="prednisolone",
    )  # fmt: skip
    emergencies.record_step(clinic.surgeon, encounter.id, "called", HOSPITAL.id)
    page = signed_in("nurse").get(url(encounter, "emergency/transfer-sheet")).text
    known = knowledge.load()
    needed = (
        encounter.patient.family_name, "warfarin", "penicillin", "prednisolone", "not recorded: ask before MRI",
        HOSPITAL.label("en"), HOSPITAL.phone, clinic.surgeon.name, known.urgent_questions[7].question("en"),
        known.findings[known.urgent_questions[5].findings[0]].label("en"),
    )  # fmt: skip
    for text in needed:
        assert text in page
    printed = select(func.count()).where(AuditEvent.name == "printed", AuditEvent.encounter_id == encounter.id)
    assert db.session.scalar(printed) == 1
