"""Recording answers and findings; the rules run at every saved answer, and an emergency is pinned at once."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import NotAllowed, Refused, Stale
from triage.domain.findings import Answer, resolve, unanswered_urgent
from triage.domain.flags import feared
from triage.domain.lifecycle import REGISTERED
from triage.domain.people import age_in_years
from triage.domain.suggestion import Suggestion
from triage.domain.urgent import not_denied
from triage.models import Encounter, Finding
from triage.services import answered, emergencies, late, pins, rulesets, tasks
from triage.services.advice import advise, sealed, suggest
from triage.services.audit import record
from triage.services.encounters import check_version, for_writing, move, staff_names, touch
from triage.services.organisations import today
from triage.services.reassessments import restart_on

#: Finding.source by the role that records it; the first that the actor holds counts.
SOURCES = ("surgeon", "nurse", "reception")
#: FHIR administrative gender -> the value the rules read; anything else is unknown.
SEX = {"male": "M", "female": "F"}


def findings_of(encounter_id: str) -> dict[str, Finding]:
    """Return what is recorded for the encounter, by name."""
    return {row.name: row for row in session.scalars(select(Finding).where(Finding.encounter_id == encounter_id))}


def recorded(encounter_id: str) -> tuple[dict[str, Finding], dict[str, str]]:
    """Return what is recorded for the encounter by name, and the names of who recorded it by staff id."""
    rows = findings_of(encounter_id)
    return rows, staff_names({row.recorded_by for row in rows.values()})


def answers_of(encounter: Encounter) -> dict[str, Answer]:
    """Return the recorded answers as the domain reads them, age and sex from the patient's record among them."""
    return _from_record(encounter) | answered.recorded(encounter.id)


def _from_record(encounter: Encounter) -> dict[str, Answer]:
    return from_record(encounter.patient.birth_date, encounter.patient.sex, today(encounter.site_id))


def from_record(born: date | None, sex: str, on: date) -> dict[str, Answer]:
    """Return what the patient's record answers by itself on a day: age and sex, where they are known."""
    answers = {}
    if born:
        answers["age"] = Answer(True, age_in_years(born, on))
    if sex in SEX:
        answers["sex"] = Answer(True, SEX[sex])
    return answers


@verb
def record_answers(
    actor: Actor, encounter_id: str, answers: Mapping[str, Answer | None], seen_revision: int | None = None
) -> Suggestion:
    """Save answers (None takes one back to "not asked"), run the rules, pin an emergency; return the suggestion.

    ``seen_revision`` is the findings_revision of the page: Stale is raised where someone else changed one of these
    names after it; answers to different names merge. Refused where an open emergency rests on the old answer.
    """
    encounter = for_writing(actor, encounter_id)
    recorded = findings_of(encounter.id)
    changed = {name: answer for name, answer in answers.items() if _differs(recorded.get(name), answer)}
    _refuse_stale(recorded, changed, seen_revision)
    if not changed:
        return suggest(encounter.site_id, answers_of(encounter))
    before = {name: _plain(recorded.get(name)) for name in changed}
    earlier = answers_of(encounter)
    _refuse_lowering(actor, encounter, recorded, changed, earlier)
    _write(actor, encounter, recorded, changed)
    restart_on(encounter, changed)
    suggestion = reassess(actor, encounter, earlier)
    after = {name: None if a is None else {"known": a.known, "value": a.value} for name, a in changed.items()}
    record(
        actor, "findings_recorded", patient_id=encounter.patient_id, encounter_id=encounter.id,
        before=before, after=after, suggestion={"level": suggestion.level, "route": suggestion.route},
    )  # fmt: skip
    return suggestion


def _differs(row: Finding | None, answer: Answer | None) -> bool:
    if row is None or answer is None:
        return (row is None) != (answer is None)
    return (row.known, row.value) != (answer.known, answer.value) or type(row.value) is not type(answer.value)


def _plain(row: Finding | None) -> dict[str, Any] | None:
    return {"known": row.known, "value": row.value} if row else None


def _refuse_stale(recorded: Mapping[str, Finding], changed: Mapping[str, Answer | None], seen: int | None) -> None:
    if seen is None:
        return
    for name in changed:
        row = recorded.get(name)
        if row is not None and row.revision > seen:
            by = emergencies.name_of(row.recorded_by)
            raise Stale(by, row.recorded_at, {"name": name, "known": row.known, "value": row.value})


def _write(
    actor: Actor, encounter: Encounter, recorded: dict[str, Finding], changed: Mapping[str, Answer | None]
) -> None:
    encounter.findings_revision += 1
    source = next((role for role in SOURCES if role in actor.roles), "reception")
    for name, answer in changed.items():
        row = recorded.get(name)
        if answer is None:
            session.delete(row)
            continue
        if row is None:
            row = Finding(encounter_id=encounter.id, name=name)
            session.add(row)
        row.known, row.value, row.source = answer.known, answer.value, source
        row.revision, row.recorded_by, row.recorded_at = encounter.findings_revision, actor.staff_id, clock.now()
    touch(actor, encounter)
    session.flush()


def reassess(actor: Actor, encounter: Encounter, earlier: Mapping[str, Answer] | None = None) -> Suggestion:
    """Run the rules inside a verb, keep the suggestion for the board, pin an emergency, close answered tasks.

    ``earlier`` are the answers before the change; a rule that two people took back rings again only where a fact
    under it is new or has changed since then.
    """
    answers, known = answers_of(encounter), knowledge.load()
    suggestion = store_suggestion(encounter, answers)
    before = resolve(known, answers if earlier is None else earlier)
    quiet = emergencies.quiet_rules(encounter, suggestion, before, resolve(known, answers))
    emergencies.pin_by_rules(actor, encounter, suggestion, quiet)
    tasks.close_answered(actor, encounter, answers)
    return suggestion


def store_suggestion(encounter: Encounter, answers: Mapping[str, Answer]) -> Suggestion:
    """Keep what is suggested on these answers and how the urgent questions stand on the encounter, for the board."""
    known = rulesets.in_force(encounter.site_id)
    findings = resolve(known, answers)
    suggestion = advise(known.ruleset, findings)
    encounter.suggestion, encounter.suggested_at = sealed(known.ruleset, findings, suggestion), clock.now()
    encounter.suggested_level, encounter.suggested_route = suggestion.level, suggestion.route
    encounter.suggested_provisional = suggestion.provisional
    encounter.suggested_flags = " ".join(feared(known.ruleset, suggestion, known.from_record))
    encounter.unanswered = len(unanswered_urgent(known, answers))
    encounter.urgent = len(not_denied(known, answers))
    return suggestion


def _refuse_lowering(
    actor: Actor,
    encounter: Encounter,
    recorded: Mapping[str, Finding],
    changed: Mapping[str, Answer | None],
    earlier: Mapping[str, Answer],
) -> None:
    """Up is free, down is guarded: an emergency rests on its answers until two people took it back."""
    kept = {name: answer for name, answer in earlier.items() if name not in changed}
    given = {name: answer for name, answer in changed.items() if answer is not None}
    later = _from_record(encounter) | kept | given
    if _loses_what_it_rests_on(encounter, earlier, later):
        raise Refused("answer_holds_emergency")
    old, new = (suggest(encounter.site_id, said) for said in (earlier, later))
    if new.level >= old.level:  # up is free, also from paper; otherwise what was said later stands
        late.check(*(recorded[name].recorded_at for name in changed.keys() & recorded.keys()), code="late_newer_answer")
    if new.level <= old.level or encounter.stage == REGISTERED or actor.may("triage:decide"):
        return
    clinical = {name for name, row in recorded.items() if row.source in ("nurse", "surgeon")}
    if changed.keys() & (_urgent_names() | clinical):
        raise NotAllowed("only_clinical_lowers")


def _loses_what_it_rests_on(encounter: Encounter, earlier: Mapping[str, Answer], later: Mapping[str, Answer]) -> bool:
    """Tell whether a rule that holds the open emergency would no longer fire, by the rules it was found by."""
    resting = emergencies.rules_at_rest(encounter)
    for known in rulesets.ever_in_force(encounter.site_id) if resting else ():
        found = (advise(known.ruleset, resolve(known, said)) for said in (earlier, later))
        before, after = (set(pins.alarms(known.ruleset, suggestion)) for suggestion in found)
        if resting & before - after:
            return True
        resting -= before
        if not resting:  # what other rules once said of these answers does not matter
            break
    return False


def _urgent_names() -> set[str]:
    questions = knowledge.load().urgent_questions
    return {name for question in questions for name in (question.id, *question.findings, *question.details)}


@verb
def submit(actor: Actor, encounter_id: str, version: int | None = None) -> None:
    """Send the intake to the queue; unanswered urgent questions stay unknown and are shown as such."""
    encounter = for_writing(actor, encounter_id)
    check_version(encounter, version)
    reassess(actor, encounter)
    if encounter.stage == REGISTERED:
        move(actor, encounter, "submit_intake")
    unanswered = list(unanswered_urgent(knowledge.load(), answers_of(encounter)))
    record(actor, "intake_submitted", patient_id=encounter.patient_id, encounter_id=encounter.id, unanswered=unanswered)


@verb
def change_details(
    actor: Actor,
    encounter_id: str,
    version: int | None,
    details: Mapping[str, Any],
    seen: Mapping[str, Any] | None = None,
) -> None:
    """Save what the desk notes beside the answers: complaint, letter, images, consent; raises Stale on an old page.

    With ``seen`` (what the page held of each) only a change by someone else to the same field counts, so that
    answers saved meanwhile do not refuse a complaint.
    """
    encounter = for_writing(actor, encounter_id)
    check_version(encounter, version)
    before = {name: getattr(encounter, name) for name in details}
    changed = {name: value for name, value in details.items() if before[name] != value}
    foreign = [name for name in changed if seen is not None and name in seen and before[name] != seen[name]]
    if foreign:
        raise Stale(encounter.updated_by, encounter.updated_at or clock.now(), {name: before[name] for name in foreign})
    if not changed:
        return
    for name, value in changed.items():
        setattr(encounter, name, value)
    touch(actor, encounter)
    record(
        actor, "encounter_changed", patient_id=encounter.patient_id, encounter_id=encounter.id,
        before={name: before[name] for name in changed}, after=changed,
    )  # fmt: skip
