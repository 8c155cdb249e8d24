"""The demonstration clinic: a believable day, the same for the same seed, and never near a production database."""

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Select, func, select

from triage import clock, create_app, db, knowledge, preflight
from triage.db import session
from triage.demo import choices, loading, reading, years
from triage.demo.years import Size
from triage.domain import gate, lifecycle, treatment
from triage.domain.findings import Answer, not_known_urgent, refusal, resolve, unanswered_urgent
from triage.domain.rules import evaluate
from triage.domain.suggestion import Suggestion
from triage.forms.intakes import CONSENT_VERSION
from triage.models import (
    Base,
    Claim,
    Emergency,
    Encounter,
    ExposureRecord,
    Finding,
    ImagingOrder,
    Patient,
    RuleFeedback,
    RuleFeedbackAnswer,
    Staff,
    StageChange,
    Task,
    TreatmentDecision,
    TriageDecision,
)
from triage.services import accounts, advice, agreement, audit, encounters, intakes, lookup, return_lists, triage

NOON = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
CASES = list(reading.read().cases.values())
EMERGENCY_WAYS = {"emergency", "late_emergency"}


def forget_settings(patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TRIAGE_")]:
        patch.delenv(name)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine's environment says about the demonstration."""
    forget_settings(monkeypatch)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load the demonstration once, for the tests that only look."""
    made = tmp_path_factory.mktemp("demonstration")
    audit.use_key("demonstration")
    with clock.at(NOON):
        loading.load(made / "demo.db", "demonstration")
    return made


@pytest.fixture
def day(folder: Path, tmp_path: Path) -> Iterator[None]:
    """Look at a copy of the loaded day, at the moment it was loaded."""
    shutil.copy(folder / "demo.db", tmp_path / "demo.db")
    engine = db.connect(f"sqlite:///{tmp_path / 'demo.db'}")
    with clock.at(NOON):
        yield
    session.remove()
    engine.dispose()


def open_encounters() -> list[Encounter]:
    nurse = session.scalar(select(Staff.id).where(Staff.user_name == "nurse"))
    actor = accounts.actor_of(nurse or "")
    assert actor is not None
    ids = session.scalars(select(Encounter.id).where(Encounter.finished_at.is_(None))).all()
    return [encounters.get(actor, encounter_id) for encounter_id in ids]


def of_today() -> list[Encounter]:
    return list(session.scalars(select(Encounter).where(Encounter.arrived_at > NOON - timedelta(hours=12))))


def test_about_sixty_came_within_the_last_hours(day: None) -> None:
    today = of_today()
    assert 55 <= len(today) <= 65
    assert NOON - timedelta(hours=7) < min(e.arrived_at for e in today)
    assert max(e.arrived_at for e in today) < NOON
    assert len({e.ticket for e in today}) == len(today)


def test_some_still_wait_in_every_stage(day: None) -> None:
    stages = Counter(encounter.stage for encounter in open_encounters())
    assert set(stages) == set(lifecycle.OPEN)
    assert 18 <= stages.total() <= 22
    ended = Counter(encounter.stage for encounter in of_today() if encounter.finished_at)
    assert set(ended) == set(lifecycle.CLOSED) - {lifecycle.COMES_BACK}


def test_somebody_is_expected_back_today_and_somebody_did_not_come(day: None) -> None:
    nurse = accounts.actor_of(session.scalar(select(Staff.id).where(Staff.user_name == "nurse")) or "")
    assert nurse
    lists = return_lists.look(nurse)
    assert (len(lists.absent), len(lists.today), len(lists.later)) == (1, 2, 1)
    (absent,) = lists.absent
    assert [call.result for call in absent.calls] == ["not_reached"]
    for one in [*lists.absent, *lists.today, *lists.later]:
        visit = encounters.get(nurse, one.row.encounter_id)
        assert (visit.stage, visit.urgent, visit.unanswered) == (lifecycle.COMES_BACK, 0, 0)
        assert visit.suggested_level in (4, 5)
        assert one.window


def test_imaging_stands_at_each_step_of_both_modalities(day: None) -> None:
    waiting = session.execute(
        select(ImagingOrder.modality, ImagingOrder.status).where(ImagingOrder.status.in_(lifecycle.IMAGING_OPEN))
    )
    assert {tuple(row) for row in waiting} >= {
        ("xray", "requested"), ("xray", "ordered"), ("xray", "started"), ("ct", "requested"), ("ct", "ordered"),
    }  # fmt: skip
    unsigned = select(func.count()).select_from(ExposureRecord).where(ExposureRecord.signed_at.is_(None))
    assert 1 <= (session.scalar(unsigned) or 0) <= 4


def test_one_emergency_is_pinned_answered_for_and_called_in(day: None) -> None:
    (emergency,) = session.scalars(select(Emergency).where(Emergency.closed_at.is_(None)))
    assert emergency.cause == "rules"
    assert emergency.acknowledged_at
    assert emergency.acknowledged_at - emergency.opened_at <= timedelta(minutes=2)
    assert emergency.hospital
    assert emergency.called_at
    assert emergency.accepted_at is None
    assert session.scalar(select(func.count()).where(Emergency.outcome == "left"))


def test_two_people_of_the_same_name_are_here(day: None) -> None:
    here = Counter(encounter.patient.kana for encounter in open_encounters())
    assert [name for name, count in here.items() if count > 1] == ["ワタナベ イチロウ"]
    pair = [e.patient for e in open_encounters() if e.patient.kana == "ワタナベ イチロウ"]
    assert len({patient.birth_date for patient in pair}) == 2
    assert all(patient.same_name for patient in pair)
    assert not any(e.patient.same_name for e in open_encounters() if e.patient not in pair)


def test_what_the_clinic_must_see_at_a_glance_is_there(day: None) -> None:
    patients = [encounter.patient for encounter in open_encounters()]
    assert {"ja", "en"} < {patient.language for patient in patients}
    for wanted in ("interpreter", "call_by_number", "allergies", "anticoagulant", "implants"):
        assert any(getattr(patient, wanted) for patient in patients), wanted
    assert any(patient.mobility == "wheelchair" for patient in patients)
    claimed = {claim.staff_id for claim in session.scalars(select(Claim))}
    assert len(claimed) == 2  # a nurse and a surgeon are at work
    assert any(encounter.unanswered for encounter in open_encounters() if encounter.stage == lifecycle.WAITING)
    due = session.scalars(select(Task.due_at).where(Task.done_at.is_(None))).all()
    assert due
    assert min(due) < NOON + timedelta(minutes=15)


def test_a_long_history_lies_behind_returning_patients(day: None) -> None:
    query = select(Encounter.patient_id, func.count()).where(Encounter.finished_at.is_not(None))
    visits = dict(session.execute(query.group_by(Encounter.patient_id)).all())
    assert sum(count >= 4 for count in visits.values()) >= 20
    returning = [encounter for encounter in open_encounters() if visits.get(encounter.patient_id, 0) >= 4]
    assert returning
    past = select(Encounter.id).where(Encounter.patient_id == returning[0].patient_id)
    for table in (TriageDecision, TreatmentDecision, StageChange, ImagingOrder):
        assert session.scalar(select(func.count()).where(table.encounter_id.in_(past))), table
    oldest = session.scalar(select(func.min(Encounter.arrived_at)))
    assert oldest
    assert NOON - oldest > timedelta(days=5 * 365)


def test_every_past_step_is_one_that_the_clinic_allows(day: None) -> None:
    for change in session.scalars(select(StageChange)):
        assert lifecycle.STEPS[change.step][change.from_stage] == change.to_stage


def test_the_suggestion_on_the_board_is_what_the_rules_say_now(day: None) -> None:
    assert {e.consent_version for e in open_encounters() if e.consent} == {CONSENT_VERSION}
    asked = [encounter for encounter in open_encounters() if encounter.suggestion]
    assert len(asked) >= 18
    for encounter in asked:
        answers = intakes.answers_of(encounter)
        kept = Suggestion.from_dict(encounter.suggestion or {})
        assert kept == advice.suggest(encounter.site_id, answers), encounter.complaint
        assert encounter.unanswered == len(unanswered_urgent(knowledge.load(), answers))


def test_everybody_is_marked_as_invented(day: None) -> None:
    assert all(number.startswith("9") for number in session.scalars(select(Patient.number)))
    assert 195 <= (session.scalar(select(func.count()).select_from(Patient)) or 0) <= 240
    assert all(session.scalars(select(Staff.demo)))
    assert all("0000" in phone for phone in session.scalars(select(Patient.phone)))


def test_there_is_an_account_for_every_role(day: None) -> None:
    expected = {
        "reception": {"reception"}, "nurse": {"nurse"}, "nurse2": {"nurse", "lead_nurse"}, "surgeon": {"surgeon"},
        "surgeon2": {"surgeon", "clinical_lead"}, "radiographer": {"radiographer"}, "admin": {"admin"},
        "auditor": {"auditor"},
    }  # fmt: skip
    for user_name, roles in expected.items():
        _, actor = accounts.sign_in(user_name, "demonstration", "127.0.0.1", accounts.LockOut())
        assert actor.roles == roles


def test_the_audit_trail_of_the_day_is_whole_and_in_order(day: None) -> None:
    (result,) = audit.verify()
    assert not result.damage
    moments = session.scalars(select(audit.AuditEvent.at).order_by(audit.AuditEvent.sequence)).all()
    assert moments == sorted(moments)
    assert max(moments) <= NOON


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_case_is_what_it_says_for_everybody_who_may_have_it(case: reading.Case) -> None:
    script = reading.read()
    people = product(case.ages, [case.sex] if case.sex else ["male", "female"], [{}, *script.traits.values()])
    for age, sex, trait in people:
        told = script.desk_answers(case) | script.sheet_answers(case, 0, trait.get("answers", {}))
        answers = {"age": Answer(True, age), "sex": Answer(True, intakes.SEX[sex])} | told
        suggestion = evaluate(knowledge.load().ruleset, resolve(knowledge.load(), answers))
        assert (suggestion.level <= gate.EMERGENCY_LEVEL) == (case.way in EMERGENCY_WAYS)
        for number in range(len(case.sheet) if case.way not in EMERGENCY_WAYS else 0):
            assert not closed(answers, suggestion, script.choice(case, number, suggestion))


def closed(answers: dict[str, Answer], suggestion: Suggestion, choice: triage.Choice) -> gate.Reasons:
    known = knowledge.load()
    question = gate.Question(
        unanswered_urgent(known, answers), not_known_urgent(known, answers), suggestion.level, suggestion.route
    )
    explained = tuple(choice.not_known_reasons)
    return gate.closed(question, gate.Asked(choice.acuity, choice.route, choice.modality, choice.reason, explained))


def test_most_decisions_follow_the_suggestion(day: None) -> None:
    decisions = session.scalars(select(TriageDecision)).all()
    accepted = [decision for decision in decisions if decision.accepted]
    assert 0.7 < len(accepted) / len(decisions) < 0.95
    assert all(decision.reason for decision in decisions if not decision.accepted)


def test_rules_nurse_and_surgeon_do_not_always_agree(day: None) -> None:
    actor = accounts.actor_of(session.scalar(select(Staff.id).where(Staff.user_name == "surgeon2")) or "")
    assert actor is not None
    found = agreement.report(actor, agreement.Period())
    for name in set(agreement.COMPARED) - set(agreement.NOT_COMPARED):
        assert found.tables[name].n, name
        if name != "nurse_surgeon_level":  # few visits are triaged by both
            assert found.tables[name].kappa.value is not None, name
    assert found.all.raised
    assert found.all.lowered
    assert found.recalled
    assert len(found.all.reasons) >= 4
    assert 0.6 < (found.tables["rules_nurse_route"].kappa.value or 0) < 0.98


def test_some_feedback_on_rules_is_answered_and_some_waits(day: None) -> None:
    said = session.scalars(select(RuleFeedback)).all()
    assert {entry["rule"] for entry in reading.read().day["feedback"]} == {entry.rule for entry in said}
    assert 0 < len(session.scalars(select(RuleFeedbackAnswer)).all()) < len(said)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_case_speaks_the_vocabulary_of_the_forms(case: reading.Case) -> None:
    script, known = reading.read(), knowledge.load()
    others = {*known.examination.cells, *(o.key for o in known.options), *(q.id for q in known.urgent_questions)}
    answers = script.desk_answers(case) | script.sheet_answers(case, 0, {})
    for name, answer in answers.items():
        assert name in others or name in known.findings
        if name in known.findings and answer.known:
            assert refusal(known.findings[name], answer.value) is None
    for plan in case.doctor:
        choice = choices.planned(plan, date(2001, 1, 1))
        assert treatment.lacking(known, choice, None, date(2000, 1, 1)) == {}


def content(path: Path) -> list[str]:
    """Return everything in a database as text, without ids, hashes and keys."""
    engine = db.connect(f"sqlite:///{path}")
    lines = []
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if "hash" not in column.name and column.name != "key_id"]
            for row in connection.execute(select(*columns)):
                text = json.dumps([table.name, *row], default=str, ensure_ascii=False)
                lines.append(re.sub(r"\b([a-z2-7]{16}|2\.25\.[0-9]+)\b", "*", text))
    engine.dispose()
    return sorted(lines)


@pytest.fixture
def clinic_app(tmp_path: Path) -> Iterator[Flask]:
    """Stand where a person stands who runs ``flask demo`` without any setting."""
    app = create_app(instance=tmp_path)
    yield app
    session.remove()
    app.extensions["engine"].dispose()


def run(app: Flask, *arguments: str) -> Result:
    result = app.test_cli_runner().invoke(args=["demo", *arguments])
    session.remove()
    return result


def made(folder: Path) -> int:
    return (folder / "demo.db").stat().st_ino


@dataclass(frozen=True)
class Commanded:
    """A folder in which ``flask demo load`` was run, and what it said."""

    folder: Path
    result: Result


@pytest.fixture(scope="module")
def commanded(tmp_path_factory: pytest.TempPathFactory) -> Commanded:
    """Load the demonstration once by the command, for the tests that go on from there."""
    made = tmp_path_factory.mktemp("commanded")
    with pytest.MonkeyPatch.context() as patch, clock.at(NOON):
        forget_settings(patch)
        app = create_app(instance=made)
        result = run(app, "load", "--if-empty")
        app.extensions["engine"].dispose()
    return Commanded(made, result)


@pytest.fixture
def loaded_app(clinic_app: Flask, commanded: Commanded, tmp_path: Path) -> Iterator[Flask]:
    """Stand there when the demonstration has been loaded, at the moment it was."""
    shutil.copytree(commanded.folder, tmp_path, dirs_exist_ok=True)
    with clock.at(NOON):
        yield clinic_app


def test_the_same_seed_gives_the_same_clinic(commanded: Commanded, folder: Path) -> None:
    assert content(commanded.folder / "demo.db") == content(folder / "demo.db")


@pytest.mark.parametrize("hours", [9.5, 18.5])
def test_it_can_be_loaded_at_any_hour_with_any_seed_and_a_password_of_ones_own(
    clinic_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    monkeypatch.setenv("TRIAGE_DEMO_PASSWORD", "chosen by us")
    with clock.at(NOON + timedelta(hours=hours)):
        result = run(clinic_app, "load", "--seed", f"{round(hours)}")
    assert result.exit_code == 0, result.output
    assert int(re.findall(r"(\d+) arrivals today", result.output)[0]) >= 55
    assert not (tmp_path / "demo-password").exists()
    engine = db.connect(f"sqlite:///{tmp_path / 'demo.db'}")
    assert not audit.verify()[0].damage
    _, actor = accounts.sign_in("surgeon2", "chosen by us", "127.0.0.1", accounts.LockOut())
    assert actor.roles == {"surgeon", "clinical_lead"}
    session.remove()
    engine.dispose()


def test_load_if_empty_and_reset(loaded_app: Flask, commanded: Commanded, tmp_path: Path) -> None:
    assert commanded.result.exit_code == 0, commanded.result.output
    assert "invented" in commanded.result.output
    file = made(tmp_path)
    assert run(loaded_app, "load", "--if-empty").exit_code == 0
    assert made(tmp_path) == file
    second = run(loaded_app, "load")
    assert second.exit_code == 1
    assert "flask demo reset" in second.output
    (tmp_path / "demo.db-wal").write_bytes(b"left over")
    assert run(loaded_app, "reset", "--seed", "7").exit_code == 0
    assert made(tmp_path) != file
    assert {path.name for path in tmp_path.iterdir()} == {
        "demo.db",
        "demo-password",
        "demo-secret-key",
        "demo-archive-password",
    }


def test_what_it_loaded_is_served_signed_in_to_and_proved(
    loaded_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_DEMO", "1")
    app = create_app(instance=tmp_path)
    assert preflight.find_problem(app) is None
    assert app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 0
    app.config["WTF_CSRF_ENABLED"] = False
    password = (tmp_path / "demo-password").read_text().strip()
    answer = app.test_client().post("/sign-in", data={"user_name": "nurse", "password": password})
    assert answer.status_code == 303
    session.remove()
    app.extensions["engine"].dispose()


@pytest.mark.parametrize("command", ["load", "reset"])
def test_a_production_database_is_never_touched(
    clinic_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("TRIAGE_DATABASE_URL", f"sqlite:///{tmp_path / 'production.db'}")
    refused = run(clinic_app, command)
    assert refused.exit_code == 1
    assert "TRIAGE_DATABASE_URL" in refused.output
    assert not list(tmp_path.glob("*.db"))


def test_a_production_database_in_the_settings_file_counts_too(clinic_app: Flask, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('database_url = "postgresql://db/clinic"\n')
    assert run(clinic_app, "load").exit_code == 1
    assert not list(tmp_path.glob("*.db"))


def test_a_load_that_fails_leaves_what_was_there(
    loaded_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = made(tmp_path)
    monkeypatch.setattr(loading, "fill", lambda *_: 1 / 0)
    assert run(loaded_app, "reset").exit_code == 1
    assert made(tmp_path) == before


# --- a large clinic ------------------------------------------------------------------------------------------------

YEARS = Size(patients=400, days=547, visits=599, whole=50)


@pytest.fixture(scope="module")
def large_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load a clinic with weeks behind it once, for the tests that only look."""
    made = tmp_path_factory.mktemp("large")
    audit.use_key("demonstration")
    with clock.at(NOON):
        loading.load(made / "demo.db", "demonstration", size=YEARS)
    return made


@pytest.fixture
def large(large_folder: Path, tmp_path: Path) -> Iterator[None]:
    """Look at a copy of the large clinic, at the moment it was loaded."""
    shutil.copy(large_folder / "demo.db", tmp_path / "demo.db")
    engine = db.connect(f"sqlite:///{tmp_path / 'demo.db'}")
    with clock.at(NOON):
        yield
    session.remove()
    engine.dispose()


def of_the_crowd() -> Select[Patient]:
    return select(Patient).where(Patient.number < "900000")


def test_a_large_clinic_has_the_patients_and_visits_asked_for_and_the_same_day_on_top(large: None) -> None:
    assert len(session.scalars(of_the_crowd()).all()) == YEARS.patients
    crowd = {patient.id for patient in session.scalars(of_the_crowd())}
    visits = session.scalars(select(Encounter).where(Encounter.patient_id.in_(crowd))).all()
    assert len(visits) == YEARS.visits
    assert all(visit.finished_at and visit.arrived_at.date() < NOON.date() for visit in visits)
    assert 55 <= len(of_today()) <= 65
    assert not audit.verify()[0].damage


def test_its_visits_come_on_working_days_in_opening_hours_after_the_patient_came_on_file(large: None) -> None:
    query = select(Encounter, Patient.created_at).join(Encounter.patient).where(Patient.number < "900000")
    for visit, since in session.execute(query):
        here = visit.arrived_at.astimezone(ZoneInfo("Asia/Tokyo"))
        assert here.weekday() < 6
        assert time(9) <= here.time() < time(16)
        assert since.date() <= visit.arrived_at.date()
        assert visit.finished_at
        assert visit.arrived_at < visit.finished_at


def test_the_last_visits_have_their_whole_record_and_the_others_say_nothing_of_findings(large: None) -> None:
    query = select(Encounter).join(Encounter.patient).where(Patient.number < "900000")
    visits = session.scalars(query.order_by(Encounter.arrived_at)).all()
    recorded = set(session.scalars(select(Finding.encounter_id)))
    decided = set(session.scalars(select(TriageDecision.encounter_id)))
    whole = [visit.id in recorded & decided for visit in visits]
    assert whole == [False] * (YEARS.visits - YEARS.whole) + [True] * YEARS.whole
    assert all(bool(visit.suggestion) == (visit.id in recorded) for visit in visits)


def test_a_few_family_names_are_common_and_the_same_full_name_is_marked(large: None) -> None:
    crowd = session.scalars(of_the_crowd()).all()
    families = Counter(patient.family_name for patient in crowd)
    assert len(families) > 100
    assert families.most_common(1)[0][1] > 3
    full = Counter((patient.family_name, patient.given_name) for patient in crowd)
    assert all(p.same_name == (full[p.family_name, p.given_name] > 1) for p in crowd)
    desk = accounts.actor_of(session.scalar(select(Staff.id).where(Staff.user_name == "reception")) or "")
    assert desk
    assert crowd[7].id in {patient.id for patient in lookup.search(desk, f"{crowd[7].kana} {crowd[7].number}").patients}


def test_the_command_loads_the_same_clinic_and_says_on_stderr_how_far_it_is(
    clinic_app: Flask, tmp_path: Path, large_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(years, "WHOLE", YEARS.whole)
    with clock.at(NOON):
        result = run(clinic_app, "load", "--patients", str(YEARS.patients), "--days", str(YEARS.days))
    assert result.exit_code == 0, result.output
    assert "patients: 400 of 400" in result.stderr
    assert "earlier visits: 599 of 599" in result.stderr
    assert "599" not in result.stdout
    assert content(tmp_path / "demo.db") == content(large_folder / "demo.db")


def test_nobody_came_on_the_sunday_before_a_monday(loaded_app: Flask, tmp_path: Path) -> None:
    engine = db.connect(f"sqlite:///{tmp_path / 'demo.db'}")
    said: list[str] = []
    monday = date(2026, 11, 23)
    size = Size(patients=5, days=1, visits=5, whole=5)
    years.fill(accounts.system_actor(), size, Random(1), monday, lambda what, *_n: said.append(what))
    assert said == ["patients"]
    session.remove()
    engine.dispose()


@pytest.mark.parametrize("asked", [["--days", "10"], ["--patients", "0"], ["--patients", "900000"]])
def test_a_size_that_makes_no_clinic_is_refused(clinic_app: Flask, tmp_path: Path, asked: list[str]) -> None:
    assert run(clinic_app, "load", *asked).exit_code == 2
    assert not list(tmp_path.glob("*.db"))
