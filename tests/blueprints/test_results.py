"""Results on the pages: the list of what nobody has seen, a report with its file, and the press of the doctor."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import time_machine
from flask.testing import FlaskClient

from tests.builders import Clinic, build_clinic
from tests.services.test_imaging import completed, ordered
from tests.services.test_results import PDF, WORDS, entered, read
from triage import clock
from triage.services import results

SignIn = Callable[[str], FlaskClient]


def test_a_report_is_entered_with_its_file_and_the_doctor_notes_having_seen_it(
    clinic: Clinic, signed_in: SignIn
) -> None:
    order = completed(clinic)
    radiographer, surgeon, where = signed_in("radiographer"), signed_in("surgeon"), f"/imaging-orders/{order.id}"
    form = {"version": order.version, "text": "Narrow canal", "reader": "Dr Sato", "file": (BytesIO(PDF), "a.pdf")}
    kept = radiographer.post(f"{where}/reports", data=form, content_type="multipart/form-data")
    assert (kept.status_code, kept.headers["Location"]) == (303, f"{where}/result")
    assert order.encounter.ticket in surgeon.get("/results").text
    shown = surgeon.get(f"{where}/result").text
    assert "Narrow canal" in shown
    assert "Dr Sato" in shown
    assert order.encounter.patient.number in shown
    assert surgeon.post(f"{where}/sight", data={"version": read(clinic, order).version}).status_code == 303
    assert clinic.surgeon.name in radiographer.get(f"{where}/result").text
    assert order.encounter.ticket not in surgeon.get("/results").text


def test_the_file_is_sent_as_what_it_is_and_never_shown_inside_a_page(clinic: Clinic, signed_in: SignIn) -> None:
    order = completed(clinic)
    form = {"version": order.version, "file": (BytesIO(PDF), "../../evil.html")}
    signed_in("radiographer").post(f"/imaging-orders/{order.id}/reports", data=form, content_type="multipart/form-data")
    sent = signed_in("nurse").get(f"/imaging-orders/{order.id}/reports/1/file")
    assert (sent.data, sent.mimetype) == (PDF, "application/pdf")
    assert sent.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "evil" not in sent.headers["Content-Disposition"]
    assert sent.headers["X-Content-Type-Options"] == "nosniff"


def test_what_is_no_report_is_told_at_the_field_and_the_words_stay(clinic: Clinic, signed_in: SignIn) -> None:
    order = completed(clinic)
    form = {"version": order.version, "text": "Narrow canal", "file": (BytesIO(b"<html>"), "a.pdf")}
    where = f"/imaging-orders/{order.id}/reports"
    answer = signed_in("radiographer").post(where, data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Only PDF, PNG and JPEG" in answer.text
    assert "Narrow canal" in answer.text


def test_of_two_reports_the_slower_is_told_and_keeps_the_words(clinic: Clinic, signed_in: SignIn) -> None:
    order = completed(clinic)
    results.report(clinic.surgeon, order.id, order.version, WORDS)
    form = {"version": order.version, "text": "Nothing to see", "reason": "x"}
    answer = signed_in("radiographer").post(f"/imaging-orders/{order.id}/reports", data=form)
    assert answer.status_code == 409
    assert clinic.surgeon.name in answer.text
    assert "Nothing to see" in answer.text


def test_a_press_on_an_old_page_notes_nothing(clinic: Clinic, signed_in: SignIn) -> None:
    order = entered(clinic)
    answer = signed_in("surgeon").post(f"/imaging-orders/{order.id}/sight", data={"version": order.version - 1})
    assert answer.status_code == 409
    assert read(clinic, order).seen_at is None


def test_what_is_late_stands_on_the_list_and_in_the_strip(clinic: Clinic, signed_in: SignIn) -> None:
    entered(clinic)
    waiting = ordered(clinic)
    with time_machine.travel(clock.now() + timedelta(minutes=1500), tick=True):
        nurse = signed_in("nurse")
        shown = nurse.get("/results").text
        assert f"w-{waiting.id}" in shown
        strip = nurse.get("/alerts").text
        assert 'id="alert-unseen"' in strip
        assert 'id="alert-undone"' in strip


def test_a_refresh_of_the_list_is_silent_until_something_changes(clinic: Clinic, signed_in: SignIn) -> None:
    order = completed(clinic)
    surgeon = signed_in("surgeon")
    rev = surgeon.get("/results/rows").text.split('name="rev" value="')[1].split('"')[0]
    assert surgeon.get("/results/rows", query_string={"rev": rev}).status_code == 204
    results.report(clinic.radiographer, order.id, order.version, WORDS)
    assert order.encounter.ticket in surgeon.get("/results/rows", query_string={"rev": rev}).text


def test_a_result_of_another_site_is_not_there(clinic: Clinic, signed_in: SignIn) -> None:
    other = build_clinic("kobe", suffix="-kobe")
    order = entered(other)
    surgeon = signed_in("surgeon")
    for path in ("result", "reports/1/file"):
        assert surgeon.get(f"/imaging-orders/{order.id}/{path}").status_code == 404
    assert surgeon.post(f"/imaging-orders/{order.id}/sight", data={"version": order.version}).status_code == 404
