"""Saving what a form of answers posted, and telling what became of each: kept, refused, or answered by another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import url_for

from triage import clock
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.errors import DomainError, NotAllowed, Refused, Stale, Untimely
from triage.domain.findings import Answer
from triage.forms import entry, findings, summary
from triage.forms import intakes as details_form
from triage.models import Encounter
from triage.services import emergencies, encounters, intakes
from triage.web import actor, locale, message, sentence

#: How often a save is tried again when somebody answers between reading and writing.
TRIES = 3
#: For how long after an answer somebody counts as present.
PRESENT = timedelta(minutes=10)


@dataclass
class Outcome:
    """What became of one posted form; every mapping is by name."""

    typed: dict[str, str] = field(default_factory=dict)
    saved: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, entry.Conflict] = field(default_factory=dict)
    news: str = ""
    revision: int | None = None
    was_calm: bool = False
    over: bool = False  # the visit ended meanwhile
    keep: bool = False  # nothing was saved: the page keeps all that was typed

    @property
    def status(self) -> int:
        """Return 409 where somebody was faster, 422 where something was refused, else 200."""
        return 409 if self.conflicts or self.over else 422 if self.errors or self.refused or self.news else 200

    @property
    def shown(self) -> dict[str, str]:
        """Return the typed texts that the page keeps: those that could not be read, or all."""
        return self.typed if self.keep else {name: text for name, text in self.typed.items() if name in self.errors}


def save(by: Actor, encounter_id: str, form: Any) -> Outcome:
    """Save every touched answer and detail of the form that can be saved; raises NotAllowed, NotFound, Conflict."""
    posted, noted = findings.parse(form), details_form.parse(form)
    if "sheet" in posted.places() and not by.may("findings:record"):
        raise NotAllowed("not_allowed")
    calm = emergencies.find_open(encounters.get(by, encounter_id)) is None
    outcome = Outcome(typed={**posted.typed, **noted.typed}, revision=_whole(form.get("revision")), was_calm=calm)
    for name, (code, params) in {**posted.errors, **noted.errors}.items():
        outcome.errors[name] = sentence(code, **params)
        if code == "unknown_name":
            outcome.news = outcome.errors[name]
    _save_answers(by, encounter_id, posted, findings.filled(form), outcome)
    _save_details(by, encounter_id, noted, outcome)
    return outcome


def _save_answers(by: Actor, encounter_id: str, posted: findings.Posted, filled: set[str], outcome: Outcome) -> None:
    for _ in range(TRIES):
        rows, staff = intakes.recorded(encounter_id)
        outcome.conflicts.update(_conflicts(rows, staff, posted.typed, outcome.revision))
        wanted = _wanted(posted.answers, outcome.conflicts, filled - posted.typed.keys(), rows)
        if not wanted:
            return
        try:
            intakes.record_answers(by, encounter_id, wanted, outcome.revision)
        except Stale:
            continue
        except Untimely:
            raise  # it is the time on the paper that does not fit, not an answer
        except (Refused, NotAllowed) as error:
            _note_refusal(rows, wanted, error, outcome)
        else:
            outcome.saved |= wanted.keys()
        return


def _wanted(
    answers: Mapping[str, Answer | None], conflicts: Mapping[str, Any], filled: set[str], rows: Mapping[str, Any]
) -> dict[str, Answer | None]:
    held = {told for name in conflicts if findings.items()[name].role == "question" for told in findings.told_by(name)}
    return {
        name: answer
        for name, answer in answers.items()
        if name not in conflicts and name not in held and not (name in filled and name in rows)
    }


def _conflicts(
    rows: Mapping[str, Any], staff: Mapping[str, str], typed: Mapping[str, str], revision: int | None
) -> dict[str, entry.Conflict]:
    """Return the answers that somebody changed after the page was made, to something else than is posted now."""
    shown = entry.Entry(rows, staff)
    found = {}
    for name in typed.keys() & findings.items().keys():
        row = shown.row(name)
        if revision is not None and row is not None and row.revision > revision and shown.stored(name) != typed[name]:
            theirs = shown.stored(name)
            found[name] = entry.Conflict(staff.get(row.recorded_by, ""), row.recorded_at, typed[name], theirs)
    return found


def _note_refusal(rows: Mapping[str, Any], wanted: Iterable[str], error: DomainError, outcome: Outcome) -> None:
    """Put the reason at the answers that would have been lowered, and their old value back."""
    shown = entry.Entry(rows, {})
    lowered = [name for name in wanted if name in outcome.typed and shown.stored(name) not in ("", "no", "none")]
    outcome.refused.update(dict.fromkeys(lowered, message(error)))
    outcome.news = message(error)


def _save_details(by: Actor, encounter_id: str, noted: details_form.PostedDetails, outcome: Outcome) -> None:
    if not noted.values:
        return
    try:
        intakes.change_details(by, encounter_id, None, noted.values, noted.seen)
    except Stale as stale:
        for name in noted.typed.keys() & stale.current.keys():
            theirs = details_form.wire(stale.current[name])
            outcome.conflicts[name] = entry.Conflict(stale.by, stale.at, noted.typed[name], theirs)
    else:
        outcome.saved |= noted.values.keys()


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def form_context(encounter: Encounter, outcome: Outcome | None = None) -> dict[str, Any]:
    """Return what the partials of ``templates/findings`` need to show the answers of an encounter."""
    outcome = outcome or Outcome()
    messages = outcome.errors | outcome.refused
    shown = _entry(encounter, outcome, messages)
    return {
        "encounter": encounter,
        "entry": shown,
        "details": details_form.fields(encounter, outcome.shown, messages, outcome.conflicts),
        "alarm": emergencies.find_open(encounter),
        "intake": summary.recorded(shown, "desk"),
        "other": _other(shown),
        "rang": outcome.was_calm,
        "news": outcome.news,
        "consent_version": details_form.CONSENT_VERSION,
        "editable": encounter.stage in lifecycle.OPEN,
        "url": url_for("intakes.record", encounter_id=encounter.id),
    }


def _entry(encounter: Encounter, outcome: Outcome, messages: Mapping[str, str]) -> entry.Entry:
    rows, staff = intakes.recorded(encounter.id)
    panel = url_for("emergencies.show", encounter_id=encounter.id)
    return entry.Entry(
        rows, staff, locale(), outcome.shown, messages, outcome.conflicts, dict.fromkeys(outcome.refused, panel),
        encounter.patient.sex,
    )  # fmt: skip


def _other(shown: entry.Entry) -> dict[str, Any] | None:
    """Return who else answered here in the last ten minutes."""
    row = shown.latest(but=actor().staff_id)
    if row is None or clock.now() - row.recorded_at > PRESENT:
        return None
    return {"name": shown.staff.get(row.recorded_by, ""), "at": row.recorded_at}
