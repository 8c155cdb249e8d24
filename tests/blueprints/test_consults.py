"""The surgeon in the browser: everything that waits on one page, one case on one screen, and the signature."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.builders import Clinic, as_answers, build_clinic
from tests.decisions import posted
from tests.services.test_consults import CONSERVATIVE, PROCEDURE, at_stage, now
from tests.services.test_consults import decide as sign
from tests.services.test_examinations import two_visits
from tests.services.test_imaging import asked, completed
from tests.services.test_triage import later
from triage import clock, db, knowledge
from triage.models import AuditEvent, Encounter
from triage.services import consults, emergencies, encounters, imaging, intakes, orders

SignIn = Callable[[str], FlaskClient]
PLAN = posted(CONSERVATIVE)
MED = posted(PROCEDURE)


def review_of(encounter: Encounter) -> str:
    return f"/consults/{encounter.id}"


def post(browser: FlaskClient, encounter: Encounter, data: dict[str, str], version: int | None = None) -> Any:
    """Post the decision as the page that shows this encounter would."""
    shown = str(encounter.version if version is None else version)
    return browser.post(f"{review_of(encounter)}/decision", data={"version": shown} | data)


def plain(page: str) -> str:
    """Return the words of a page, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def seen(encounter: Encounter, name: str) -> int:
    query = select(func.count()).where(AuditEvent.encounter_id == encounter.id, AuditEvent.name == name)
    return db.session.scalar(query) or 0


# The lists


def test_everything_that_waits_for_a_surgeon_is_on_one_page(clinic: Clinic, signed_in: SignIn) -> None:
    review, confirm = at_stage(clinic, "review"), at_stage(clinic, "confirmation")
    alarm = at_stage(clinic, "emergency")
    request, record = asked(clinic), completed(clinic)
    page = signed_in("surgeon").get("/consults").text
    for encounter in (review, confirm):
        assert f'href="/consults/{encounter.id}"' in page
    assert f'href="/encounters/{alarm.id}/emergency"' in page
    assert f'action="/imaging-orders/{request.id}/order"' in page
    assert f'action="/imaging-orders/{record.id}/signature"' in page
    assert page.index(alarm.ticket) < page.index(review.ticket) < page.index(confirm.ticket)


def test_each_list_names_its_limit_and_who_is_over_it(
    clinic: Clinic, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_stage(clinic, "review")
    surgeon = signed_in("surgeon")
    limit = knowledge.load().lists["review"].minutes
    page = surgeon.get("/consults").text
    assert str(limit) in plain(page)
    assert "Over" not in plain(page)
    later(monkeypatch, minutes=limit + 7, seconds=5)
    late = signed_in("surgeon").get("/consults").text
    assert "Over +7" in plain(late)


def test_an_empty_list_says_so(clinic: Clinic, signed_in: SignIn) -> None:
    page = plain(signed_in("surgeon").get("/consults").text)
    assert "No case is waiting for you." in page
    assert "Nothing to confirm." in page


def test_one_press_makes_a_request_an_order_and_leads_back_to_the_list(clinic: Clinic, signed_in: SignIn) -> None:
    request = asked(clinic)
    surgeon = signed_in("surgeon")
    assert f'action="/imaging-orders/{request.id}/order"' in surgeon.get("/consults").text
    data = {"version": str(request.version), "next": "/consults"}
    answer = surgeon.post(f"/imaging-orders/{request.id}/order", data=data)
    assert (answer.status_code, answer.location) == (303, "/consults")
    assert imaging.get(clinic.surgeon, request.id).ordered_by == clinic.surgeon.staff_id
    listed = surgeon.get("/consults").text
    assert f"/imaging-orders/{request.id}/order" not in listed
    assert f"{request.encounter.ticket}: the imaging is ordered." in listed, "its row is gone: something must say so"


@pytest.mark.parametrize("next_page", ["https://example.org/", "//example.org", "/\\example.org", ""])
def test_the_way_back_stays_inside(clinic: Clinic, signed_in: SignIn, next_page: str) -> None:
    request = asked(clinic)
    data = {"version": str(request.version), "next": next_page}
    answer = signed_in("surgeon").post(f"/imaging-orders/{request.id}/order", data=data)
    assert answer.status_code == 303
    assert answer.location.startswith("/imaging")


def test_a_refresh_is_silent_until_something_changes_and_records_no_reading(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    surgeon = signed_in("surgeon")
    rev = re.search(r'name="rev" value="([^"]+)"', surgeon.get("/consults").text.split("consults-lists", 1)[1])
    assert rev
    poll = {"rev": rev[1], "hold": "0"}
    background = {"X-Background": "1", "HX-Request": "true"}
    assert surgeon.get("/consults/rows", query_string=poll, headers=background).status_code == 204
    newcomer = at_stage(clinic, "review")
    answer = surgeon.get("/consults/rows", query_string=poll, headers=background)
    assert answer.status_code == 200
    assert newcomer.ticket in answer.text
    assert not seen(encounter, "patient_opened")


def test_while_a_hand_is_in_the_list_nothing_moves_and_the_strip_says_what_waits(
    clinic: Clinic, signed_in: SignIn
) -> None:
    surgeon = signed_in("surgeon")
    surgeon.get("/consults")
    newcomer = at_stage(clinic, "review")
    poll = {"rev": "0", "hold": "1"}
    held = surgeon.get("/consults/rows", query_string=poll, headers={"HX-Request": "true", "X-Background": "1"}).text
    assert newcomer.id not in held
    assert "data-release" in held


# One case


def test_the_review_shows_who_why_and_what_was_found(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review", medicines="ワルファリン", anticoagulant="ワルファリン", allergies="造影剤")
    treatment = knowledge.load().treatments_tried[0]
    intakes.record_answers(
        clinic.nurse,
        encounter.id,
        as_answers(
            {
                "mrc_l5_right": 3,
                "mrc_l5_left": 5,
                "slr_degrees_right": 40,
                "saddle_sensation": "normal",
                treatment.key: True,
            }
        ),
    )
    intakes.change_details(
        clinic.reception, encounter.id, None, {"complaint": "右足が上がらない", "outside_images": True}
    )
    page = signed_in("surgeon").get(review_of(encounter)).text
    for shown in (
        "右足が上がらない",
        "ワルファリン",
        "造影剤",
        encounter.patient.number,
        encounter.ticket,
        clinic.nurse.name,
    ):
        assert shown in page
    words = plain(page)
    l5 = next(row for row in knowledge.load().myotomes if row.id == "l5")
    assert re.search(rf"{l5.label('en')}\s+3\s+5", words)
    assert re.search(r"40\s*°", words)
    assert treatment.label("en") in words


def test_right_and_left_show_what_they_were_at_the_last_visit_and_since_when(clinic: Clinic, signed_in: SignIn) -> None:
    then = {"mrc_l4_right": 5, "mrc_l4_left": 5, "mrc_l5_right": 4}
    visit = two_visits(clinic, then, {"mrc_l4_right": 3, "mrc_l4_left": 5, "mrc_s1_left": 5})
    page = signed_in("surgeon").get(f"/consults/{visit}?lang=en").text
    table = plain(page[page.index('class="data neuro"') : page.index("</table>", page.index('class="data neuro"'))])
    assert "L4 Ankle dorsiflexion before: 5 → 3 5 ＝ unchanged" in table
    assert "before: 4 → – not examined" in table
    assert table.count("unchanged") == 1, "what was not examined before is not unchanged"
    assert re.search(r"before: \d{1,2} [A-Z][a-z]{2} \d{4}", plain(page)), "and when that was"


def test_imaging_done_is_shown_with_its_exposure(clinic: Clinic, signed_in: SignIn) -> None:
    order = completed(clinic, "imaging_then_specialist")
    page = plain(signed_in("surgeon").get(f"/consults/{order.encounter_id}").text)
    assert "L-spine AP, lateral" in page
    assert re.search(r"4\.2 ?mGy", page)


def test_earlier_visits_and_what_was_decided_then_are_in_the_history(
    clinic: Clinic, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = at_stage(clinic, "review")
    sign(clinic, first, PROCEDURE)
    moment = clock.now() + timedelta(days=40)
    monkeypatch.setattr(clock, "now", lambda: moment)
    again = encounters.check_in(clinic.reception, first.patient_id, "again")
    page = plain(signed_in("surgeon").get(f"/consults/{again}").text)
    assert "Microendoscopic discectomy (MED)" in page
    assert "L4-5" in page


def test_opening_a_case_is_recorded_and_the_title_names_the_ticket_only(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    page = signed_in("surgeon").get(review_of(encounter)).text
    assert seen(encounter, "patient_opened") == 1
    title = re.search(r"<title>(.*?)</title>", page, re.S)
    assert title
    assert encounter.ticket in title[1]
    assert encounter.patient.family_name not in title[1]


def test_next_and_previous_case_are_one_key_away(clinic: Clinic, signed_in: SignIn) -> None:
    first, second = at_stage(clinic, "review"), at_stage(clinic, "confirmation")
    surgeon = signed_in("surgeon")
    assert re.search(rf'href="/consults/{second.id}"[^>]*data-key="n"', surgeon.get(review_of(first)).text)
    assert re.search(rf'href="/consults/{first.id}"[^>]*data-key="b"', surgeon.get(review_of(second)).text)


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("stage", ["review", "confirmation", "emergency", "waiting", "imaging"])
def test_a_case_opens_wherever_the_patient_is(clinic: Clinic, signed_in: SignIn, stage: str, lang: str) -> None:
    encounter = at_stage(clinic, stage)
    answer = signed_in("surgeon").get(review_of(encounter), query_string={"lang": lang})
    assert answer.status_code == 200
    assert ("/decision" in answer.text) == (stage in consults.DECIDABLE)


# The signature


def test_nothing_is_chosen_and_nobody_is_identified_before_the_surgeon_does_it(
    clinic: Clinic, signed_in: SignIn
) -> None:
    page = signed_in("surgeon").get(review_of(at_stage(clinic, "review"))).text
    form = page[page.index("/decision") :]
    assert "checked" not in form.split("</form>", 1)[0]


def test_on_the_list_to_confirm_conservative_care_stands_there_and_only_the_identity_is_missing(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = at_stage(clinic, "confirmation")
    surgeon = signed_in("surgeon")
    page = surgeon.get(review_of(encounter)).text
    assert re.search(r'value="conservative"\s+checked', page)
    note = re.search(r'<textarea[^>]*name="note"[^>]*>\s*(.*?)</textarea>', page, re.S)
    assert note
    assert note[1].strip()
    plan = {"kind": "conservative", "measures": "activity", "weeks": "6", "if_needed": "y"}
    assert re.search(r'name="if_needed"[^>]*checked|checked[^>]*name="if_needed"', page)
    answer = post(surgeon, encounter, plan | {"note": note[1].strip(), "identified": "y"})
    assert answer.status_code == 303
    assert now(clinic, encounter).stage == "finished"


def test_the_signature_repeats_who_the_patient_is(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    page = signed_in("surgeon").get(review_of(encounter)).text
    form = page[page.index("/decision") :].split("</form>", 1)[0]
    for shown in (
        encounter.patient.name,
        encounter.patient.number,
        str(encounter.patient.birth_date),
        encounter.ticket,
    ):
        assert shown in form
    assert 'name="identified"' in form


@pytest.mark.parametrize(
    ("data", "goes_to", "leads_to"),
    [
        (PLAN, "finished", "/consults"),
        (MED, "finished", "/consults"),
        ({"kind": "imaging", "modality": "ct", "identified": "y"}, "imaging", "/consults"),
        ({"kind": "back_to_nurse", "note": "Since when?", "identified": "y"}, "waiting", "/consults"),
        ({"kind": "transfer", "identified": "y"}, "emergency", "emergency"),
    ],
)
def test_each_decision_is_signed_in_one_press(
    clinic: Clinic, signed_in: SignIn, data: dict[str, str], goes_to: str, leads_to: str
) -> None:
    encounter = at_stage(clinic, "review")
    answer = post(signed_in("surgeon"), encounter, data)
    assert answer.status_code == 303
    assert answer.location.endswith(leads_to)
    assert now(clinic, encounter).stage == goes_to


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"note": "kept words"}, "Choose a decision."),
        (PLAN | {"measures": [], "note": "kept words"}, "Choose what is done."),
        (PLAN | {"weeks": "500", "note": "kept words"}, "Give the weeks, 1 to 104."),
        (PLAN | {"review_on": "2001-01-01", "note": "kept words"}, "This day must lie ahead."),
        (MED | {"answer-DISC-P1": "", "note": "kept words"}, "Answer what speaks against it and what is not known."),
        (MED | {"alternatives": [], "note": "kept words"}, "Name what else was considered."),
        ({"kind": "imaging", "note": "kept words", "identified": "y"}, "Choose the imaging."),
        (MED | {"level": "", "note": "kept words"}, "Give the level."),
        (MED | {"side": "", "note": "kept words"}, "Give the side."),
        (MED | {"procedure": "", "note": "kept words"}, "Choose the procedure."),
        ({"kind": "transfer", "note": "kept words"}, "Confirm the patient"),
        (PLAN | {"note": "kept words" + "x" * 5000}, "longer than"),
        (PLAN | {"note": "kept words\x00"}, "cannot be stored"),
    ],
)
def test_what_is_lacking_is_said_and_what_was_typed_stays(
    clinic: Clinic, signed_in: SignIn, data: dict[str, str], said: str
) -> None:
    encounter = at_stage(clinic, "review")
    answer = post(signed_in("surgeon"), encounter, data)
    assert answer.status_code == 422
    assert said in plain(answer.text)
    assert "kept words" in answer.text or not data.get("note", "").strip()
    assert now(clinic, encounter).stage == "review"


def test_an_open_urgent_question_closes_the_way_home_and_says_so(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "confirmation")
    question = knowledge.load().urgent_questions[0].id
    intakes.record_answers(clinic.nurse, encounter.id, {question: None})
    answer = post(signed_in("surgeon"), now(clinic, encounter), PLAN)
    assert answer.status_code == 422
    assert "1 urgent questions are not answered yet" in plain(answer.text)
    assert PLAN["note"] in answer.text


def test_in_an_emergency_only_transfer_and_procedure_are_taken(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "emergency")
    surgeon = signed_in("surgeon")
    refused = post(surgeon, encounter, PLAN)
    assert refused.status_code == 422
    assert "This is an emergency." in plain(refused.text)
    assert post(surgeon, encounter, MED).status_code == 303
    assert now(clinic, encounter).stage == "emergency"


def test_the_second_of_two_surgeons_is_told_who_was_faster_and_keeps_the_words(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({"mrc_l5_right": 3}))
    surgeon = signed_in("surgeon")
    answer = post(surgeon, encounter, PLAN)
    assert answer.status_code == 409
    assert clinic.nurse.name in plain(answer.text)
    assert PLAN["note"] in answer.text
    assert not re.search(r'name="identified"[^>]*checked', answer.text)
    sign(clinic, encounter, CONSERVATIVE, "surgeon2")
    after = post(surgeon, now(clinic, encounter), PLAN)
    assert after.status_code == 409
    assert len(consults.decisions_of(encounter)) == 1


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 30, str(2**63), "1.5", "１"])
def test_a_forged_version_is_refused_and_breaks_nothing(clinic: Clinic, signed_in: SignIn, version: str) -> None:
    encounter = at_stage(clinic, "review")
    answer = signed_in("surgeon").post(f"{review_of(encounter)}/decision", data={"version": version} | PLAN)
    assert answer.status_code in (409, 422)
    assert now(clinic, encounter).stage == "review"


def test_htmx_is_sent_on_and_a_plain_form_too(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    data = {"version": str(encounter.version)} | PLAN
    answer = signed_in("surgeon").post(f"{review_of(encounter)}/decision", data=data, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/consults")


# Who may


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "radiographer", "admin", "auditor"])
def test_nobody_but_a_surgeon_sees_the_list_or_signs(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    encounter = at_stage(clinic, "review")
    browser = signed_in(who)
    for path in ("/consults", "/consults/rows", review_of(encounter), f"{review_of(encounter)}/print"):
        assert browser.get(path).status_code == 403
    assert post(browser, encounter, PLAN).status_code == 403
    assert now(clinic, encounter).stage == "review"


def test_the_list_asks_who_is_there(app: Any) -> None:
    answer = app.test_client().get("/consults")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/consults")


def test_a_case_of_another_site_is_not_there(clinic: Clinic, signed_in: SignIn) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, "_o")
    foreign = at_stage(other, "review")
    surgeon = signed_in("surgeon")
    assert surgeon.get(review_of(foreign)).status_code == 404
    assert post(surgeon, foreign, PLAN).status_code == 404
    assert surgeon.get("/consults/nonsense").status_code == 404


# After it


def test_the_decision_prints_on_a_sheet_and_printing_is_recorded(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    sign(clinic, encounter, PROCEDURE)
    page = signed_in("surgeon").get(f"{review_of(encounter)}/print").text
    for shown in ("paper-a4", "Microendoscopic discectomy (MED)", "L4-5", "Right", "Surgeon", encounter.patient.number):
        assert shown in page
    assert "not recorded: ask before MRI" in page
    assert "Signed by Surgeon" in page
    assert seen(encounter, "printed") == 1


def test_a_finished_case_shows_what_was_signed_and_takes_no_more(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    sign(clinic, encounter, CONSERVATIVE)
    page = signed_in("surgeon").get(review_of(encounter)).text
    assert "Physiotherapy, back in six weeks" in page
    assert f"{review_of(encounter)}/decision" not in page
    assert f"{review_of(encounter)}/print" in page
    assert f'action="/encounters/{encounter.id}/emergency"' not in page


def test_the_question_stands_on_the_nurses_sheet_and_on_the_board(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    question = {"kind": "back_to_nurse", "note": "Since when is the foot weak?", "identified": "y"}
    post(signed_in("surgeon"), encounter, question)
    nurse = signed_in("nurse")
    sheet = nurse.get(f"/encounters/{encounter.id}/triage").text
    assert "Since when is the foot weak?" in sheet
    assert "Surgeon" in sheet
    assert "Since when is the foot weak?" in nurse.get("/board").text


def test_what_the_surgeon_ordered_is_next_on_the_imaging_list(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    post(signed_in("surgeon"), encounter, {"kind": "imaging", "modality": "ct", "note": "L4/5", "identified": "y"})
    order = orders.orders_of(encounter)[-1]
    page = signed_in("radiographer").get("/imaging", query_string={"modality": "ct"}).text
    assert f"/imaging-orders/{order.id}/start" in page


def test_raising_to_emergency_is_on_the_page_too(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    surgeon = signed_in("surgeon")
    assert f'action="/encounters/{encounter.id}/emergency"' in surgeon.get(review_of(encounter)).text
    assert surgeon.post(f"/encounters/{encounter.id}/emergency").status_code == 303
    assert emergencies.find_open(now(clinic, encounter)) is not None
