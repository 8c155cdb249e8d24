"""The imaging list in the browser: the one next action of a row, refusals at their field, who may press what."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, build_clinic
from tests.services.test_imaging import again, asked, completed, ordered, stage, started
from triage.models import ImagingOrder
from triage.services import emergencies, encounters

SignIn = Callable[[str], FlaskClient]
TWO = {"identity": ["name", "birth_date"]}
FIGURES = {"views": "L-spine AP", "kvp": "80", "mas": "12.5", "dose": "4.2", "unit": "mGy"}


def press(client: FlaskClient, order: ImagingOrder, step: str, **fields: Any) -> Any:
    """Post one step of the row as the page does."""
    return client.post(f"/imaging-orders/{order.id}/{step}", data={"version": order.version} | fields)


def row(page: str, order: ImagingOrder) -> str:
    """Return the row of one order."""
    return page[page.index(f'id="o-{order.id}"') :].partition("</li>")[0]


def seen(client: FlaskClient, order: ImagingOrder) -> str:
    """Return the row of one order as the person sees it now."""
    return row(client.get("/imaging").text, order)


def opened(page: str, order: ImagingOrder, step: str) -> str:
    """Return the row's form of one step, which must stand open."""
    found = re.search(rf'<details class="step" open>\s*<summary[^>]*id="{step}-{order.id}".*?</details>', page, re.S)
    assert found, f"the form to {step} is not open"
    return found[0]


# What a row says


def test_a_request_says_that_a_doctor_is_needed_and_offers_no_start(clinic: Clinic, signed_in: SignIn) -> None:
    shown = seen(signed_in("radiographer"), asked(clinic))
    assert "A doctor must order it before it can start." in shown
    assert f"asked for by {clinic.nurse.name}" in shown
    assert "Start" not in shown


def test_an_order_names_its_doctor_its_wait_and_where_the_patient_goes_next(clinic: Clinic, signed_in: SignIn) -> None:
    shown = seen(signed_in("radiographer"), ordered(clinic, "imaging_then_specialist"))
    assert f"ordered by {clinic.surgeon.name}" in shown
    assert "then the specialist" in shown
    assert re.search(r"<b>0</b> <small>/ 60</small>", shown)


@pytest.mark.parametrize(
    ("patient", "said"),
    [
        ({"sex": "male"}, "Pregnancy: not applicable"),
        ({"sex": "female"}, "Pregnancy: not asked yet"),
        ({"sex": "unknown"}, "Pregnancy: not asked yet"),
        ({"implants": "Pacemaker"}, "Metal: Pacemaker"),
        ({}, "Metal: not recorded"),
        ({}, "Allergy: not recorded"),
        ({}, "Anticoagulant: not recorded"),
        ({"birth_date": None}, "Birth date not known"),
    ],
)
def test_what_is_not_known_is_said_and_never_left_out(
    clinic: Clinic, signed_in: SignIn, patient: dict[str, Any], said: str
) -> None:
    assert said in seen(signed_in("radiographer"), ordered(clinic, **patient))


def test_pregnancy_is_asked_of_everyone_not_recorded_male(clinic: Clinic, signed_in: SignIn) -> None:
    him, her = ordered(clinic, sex="male"), ordered(clinic, sex="female", family_name="渡辺")
    page = signed_in("radiographer").get("/imaging").text
    assert "Could the patient be pregnant?" not in row(page, him)
    assert "Could the patient be pregnant?" in row(page, her)


def test_a_birth_date_that_is_not_recorded_is_not_offered_as_identifier(clinic: Clinic, signed_in: SignIn) -> None:
    shown = seen(signed_in("radiographer"), ordered(clinic, birth_date=None))
    assert re.findall(r'name="identity" value="(\w+)"', shown) == ["name", "number", "ticket"]


def test_an_examination_under_way_stops_when_the_patient_becomes_an_emergency(
    clinic: Clinic, signed_in: SignIn
) -> None:
    order = started(clinic)
    radiographer = signed_in("radiographer")
    assert "Stop: this patient has become an emergency." not in radiographer.get("/imaging").text
    emergencies.raise_(clinic.radiographer, order.encounter_id, "cannot feel the legs")
    shown = seen(radiographer, order)
    assert "Stop: this patient has become an emergency." in shown
    assert f"/encounters/{order.encounter_id}/emergency" in shown


def test_the_list_keeps_to_one_machine(clinic: Clinic, signed_in: SignIn) -> None:
    film, scan = ordered(clinic, "xray"), ordered(clinic, "ct")
    page = signed_in("radiographer").get("/imaging?modality=ct").text
    assert f"o-{scan.id}" in page
    assert f"o-{film.id}" not in page
    assert f"o-{film.id}" in signed_in("radiographer").get("/imaging?modality=mri").text


# Steps


def test_from_request_to_signature(clinic: Clinic, signed_in: SignIn) -> None:
    order, surgeon, radiographer = asked(clinic), signed_in("surgeon"), signed_in("radiographer")
    assert press(surgeon, order, "order", next="/consults").location == "/consults"
    assert press(radiographer, again(clinic, order), "start", **TWO).status_code == 303
    assert press(radiographer, again(clinic, order), "completion", **FIGURES).status_code == 303
    assert stage(clinic, order) == "waiting"
    exposure = again(clinic, order).exposure
    assert exposure is not None
    assert exposure.exposure == {"kvp": 80.0, "mas": 12.5, "dose": 4.2, "unit": "mGy"}
    assert "not signed yet" in seen(radiographer, order)
    signed = surgeon.post(f"/imaging-orders/{order.id}/signature", data={"version": exposure.version})
    assert signed.status_code == 303
    assert f"{again(clinic, order).encounter.ticket}: the exposure record is signed." in surgeon.get("/consults").text
    assert f"signed by {clinic.surgeon.name}" in seen(radiographer, order)


def test_no_start_without_a_doctor_whatever_is_posted(clinic: Clinic, signed_in: SignIn) -> None:
    order = asked(clinic)
    forged = {"ordered_by": clinic.surgeon.staff_id, "status": "ordered", "pregnancy": "no"}
    answer = press(signed_in("radiographer"), order, "start", **TWO, **forged)
    assert answer.status_code == 422
    assert "A doctor must order this examination before it can start." in answer.text
    assert again(clinic, order).status == "requested"


def test_one_identifier_is_refused_at_its_field_and_what_was_ticked_stays(clinic: Clinic, signed_in: SignIn) -> None:
    order = ordered(clinic, sex="female")
    answer = press(signed_in("radiographer"), order, "start", identity=["ticket"], pregnancy="no")
    assert answer.status_code == 422
    form = opened(answer.text, order, "start")
    assert "Check two identifiers with the patient." in form
    assert re.search(r'value="ticket" checked', form)
    assert re.search(r'value="no" checked', form)
    assert f'href="#identity-{order.id}"' in answer.text
    assert "<title>Error: " in answer.text


@pytest.mark.parametrize("answer", ["", "yes", "not_known", "not_applicable", "male"])
def test_pregnancy_not_denied_stops_the_start_at_its_field(clinic: Clinic, signed_in: SignIn, answer: str) -> None:
    order = ordered(clinic, sex="female")
    page = press(signed_in("radiographer"), order, "start", **TWO, pregnancy=answer, sex="male")
    assert page.status_code == 422
    assert "Pregnancy must be answered “no” before the examination starts." in opened(page.text, order, "start")
    assert again(clinic, order).status == "ordered"


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [
        ("views", "", "Write what was imaged."),
        ("kvp", "eighty", "Enter a number."),
        ("kvp", "151", "Enter a number from 0 to 150."),
        ("kvp", "0", "Enter a number from 0 to 150."),
        ("kvp", "-80", "Enter a number."),
        ("mas", "nan", "Enter a number."),
        ("mas", "1e3", "Enter a number."),
        ("mas", "1_0", "Enter a number."),
        ("dose", "inf", "Enter a number."),
        ("dose", "99999", "Enter a number from 0 to 9999."),
        ("views", "x\x00y", "This text contains characters that cannot be stored."),
    ],
)
def test_an_exposure_record_that_cannot_be_read_is_refused_at_its_field(
    clinic: Clinic, signed_in: SignIn, field: str, typed: str, why: str
) -> None:
    order = started(clinic)
    answer = press(signed_in("radiographer"), order, "completion", **FIGURES | {"mas": "12.25", field: typed})
    assert answer.status_code == 422
    form = opened(answer.text, order, "complete")
    assert why in form
    assert ('value="L-spine AP"' in form) == (field != "views")
    assert again(clinic, order).status == "started"


def test_figures_typed_with_the_japanese_keyboard_are_read(clinic: Clinic, signed_in: SignIn) -> None:
    order = started(clinic)
    typed = FIGURES | {"kvp": "８０", "mas": "１２．５", "dose": " 4.2 "}
    assert press(signed_in("radiographer"), order, "completion", **typed).status_code == 303
    exposure = again(clinic, order).exposure
    assert exposure is not None
    assert exposure.exposure == {"kvp": 80.0, "mas": 12.5, "dose": 4.2, "unit": "mGy"}


def test_what_was_not_read_off_stays_empty_instead_of_nought(clinic: Clinic, signed_in: SignIn) -> None:
    order = started(clinic)
    press(signed_in("radiographer"), order, "completion", views="L-spine AP")
    exposure = again(clinic, order).exposure
    assert exposure is not None
    assert exposure.exposure == {}


def test_cannot_image_needs_a_reason_and_keeps_the_note(clinic: Clinic, signed_in: SignIn) -> None:
    order, radiographer = ordered(clinic), signed_in("radiographer")
    answer = press(radiographer, order, "refusal", note="cannot lie flat")
    assert answer.status_code == 422
    form = opened(answer.text, order, "cannot")
    assert "Choose a reason." in form
    assert 'value="cannot lie flat"' in form
    assert press(radiographer, order, "refusal", reason="too_unwell", note="cannot lie flat").status_code == 303
    assert stage(clinic, order) == "waiting"
    assert "Too unwell or in too much pain" in seen(radiographer, order)


@pytest.mark.parametrize("version", ["0", "", "abc", str(2**63), "-1"])
@pytest.mark.parametrize(("build", "step", "name"), [(ordered, "start", "start"), (started, "completion", "complete")])
def test_an_old_page_changes_nothing_and_keeps_the_typing(
    clinic: Clinic, signed_in: SignIn, version: str, build: Any, step: str, name: str
) -> None:
    order = build(clinic)
    answer = press(signed_in("radiographer"), order, step, **TWO, **FIGURES, version=version)
    assert answer.status_code in (409, 422)
    assert "checked" in opened(answer.text, order, name)
    assert again(clinic, order).status == order.status


def test_typed_words_are_shown_as_words(clinic: Clinic, signed_in: SignIn) -> None:
    order = started(clinic)
    answer = press(signed_in("radiographer"), order, "completion", **FIGURES | {"views": "<b>AP</b>", "kvp": "x"})
    assert "<b>AP</b>" not in answer.text
    assert "&lt;b&gt;AP&lt;/b&gt;" in answer.text


# Live


def test_a_refresh_brings_nothing_while_nothing_changed(clinic: Clinic, signed_in: SignIn) -> None:
    ordered(clinic)
    radiographer = signed_in("radiographer")
    rev = re.search(r'name="rev" value="([^"]+)"', radiographer.get("/imaging").text)
    assert rev
    assert radiographer.get(f"/imaging/rows?rev={rev[1]}").status_code == 204
    assert "imaging-lists" in radiographer.get("/imaging/rows?rev=0").text


def test_while_a_hand_or_an_open_form_is_in_the_list_it_is_only_told_once_that_there_is_news(
    clinic: Clinic, signed_in: SignIn
) -> None:
    order, radiographer = ordered(clinic), signed_in("radiographer")
    told = radiographer.get("/imaging/rows?rev=0&hold=1").text
    assert "The list has changed." in told
    assert order.id not in told
    now = re.search(r'name="told" value="([^"]+)"', told)
    assert now
    assert radiographer.get(f"/imaging/rows?rev=0&hold=1&told={now[1]}").status_code == 204
    assert order.id in radiographer.get(f"/imaging/rows?rev=0&hold=0&told={now[1]}").text


# Who


@pytest.mark.parametrize(
    ("step", "build", "allowed"),
    [
        ("order", asked, {"surgeon", "surgeon2"}),
        ("start", ordered, {"radiographer"}),
        ("completion", started, {"radiographer"}),
        ("refusal", ordered, {"radiographer"}),
        ("signature", completed, {"surgeon", "surgeon2"}),
    ],
)
def test_each_step_has_its_own_people(
    clinic: Clinic, signed_in: SignIn, step: str, build: Any, allowed: set[str]
) -> None:
    order = build(clinic)
    for who in clinic.people:
        status = press(signed_in(who), order, step, version=0).status_code
        assert (status == 403) == (who not in allowed), (who, status)


@pytest.mark.parametrize("who", ["nurse", "surgeon", "radiographer"])
def test_those_who_work_with_it_see_the_list(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    assert signed_in(who).get("/imaging").status_code == 200


@pytest.mark.parametrize("who", ["reception", "admin", "auditor"])
def test_nobody_else_sees_the_list(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    assert signed_in(who).get("/imaging").status_code == 403
    assert signed_in(who).get("/imaging/rows").status_code == 403


@pytest.mark.parametrize("step", ["start", "completion", "refusal"])
def test_an_order_of_another_site_is_not_there(clinic: Clinic, signed_in: SignIn, step: str) -> None:
    other = ordered(build_clinic("kyoto", clinic.nurse.organisation_id, suffix="-kyoto"))
    radiographer = signed_in("radiographer")
    assert press(radiographer, other, step, **TWO, **FIGURES, reason="other").status_code == 404
    assert press(radiographer, other, step).status_code == 404
    assert other.id not in radiographer.get("/imaging").text


@pytest.mark.parametrize("step", ["order", "signature"])
def test_a_surgeon_neither_orders_nor_signs_for_another_site(clinic: Clinic, signed_in: SignIn, step: str) -> None:
    other = completed(build_clinic("kyoto", clinic.nurse.organisation_id, suffix="-kyoto"))
    assert press(signed_in("surgeon"), other, step).status_code == 404


def test_the_row_leads_to_the_patient_and_the_title_names_nobody(clinic: Clinic, signed_in: SignIn) -> None:
    order = ordered(clinic)
    page = signed_in("radiographer").get("/imaging").text
    assert f"/encounters/{order.encounter_id}" in page
    title = re.search(r"<title>(.*?)</title>", page)
    assert title
    assert encounters.get(clinic.nurse, order.encounter_id).patient.family_name not in title[1]


def test_one_press_books_a_time_on_the_machine_and_the_row_shows_it(clinic: Clinic, signed_in: SignIn) -> None:
    order, browser = ordered(clinic), signed_in("radiographer")
    assert "Book a time" in seen(browser, order)
    assert press(browser, order, "appointment").status_code == 303
    shown = seen(browser, order)
    assert "Book a time" not in shown
    assert 'href="/appointments/' in shown
    assert press(browser, order, "appointment").status_code == 303  # a second press: the same time
    assert signed_in("reception").post(f"/imaging-orders/{order.id}/appointment").status_code == 403
    ended = completed(clinic)
    assert press(signed_in("nurse"), ended, "appointment").status_code == 409
