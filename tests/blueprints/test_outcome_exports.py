"""The export: one line for each point, codes and no names, on record, and a dictionary that cannot drift."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from tests.builders import Clinic, add_patient, build_clinic
from tests.places import begun_by_hand
from tests.services.test_encounters import last_event
from tests.services.test_outcome_results import answered
from tests.services.test_outcomes import now, operate, plan
from triage import knowledge
from triage.adapters import csv_lines
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.outcome_export import AFTER, BEFORE, place, status
from triage.domain.outcomes import Window, add_months
from triage.models import OutcomeSeries
from triage.services import outcome_entries, outcome_starts, outcomes
from triage.services.audit import record

SignIn = Callable[[str], FlaskClient]
DOCS = Path(__file__).parents[2] / "docs" / "outcomes-export.md"


def taken(client: FlaskClient, query: str = "since=&until=") -> list[dict[str, str]]:
    answer = client.get(f"/outcomes/export.csv?{query}")
    assert answer.status_code == 200
    assert answer.data.startswith("\ufeffsite,series,".encode())
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert f"-{len(rows)}-lines.csv" in answer.headers["Content-Disposition"]
    return rows


def test_one_line_for_each_point_says_what_was_done_asked_and_answered(clinic: Clinic, signed_in: SignIn) -> None:
    series = answered(clinic, 20)
    day = now(clinic)
    outcome_entries.note_complication(clinic.surgeon, series, None, "dural_tear", day - timedelta(days=100), "1", False)
    outcome_entries.note_complication(clinic.surgeon, series, None, "infection_deep", day, "3", True)
    rows = taken(signed_in("surgeon2"))
    assert [row["point"] for row in rows] == ["baseline", "m3", "m12", "m24"]
    assert [row["status"] for row in rows] == ["missing", "answered", "not_yet", "not_yet"]
    third = rows[1]
    assert (third["site"], third["kind"], third["procedure"], third["level"]) == ("nara", "procedure", "PLIF", "L4-5")
    assert (third["index_date"], third["sex"]) == ((day - timedelta(days=100)).isoformat(), "male")
    assert int(third["age"]) == (day - timedelta(days=100)).year - 1963 - (
        (day - timedelta(days=100)).strftime("%m%d") < "0730"
    )
    assert (third["months"], third["in_time"], third["how"], third["odi"]) == ("3", "1", "in_person", "20")
    assert third["joa_lbp"] == ""
    due = add_months(day - timedelta(days=100), 3)
    later = 1 if day <= due else 2
    assert rows[1]["complications"].startswith("dural_tear:1")
    assert "infection_deep:3" in rows[later]["complications"]
    assert rows[later]["reoperation"] == "1"
    assert (rows[0]["complications"], rows[0]["reoperation"]) == ("", "")


def test_no_name_no_number_and_no_id_leaves_and_the_code_stays_the_same(clinic: Clinic, signed_in: SignIn) -> None:
    series = answered(clinic, 20)
    patient = outcomes.find(clinic.nurse, series).patient
    text = signed_in("surgeon2").get("/outcomes/export.csv").text
    for secret in (patient.id, patient.number, patient.family_name, patient.birth_date.isoformat(), series):
        assert secret not in text
    assert clinic.surgeon.staff_id not in text
    first, again = (taken(signed_in("surgeon2"))[0]["series"] for _ in range(2))
    assert first == again != ""


def test_who_took_out_how_many_lines_of_which_period_is_on_record(clinic: Clinic, signed_in: SignIn) -> None:
    answered(clinic, 20, 400)
    answered(clinic, 20)
    since = (now(clinic) - timedelta(days=150)).isoformat()
    assert len(taken(signed_in("surgeon2"), f"since={since}&until=")) == 4
    assert last_event() == ("outcomes_exported", {"since": since, "until": "", "lines": 4})
    assert len(taken(signed_in("surgeon2"))) == 8


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "surgeon", "radiographer", "admin", "auditor"])
def test_nobody_but_the_clinical_lead_exports(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    client = signed_in(who)
    assert client.get("/outcomes/export").status_code == 403
    assert client.get("/outcomes/export.csv").status_code == 403


def test_a_wrong_period_is_said_at_the_field_and_an_empty_one_says_so(clinic: Clinic, signed_in: SignIn) -> None:
    client = signed_in("surgeon2")
    wrong = "since=2026-02-01&until=2026-01-01"
    for path in ("/outcomes/export", "/outcomes/export.csv"):
        answer = client.get(f"{path}?{wrong}")
        assert answer.status_code == 422
        assert "The last day lies before the first." in answer.text
    assert "The file would hold the names of the columns alone." in client.get("/outcomes/export").text
    assert taken(client) == []


def test_what_was_planned_or_given_up_stays_and_what_overtook_another_is_linked(
    clinic: Clinic, signed_in: SignIn
) -> None:  # fmt: skip
    patient = add_patient(clinic.reception)
    first = outcome_starts.begin(
        clinic.nurse, patient.id, now(clinic) - timedelta(days=300),
        replace(begun_by_hand(clinic.surgeon.staff_id), start="elsewhere"),
    )  # fmt: skip
    operate(clinic.surgeon, patient.id, now(clinic), "MED")
    plan(clinic.surgeon, add_patient(clinic.reception).id)
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    operate(other.surgeon, add_patient(other.reception).id, now(clinic))
    rows = taken(signed_in("surgeon2"))
    assert {(row["procedure"], row["origin"], row["end_reason"]) for row in rows} == {
        ("PLIF", "elsewhere", "operated"), ("MED", "", ""),
    }  # fmt: skip
    codes = {row["procedure"]: row["series"] for row in rows}
    assert {row["overtaken_by"] for row in rows if row["procedure"] == "PLIF"} == {codes["MED"]}
    assert [row["reoperation"] for row in rows if row["procedure"] == "PLIF"] == ["", "0", "1", ""]
    assert outcomes.find(clinic.nurse, first).code == codes["PLIF"]


@verb
def spoil(actor: Actor) -> None:
    session.execute(update(OutcomeSeries).values(level="=1+1", side="+cmd"))
    record(actor, "site_added", code="x")


def test_no_cell_is_a_formula_and_a_number_keeps_its_sign(clinic: Clinic, signed_in: SignIn) -> None:
    answered(clinic, 20)
    spoil(clinic.admin)
    row = taken(signed_in("surgeon2"))[0]
    assert (row["level"], row["side"]) == ("'=1+1", "'+cmd")
    assert [csv_lines.plain(cell) for cell in (-6.0, "-6", "@x", "\tx", None)] == [-6.0, "'-6", "'@x", "'\tx", None]


def test_the_dictionary_on_the_page_and_in_the_documents_is_that_of_the_file(
    clinic: Clinic, signed_in: SignIn
) -> None:  # fmt: skip
    answered(clinic, 20)
    client = signed_in("surgeon2")
    columns = list(taken(client)[0])
    page = client.get("/outcomes/export").text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert re.findall(r"<code>(\w+)</code>", page) == columns
    documented = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCS.read_text(), re.M))
    assert list(documented) == columns
    assert {name: documented[name] for name in (*BEFORE, *AFTER)} == BEFORE | AFTER
    for name, measure in knowledge.load().flow.outcomes.measures.items():
        assert documented[name].startswith(f"{measure.label('en')}, {measure.minimum:g} to {measure.maximum:g}")


def test_a_point_and_what_went_wrong_stand_where_the_dictionary_says() -> None:
    opens, due, closes = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
    one = timedelta(days=1)
    asked = (("open", opens - one), ("open", closes), ("open", closes + one), ("partly", closes), ("stopped", closes))
    told = [status(stored, Window(opens, due, closes), today) for stored, today in asked]
    assert told == ["not_yet", "waiting", "missing", "partly", "not_asked"]
    dues = [opens, due, closes]
    assert [place(day, dues) for day in (opens, due, due + one, closes + one)] == [1, 1, 2, 2]
