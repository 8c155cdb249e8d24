"""An ordinary day costs the same after ten years as on the first: no query of it reads through what has gone before."""

from collections.abc import Iterator
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.routing import Rule

from tests import plans
from tests.builders import PEOPLE as ROLES
from triage import clock, knowledge
from triage.db import session
from triage.demo import clinic as demo_clinic
from triage.demo import day, file, loading, reading, years
from triage.demo.persons import Registry
from triage.domain import lifecycle
from triage.domain.access import GRANTS, PUBLIC, SIGNED_IN
from triage.models import AuditEvent, Encounter, Finding, Patient
from triage.services import scanners, worklist

PASSWORD = "correct horse battery"
PEOPLE = ("reception", "nurse2", "surgeon2", "radiographer", "admin", "auditor")
PAST = years.Size(patients=2500, days=400, visits=3000, whole=400)
#: What reads through the past because it is asked to, what never ends, and files; all else belongs to an ordinary day.
APART = (
    "agreement.", "outcome_exports.", "simulations.", "rule_drafts.", "audit.verification", "live.", "static", "assets",
)  # fmt: skip
STAGES = (lifecycle.WAITING, lifecycle.IMAGING, lifecycle.REVIEW, lifecycle.EMERGENCY, lifecycle.FINISHED)
SEARCHES = ("佐藤", "さ", "sato y", "ウスケ", "S380730", "000123", "A012", "12345678", "佐藤 S380730", "zzz")
NEW = {
    "request_id": "one", "family_name": "珍名", "given_name": "新", "family_kana": "チンメイ", "given_kana": "アラタ",
    "birth_date": "S380730", "sex": "male", "language": "ja", "mobility": "walking", "insurer": "555",
    "then": "check_in",
}  # fmt: skip
Visits = list[tuple[str, str]]


@pytest.fixture
def asked(app: Flask) -> plans.Asked:
    """Let a clinic with a past live a day, open every page and send every form; return what the database was asked."""
    script, rng, now = reading.read(), Random(1), clock.now().replace(microsecond=0)
    today = day.today_of(now, "Asia/Tokyo")
    with clock.at(now - loading.BEFORE_THE_DAY):
        team = demo_clinic.found(script.clinic, PASSWORD)
        demo_clinic.connect_scanners(team, script.clinic)
        planned = file.open_(team, script, Registry(script, rng, today), rng, now)
        years.fill(team["admin"], PAST, rng, today, loading.quiet)
    session.remove()
    engine = app.extensions["engine"]
    if engine.dialect.name == "postgresql":  # what its autovacuum does by itself within a minute
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    with plans.capture(engine) as statements:
        day.play(script, team, planned[::3], rng)
    visits = some()
    with plans.capture(engine, statements):
        call_from_the_scanners()
        for name in PEOPLE:
            go_round(app, name, visits)
    return statements


def call_from_the_scanners() -> None:
    """Ask for what waits for a scanner, as the listening process does."""
    worklist.prepare()
    xray = scanners.find("DEMO_XR")
    assert xray is not None
    list(worklist.waiting(xray))
    session.remove()


def some() -> Visits:
    """Return a visit at each place of care, and one that is over."""
    latest = select(func.max(Encounter.arrived_at)).where(Encounter.stage.in_(STAGES)).group_by(Encounter.stage)
    query = select(Encounter.id, Encounter.patient_id).where(Encounter.arrived_at.in_(latest))
    visits = [tuple(row) for row in session.execute(query)]
    session.remove()
    return visits


def go_round(app: Flask, name: str, visits: Visits) -> None:
    """Open every page and send every form of an ordinary day as this person, as far as the role goes."""
    client = app.test_client()
    assert client.post("/sign-in", data={"user_name": name, "password": PASSWORD}).status_code == 303
    rules = [rule for rule in app.url_map.iter_rules() if of_the_day(rule)]
    open_, shut = [rule for rule in rules if may(app, name, rule)], [rule for rule in rules if not may(app, name, rule)]
    pages = [(url, rule.methods) for rule in open_ for url in urls(rule, visits)]
    # A refusal is one like another.
    pages += [(url, rule.methods) for rule in shut[:3] for url in urls(rule, visits[:1])]
    for url in (url for url, methods in pages if "GET" in methods):
        answer = client.get(url, headers={"HX-Request": "true"} if "/encounters" in url else {})
        assert answer.status_code < 500, url
    for words in SEARCHES:
        client.get("/patients/search", query_string={"q": words})
    client.post("/patients/draft", data=NEW | {"request_id": f"draft-{name}"})
    client.post("/patients", data=NEW | {"request_id": name})
    for url in (url for url, methods in pages if "POST" in methods):
        answer = client.post(url, data={"version": "1", "note": "n", "reason": "r"}, headers={"HX-Request": "true"})
        assert answer.status_code < 500, url
    client.post("/sign-out")


def may(app: Flask, name: str, rule: Rule) -> bool:
    """Tell whether the role goes so far: it is refused before anything is read, and test_access.py proves it."""
    needed = str(getattr(app.view_functions[rule.endpoint], "permission", ""))
    return needed in (PUBLIC, SIGNED_IN) or any(needed in GRANTS[role] for role in ROLES[name])


def of_the_day(rule: Rule) -> bool:
    return not rule.endpoint.startswith((*APART, "accounts.sign_out"))


def urls(rule: Rule, visits: Visits) -> Iterator[str]:
    """Yield the addresses of a page: of one visit in each stage, open or closed, and of its patient."""
    for visit, patient in visits if rule.arguments else [("", "")]:
        known = {"encounter_id": visit, "patient_id": patient, "rule": knowledge.load().ruleset.default.id}
        if rule.arguments <= known.keys():
            yield str(rule.build(known, append_unknown=False)[1])  # type: ignore[index]


def test_nothing_of_an_ordinary_day_reads_through_the_past(app: Flask, asked: plans.Asked) -> None:
    assert len(asked) > 150
    found = []
    for statement, parameters in asked.items():
        with app.extensions["engine"].connect() as connection:
            steps = plans.growing(connection, statement, parameters)
        found += [f"{step}\n    {statement[statement.find('FROM') :]}" for step in steps]
    assert not found, "\n\n".join(found)


def test_a_query_that_reads_through_the_past_is_noticed(app: Flask) -> None:
    engine = app.extensions["engine"]
    for query in (
        select(func.count()).where(Encounter.site_id == "a"),
        select(AuditEvent.id).where(AuditEvent.name == "claimed"),
        select(Patient.id).where(Patient.phone == "y"),
        select(Finding.name).where(Finding.recorded_at < clock.now()).limit(1),
    ):
        with engine.connect() as connection, plans.capture(engine) as sent:
            connection.execute(query)
            ((statement, parameters),) = sent.items()
            assert plans.growing(connection, statement, parameters, small=True), statement
