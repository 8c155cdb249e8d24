"""An order on its own page: what is known and what is not, refusals at their field, repetitions read first."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, as_answers, build_clinic
from tests.services.test_imaging import again, asked, completed, ordered, started
from tests.services.test_imaging_orders import reported_done
from tests.services.test_triage import all_no
from triage import clock, db
from triage.models import ImagingOrder, Patient
from triage.services import encounters, imaging, intakes, triage

SignIn = Callable[[str], FlaskClient]
CTM = {
    "procedure": "ct_myelography", "level": "L4-5", "level_to": "L5-S1", "side": "left", "priority": "asap",
    "justification": "Block at L4/5", "acr_variant": "3",
}  # fmt: skip


def press(client: FlaskClient, order: ImagingOrder, step: str, **fields: object) -> Any:
    """Post one form of the page."""
    return client.post(f"/imaging-orders/{order.id}/{step}", data={"version": order.version} | fields)


def test_the_page_says_what_is_asked_for_why_and_what_is_not_known(clinic: Clinic, signed_in: SignIn) -> None:
    order = asked(clinic, "ct", sex="female", allergies="iodine")
    page = signed_in("nurse").get(f"/imaging-orders/{order.id}").text
    for words in ("CT ", "not asked yet", "Metal or implant in the field", clinic.nurse.name):
        assert words in page
    assert signed_in("auditor").get(f"/imaging-orders/{order.id}").status_code == 403
    assert signed_in("nurse").get("/imaging-orders/nothing").status_code == 404


def test_the_surgeon_says_more_and_the_list_shows_it(clinic: Clinic, signed_in: SignIn) -> None:
    order, surgeon = asked(clinic, "ct"), signed_in("surgeon")
    assert press(surgeon, order, "details", **CTM).status_code == 303
    row = again(clinic, order)
    assert (row.procedure, row.level, row.priority) == ("ct_myelography", "L4-5 – L5-S1", "asap")
    for page in (surgeon.get("/imaging").text, surgeon.get("/consults").text):
        assert "CT myelography, lumbar" in page
        assert "L4-5 – L5-S1 Left" in page
    assert "Kidney disease" in surgeon.get("/consults").text


def test_bad_details_are_said_at_their_field_and_stay(clinic: Clinic, signed_in: SignIn) -> None:
    order = asked(clinic, "ct")
    answer = press(signed_in("nurse"), order, "details", **CTM | {"justification": "x" * 65, "side": "middle"})
    assert answer.status_code == 422
    assert "x" * 65 in answer.text
    assert "At most 64 characters in one line" in answer.text
    assert "Give the side." in answer.text
    assert press(signed_in("nurse"), order, "details", **CTM | {"version": 99}).status_code == 409


def test_a_warning_of_the_acr_table_never_bars_the_order(clinic: Clinic, signed_in: SignIn) -> None:
    order, surgeon = asked(clinic, "ct"), signed_in("surgeon")
    press(surgeon, order, "details", **CTM | {"acr_variant": "1"})
    page = surgeon.get(f"/imaging-orders/{order.id}").text
    assert "usually not appropriate in this situation" in page
    assert press(surgeon, again(clinic, order), "order").status_code == 303


def test_a_yes_at_the_start_stops_it_and_is_kept_for_the_doctor(clinic: Clinic, signed_in: SignIn) -> None:
    order = ordered(clinic, "ct")
    press(signed_in("surgeon"), order, "details", **CTM)
    order = again(clinic, order)
    given = {"identity": ["name", "birth_date"], "contrast_allergy": "no", "kidney": "yes", "anticoagulant": "no"}
    answer = press(signed_in("radiographer"), order, "start", **given, metal="not_known")
    assert answer.status_code == 422
    assert f'href="#kidney-{order.id}-0">Kidney disease' in answer.text
    row = again(clinic, order)
    assert row.status == "ordered"
    assert row.safety is not None
    assert row.safety["kidney"]["answer"] == "yes"
    allowed = press(signed_in("surgeon"), row, "word", question="kidney", words="hydrated")
    assert allowed.status_code == 303
    row = again(clinic, order)
    assert press(signed_in("radiographer"), row, "start", **given, metal="no").status_code == 303


def test_nurse_and_radiographer_answer_on_the_page(clinic: Clinic, signed_in: SignIn) -> None:
    order = ordered(clinic, "ct")
    for who, answer in (("nurse", "not_known"), ("radiographer", "no")):
        row = again(clinic, order)
        said = press(signed_in(who), row, "answers", answer_metal=answer, note_metal="asked at the desk")
        assert said.status_code == 303
    page = signed_in("nurse").get(f"/imaging-orders/{order.id}").text
    assert "asked at the desk" in page
    assert clinic.radiographer.name in page


def test_called_off_with_a_reason_or_not_at_all(clinic: Clinic, signed_in: SignIn) -> None:
    order, nurse = asked(clinic), signed_in("nurse")
    assert press(nurse, order, "cancellation").status_code == 422
    assert press(nurse, order, "cancellation", reason="not_needed").status_code == 303
    assert again(clinic, order).status == "cancelled"
    late = press(nurse, again(clinic, order), "cancellation", reason="not_needed")
    assert late.status_code == 409
    second = ordered(clinic)
    assert press(nurse, second, "cancellation", reason="not_needed").status_code == 403


def test_nobody_at_another_site_finds_it(clinic: Clinic, signed_in: SignIn) -> None:
    other = build_clinic("kobe", clinic.nurse.organisation_id, "_k")
    order = asked(other)
    assert signed_in("surgeon").get(f"/imaging-orders/{order.id}").status_code == 404


# Repetitions


def request(clinic: Clinic, encounter_id: str) -> ImagingOrder:
    """Let the nurse ask for an X-ray on this visit."""
    encounter = encounters.get(clinic.nurse, encounter_id)
    choice = triage.Choice(4, "xray", "xray", "findings_differ", without="the rest follows")
    triage.decide(clinic.nurse, encounter.id, encounter.version, choice)
    return imaging.list_of(clinic.nurse, encounter)[-1]


def test_what_was_done_lately_is_read_before_the_press_and_a_press_that_saw_nothing_is_refused(
    clinic: Clinic, signed_in: SignIn
) -> None:
    first = completed(clinic)
    order, surgeon = request(clinic, first.encounter_id), signed_in("surgeon")
    refused = press(surgeon, order, "order")
    assert refused.status_code == 422
    assert "This repeats an examination." in refused.text
    for page in (surgeon.get("/imaging").text, surgeon.get("/consults").text):
        assert f'name="seen" value="{first.id}"' in page
    assert press(surgeon, again(clinic, order), "order", seen=first.id).status_code == 303
    assert "ordered as a repetition" in surgeon.get(f"/imaging-orders/{order.id}").text


def test_after_the_clinics_days_nothing_is_said(clinic: Clinic, signed_in: SignIn) -> None:
    with clock.at(clock.now() - timedelta(days=40)):
        first = completed(clinic)
        close_visit(clinic, first)
    order = again_of(clinic, first)
    assert press(signed_in("surgeon"), order, "order").status_code == 303


def test_the_same_still_open_needs_a_reason(clinic: Clinic, signed_in: SignIn) -> None:
    with clock.at(clock.now() - timedelta(days=2)):
        first = started(clinic)
        close_visit(clinic, first)
    order, surgeon = again_of(clinic, first), signed_in("surgeon")
    refused = press(surgeon, order, "order", seen=first.id)
    assert refused.status_code == 422
    assert "Write why it is needed twice." in refused.text
    done = press(surgeon, again(clinic, order), "order", seen=first.id, why="the first was interrupted")
    assert done.status_code == 303
    assert "the first was interrupted" in surgeon.get(f"/imaging-orders/{order.id}").text


@db.verb
def close_visit(actor: Clinic, order: ImagingOrder) -> None:
    """Let the visit have ended, as it had long ago."""
    row = encounters.get(actor.nurse, order.encounter_id)
    row.finished_at, row.stage = clock.now(), "finished"
    imaging.record(actor.nurse, "visit_ended", departure="", reason="", note="", confirmed=[], **{"from": "waiting"})


def again_of(clinic: Clinic, first: ImagingOrder) -> ImagingOrder:
    """Let the same patient come again today, and the nurse ask for the same."""
    patient = db.session.get_one(Patient, imaging.get(clinic.nurse, first.id).encounter.patient_id)
    encounter_id = encounters.check_in(clinic.reception, patient.id, "")
    intakes.submit(clinic.reception, encounter_id)
    intakes.record_answers(clinic.nurse, encounter_id, as_answers(all_no()))
    return request(clinic, encounter_id)


def test_the_radiographer_writes_the_record_that_a_machine_left_open(clinic: Clinic, signed_in: SignIn) -> None:
    order, radiographer = reported_done(clinic, started(clinic)), signed_in("radiographer")
    page = radiographer.get("/imaging").text
    assert "Record missing" in page
    assert f"/imaging-orders/{order.id}/record" in page
    assert press(radiographer, order, "record", views="").status_code == 422
    figures = {"views": "L-spine AP", "kvp": "80", "mas": "12", "unit": "mGy"}
    assert press(radiographer, order, "record", **figures).status_code == 303
    assert again(clinic, order).exposure is not None
    assert "Record missing" not in radiographer.get("/imaging").text


@pytest.mark.parametrize("who", ["reception", "radiographer"])
def test_who_may_not_change_is_refused(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    order = asked(clinic, "ct")
    assert press(signed_in(who), order, "details", **CTM).status_code == 403
