"""A clinic with a patient at every place, and every page there is, with who looks at it."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from tests.builders import Clinic, arrive, as_answers, wait
from tests.decisions import operation
from tests.published import OTHER, put_in_force
from triage import clock, knowledge
from triage.db import session
from triage.domain.comeback import Day
from triage.domain.hours import OTHER_HOURS, Opening
from triage.domain.limits import as_values
from triage.domain.machines import ScannerValues
from triage.domain.matching import Keys, StepBegun
from triage.domain.outcomes import Treatment
from triage.domain.results import Report
from triage.services import (
    appointment_requests,
    appointments,
    archives,
    calls,
    consults,
    devices,
    emergencies,
    encounters,
    feedback,
    hours,
    imaging,
    intakes,
    limits,
    milestones,
    outcome_entries,
    outcome_starts,
    outcomes,
    pathway_lists,
    procedure_steps,
    questions,
    results,
    returns,
    rooms,
    rule_drafts,
    scanners,
    simulations,
    surgeon_times,
    triage,
    unmatched,
)
from triage.services.organisations import today

#: What answers with a part of a page, a file, a stream or another address; and the wall, which no person opens.
PARTS = frozenset({
    "accounts.index", "accounts.theme", "agreement.table", "assets", "board.alerts", "board.rows", "calendars.feed",
    "calls.rows",
    "consults.candidate", "consults.candidates", "consults.news", "consults.rows", "downtime.state",
    "emergencies.panel", "encounters.show", "imaging.rows", "imaging_orders.newest",
    "intakes.back", "live.here", "live.stream", "questions.of_visit", "questions.rows", "results.file", "results.rows",
    "rulesets.file", "static", "outcome_exports.file", "triage.suggestion", "wall.now", "wall.show",
})  # fmt: skip


def build(clinic: Clinic) -> dict[str, str]:
    """Build one patient at every place and return the pages to look at, with who looks."""
    calm = {question.id: False for question in knowledge.load().urgent_questions}
    desk = arrive(clinic.reception)
    waiting = wait(clinic.reception, calm, family_name="渡邊", given_name="一郎", same_name=True)
    pinned = wait(clinic.reception, interpreter=True, language="vi", family_name="Nguyen", given_name="Thi Lan")
    emergencies.raise_(clinic.nurse, pinned.id, "numb legs")
    for route, modality in (("xray", "xray"), ("ct", "ct"), ("specialist_consult", ""), ("conservative_first", "")):
        row = wait(clinic.reception, calm)
        current = encounters.get(clinic.nurse, row.id)
        reason = knowledge.load().override_reasons[0].id
        triage.decide(
            clinic.nurse, row.id, current.version, triage.Choice(4, route, modality, reason, without="the rest follows")
        )
        if route == "specialist_consult":
            review = row
    going = operated(clinic, calm)
    signed = _decided(clinic, calm)
    ordered, examined = _examined(clinic)
    intakes.record_answers(clinic.reception, desk.id, as_answers({knowledge.load().symptoms[0].key: True}))
    rule = knowledge.load().ruleset.default.id
    feedback.give_feedback(clinic.nurse, waiting.id, rule, "not for athletes")
    put_in_force(clinic.surgeon2, OTHER)
    draft = rule_drafts.create(clinic.surgeon, OTHER.replace("pain_nrs >= 9", "pain_nrs >= 7"), "one more")
    devices.add(clinic.admin, "wall", "Waiting room")
    proposed = as_values(limits.shipped()) | {"4": 90}
    limits.propose(clinic.admin, proposed, "", "an hour and a half on Mondays")
    day = today(clinic.site_id)
    simulation = simulations.start(clinic.surgeon, draft, day, day)
    while simulations.get(clinic.surgeon, simulation).finished_at is None:
        simulations.step(clinic.surgeon, simulation, simulations.get(clinic.surgeon, simulation).done)
    hours.add_days(clinic.admin, day, day, OTHER_HOURS, "Staff meeting", Opening(time(9, 30), time(23, 59)))
    hours.set_week(clinic.admin, (Opening(time(9), time(17)),) * 6 + (None,), day + timedelta(days=30), 0, "Winter")
    later = hours.next_open(clinic.site_id, day, after=2)
    at_ten = datetime.combine(later, time(10), ZoneInfo("Asia/Tokyo"))
    away = hours.next_open(clinic.site_id, day, after=8)
    surgeon_times.add_absence(clinic.reception, clinic.surgeon.staff_id, away, away + timedelta(days=2), "congress", "")
    wish = appointments.Wish("first_visit", clinic.surgeon.staff_id, at_ten, "brings images")
    booked = appointments.book(clinic.reception, waiting.patient_id, wish)
    asked = [
        appointment_requests.Asked(
            "telephone", clock.now(), name, "090-0000-0000", "first_visit", urgent, today_, "mornings"
        )
        for name, urgent, today_ in (("渡邊 一郎", "yes", True), ("林 凛", "not_asked", False))
    ]
    request = [appointment_requests.enter(clinic.reception, one) for one in asked][1]
    questions.ask(clinic.surgeon, review.id, "nurse", "Since when is the foot weak?")
    to_read = questions.ask(clinic.nurse, review.id, "surgeon", "May the patient eat?")
    questions.answer(clinic.surgeon, to_read, 1, "Yes.")
    room = rooms.add(clinic.admin, "Room 1")
    ct = scanners.add(clinic.admin, ScannerValues("CT 1", "CT1", "ct", "ir87", room, "192.0.2.7", 104, tls=True))
    archives.save(clinic.admin, 0, "http://192.0.2.8:8042", "triage", "https://viewer.example/?study={study}")
    scanners.add(clinic.admin, ScannerValues("X-ray 1", "XR1", "xray", "utf8", mpps=False))
    unsure, meant = _told(clinic, ct, examined)
    calls.call(clinic.nurse, waiting.id, room)
    calls.no_answer(clinic.nurse, waiting.id)
    home = wait(clinic.reception, calm, family_name="森")
    day = hours.next_open(clinic.site_id, today(clinic.site_id), after=1)
    back = returns.ask_back(clinic.reception, home.id, home.version, Day(day), "no_slot_today")
    followed = followed_up(clinic, waiting.patient_id)
    session.remove()
    return {
        "/sign-in": "", "/device": "", "/devices": "admin", "/me": "admin", "/staff": "admin",
        "/audit": "auditor", "/audit/verification": "auditor",
        "/patients": "reception", "/patients/search?q=19630730": "reception", "/patients/new": "reception",
        f"/patients/{waiting.patient_id}": "reception", f"/patients/{waiting.patient_id}/edit": "reception",
        f"/encounters/{desk.id}/intake": "reception", f"/encounters/{desk.id}/slip": "reception",
        f"/encounters/{waiting.id}/summary": "reception", "/board": "nurse", "/board?level=5": "nurse",
        f"/encounters/{waiting.id}/triage": "nurse", f"/encounters/{pinned.id}/emergency": "nurse",
        f"/encounters/{pinned.id}/emergency/transfer-sheet": "nurse", "/tasks": "nurse", "/imaging": "radiographer",
        f"/imaging-orders/{ordered}": "surgeon",
        "/consults": "surgeon", f"/consults/{review.id}": "surgeon", f"/consults/{review.id}/print": "surgeon",
        f"/decisions/{signed}/amendment": "surgeon", f"/decisions/{signed}/sheet": "surgeon",
        "/board/snapshot": "nurse", "/downtime/slips": "reception", "/downtime/forms?slips=4&sheets=1": "reception",
        "/calls": "nurse", f"/encounters/{waiting.id}/calls": "nurse", "/team": "nurse", "/rooms": "admin",
        "/imaging/unmatched": "radiographer", f"/imaging/unmatched/step/{unsure}": "nurse2",
        f"/imaging/unmatched/step/{unsure}/orders/{meant}": "radiographer",
        "/scanners": "radiographer", f"/scanners/{ct}": "admin", "/scanners/new": "admin",
        "/archive": "admin",
        "/hours": "admin", "/appointments": "reception", f"/appointments?day={later}": "nurse",
        f"/appointments/{booked}": "reception", "/appointments/requests": "reception",
        "/appointments/today": "reception", f"/appointments/print?day={later}": "reception", "/surgeons": "reception",
        f"/surgeons/{clinic.surgeon.staff_id}": "admin", "/appointments/new": "nurse",
        f"/appointments/new?kind=same_day_procedure&patient={waiting.patient_id}": "surgeon",
        "/appointments/calendar": "surgeon",
        f"/appointments/new?patient={waiting.patient_id}&asked={request}&day={later}": "reception",
        f"/encounters/{waiting.id}/claim": "nurse",
        "/results": "nurse", f"/imaging-orders/{examined}/result": "surgeon",
        "/board/views": "nurse", "/day/end": "nurse2", "/departures": "reception",
        f"/encounters/{waiting.id}/departure": "reception", f"/encounters/{waiting.id}/why": "nurse",
        f"/rulesets/{draft}": "nurse", f"/rulesets/drafts/{draft}": "surgeon2",
        f"/rulesets/{draft}/simulations": "surgeon", f"/simulations/{simulation}": "surgeon",
        "/late": "reception", "/late?q=S380730": "nurse", f"/late/{desk.id}": "nurse",
        "/agreement": "surgeon", f"/agreement/rules/{rule}": "surgeon2",
        f"/encounters/{waiting.id}/rules/{rule}/feedback": "nurse", "/scores": "nurse", "/nothing-here": "nurse",
        "/rulesets": "surgeon2", "/rulesets?q=xyzzy": "nurse", "/rulesets/publications": "surgeon2",
        f"/rulesets/differences?after={draft}": "auditor", "/rulesets/drafts": "surgeon",
        "/questions": "nurse", "/limits": "surgeon2", f"/encounters/{waiting.id}/place": "reception",
        "/returns": "reception", "/returns/sheet": "nurse",
        f"/returns/{back}/advice": "reception", f"/encounters/{desk.id}/return": "reception",
        f"/encounters/{home.id}/summary": "reception",
        f"/rulesets/drafts/{draft}/rule": "surgeon",
        f"/patients/{waiting.patient_id}/outcomes/new": "reception", "/outcomes/export": "surgeon2",
        "/outcomes/results": "surgeon",
        f"/outcomes/results?surgeon={clinic.surgeon.staff_id}": "surgeon2",
        "/outcomes": "nurse", f"/outcomes/{followed[0]}": "surgeon", f"/outcomes/points/{followed[1]}": "reception",
        "/pathways": "nurse", "/pathways?show=alarm": "surgeon", "/pathways/due": "reception",
        f"/pathways/{going}": "nurse", f"/pathways/{going}/print": "reception",
    }  # fmt: skip


def begun_by_hand(surgeon_id: str) -> Treatment:
    """Return a fusion that this program has not seen."""
    return Treatment("procedure", "PLIF", surgeon_id, "L4-5", "both", start="earlier")


def followed_up(clinic: Clinic, patient_id: str) -> tuple[str, str]:
    """Follow a patient up who was operated on three months ago, and return the series and a point to answer."""
    day = today(clinic.site_id) - timedelta(days=95)
    series = outcome_starts.begin(clinic.nurse, patient_id, day, begun_by_hand(clinic.surgeon.staff_id))
    points = outcomes.points_of(outcomes.find(clinic.nurse, series))
    point, version = points[1].id, points[1].version
    values = {"nrs_back": 3.0, "odi": 22.0, "joabpeq_walking": 71.0}
    outcome_entries.record_answers(clinic.nurse, point, version, values, day + timedelta(days=93), "telephone")
    outcome_entries.note_complication(clinic.surgeon, series, None, "dural_tear", day, "1", False)
    return series, point


def _examined(clinic: Clinic) -> tuple[str, str]:
    """Order one of what was asked for, do and report another, and return both."""
    done, order = imaging.list_orders(clinic.surgeon)[:2]
    for row in (order, done):
        imaging.order(clinic.surgeon, row.id, row.version)
    ordered, radiographer = imaging.get(clinic.surgeon, done.id).version, clinic.radiographer
    imaging.start(radiographer, done.id, ordered, ("name", "ticket"), "no")
    begun = imaging.get(clinic.surgeon, done.id).version
    imaging.complete(radiographer, done.id, begun, "L-spine", {"kvp": 80.0})
    for words in (Report("Narrow canal at L4/5."), Report("Narrow canal at L3/4 and L4/5.", "Dr Sato", "level added")):
        results.report(clinic.radiographer, done.id, imaging.get(clinic.surgeon, done.id).version, words)
    return order.id, done.id


def _told(clinic: Clinic, scanner_id: str, done_id: str) -> tuple[str, str]:
    """Let the CT begin what nobody checked, and tell of an examination without a worklist; return it and an order."""
    ct = scanners.get(clinic.admin, scanner_id)
    machine = scanners.machine(ct.site_id, ct.name)
    done = imaging.get(clinic.radiographer, done_id)
    number = done.encounter.patient.number
    procedure_steps.begin(machine, ct, StepBegun("1.2.3.8", Keys(done.study_uid or "", "", number), clock.now()))
    name = Keys("", "", "E-17", "YAMAMOTO^KAZUO=山本^和夫")
    procedure_steps.begin(machine, ct, StepBegun("1.2.3.9", name, clock.now(), {"description": "L-spine"}))
    return unmatched.list_open(clinic.radiographer)[0].row.id, done_id


def operated(clinic: Clinic, answers: dict[str, bool]) -> str:
    """Build a patient with a signed decision for an operation and a day for it; return the pathway."""
    row = wait(clinic.reception, answers, family_name="遠藤", given_name="健太")
    reason = knowledge.load().override_reasons[0].id
    triage.decide(clinic.nurse, row.id, row.version, triage.Choice(4, "specialist_consult", "", reason, without="soon"))
    version = encounters.get(clinic.surgeon, row.id).version
    consults.decide(clinic.surgeon, row.id, version, operation("MED"))
    (pathway,) = pathway_lists.list_of_patient(clinic.nurse, row.patient_id)
    steps = pathway_lists.view(clinic.nurse, pathway.id).steps
    operated_on = next(step for step in steps if step.mark == "operation")
    day = hours.next_open(clinic.site_id, today(clinic.site_id), 9)
    milestones.move(clinic.reception, operated_on.id, pathway.version, day)
    return pathway.id


def _decided(clinic: Clinic, calm: dict[str, bool]) -> str:
    """Return the id of a fusion that was signed, its visit ended by it."""
    row = wait(clinic.reception, calm)
    reason = knowledge.load().override_reasons[0].id
    triage.decide(clinic.nurse, row.id, row.version, triage.Choice(4, "specialist_consult", "", reason, without="soon"))
    version = encounters.get(clinic.surgeon, row.id).version
    return consults.decide(clinic.surgeon, row.id, version, operation("PLIF", "L3-4", level_to="L5-S1"))


def not_looked_at(app: Flask, pages: dict[str, str]) -> set[str]:
    """Return the endpoints of pages that no address in ``pages`` leads to."""
    adapter = app.url_map.bind("localhost")
    there = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())} - PARTS
    return there - {adapter.match(path.partition("?")[0])[0] for path in pages if path != "/nothing-here"}
