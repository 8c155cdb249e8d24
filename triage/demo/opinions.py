"""Where somebody of the demonstration saw it otherwise than the rules or than somebody else, and what was said then."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from triage.db import Base, new_id
from triage.demo.clinic import Team
from triage.demo.reading import Script
from triage.domain.gate import EMERGENCY_LEVEL, LEVELS
from triage.domain.suggestion import Suggestion
from triage.models import RuleFeedback, RuleFeedbackAnswer, TriageDecision
from triage.services.triage import Choice

Rows = Mapping[type[Base], list[dict[str, Any]]]


def otherwise(script: Script, rng: Random, choice: Choice, suggestion: Suggestion) -> Choice:
    """Return the choice, now and then another level or another way with its reason; never into or out of emergency."""
    if choice.reason or choice.route != suggestion.route or suggestion.level <= EMERGENCY_LEVEL:
        return choice
    for opinion in script.day["otherwise"]:
        if rng.random() < opinion["share"] and choice.route == opinion.get("from", choice.route):
            level = choice.acuity - opinion.get("raises", 0)
            if level in LEVELS and level > EMERGENCY_LEVEL:
                route, words = opinion.get("to", choice.route), rng.choice(opinion["notes"])
                return replace(choice, acuity=level, route=route, reason=opinion["reason"], note=words)
    return choice


def feedback(script: Script, team: Team, site_id: str, rows: Rows) -> Iterator[tuple[type[Base], dict[str, Any]]]:
    """Yield the words of the script under the latest decision on which their rule had fired, and the lead's answers."""
    for entry in script.day["feedback"]:
        fitting = (row for row in rows[TriageDecision] if _fired(row, entry["rule"]))
        row = max(fitting, key=lambda row: row["at"], default=None)
        if row is None:
            continue
        id_, at = new_id(), row["at"] + timedelta(minutes=5)
        yield RuleFeedback, {
            "id": id_, "site_id": site_id, "encounter_id": row["encounter_id"], "at": at, "rule": entry["rule"],
            "staff_id": team[entry["by"]].staff_id, "text": entry["text"], "ruleset": row["ruleset"],
            "ruleset_hash": row["ruleset_hash"],
        }  # fmt: skip
        if "answer" in entry:
            lead = team[entry["answered_by"]].staff_id
            answered = {"feedback_id": id_, "at": at + timedelta(days=1), "staff_id": lead, "text": entry["answer"]}
            yield RuleFeedbackAnswer, {"id": new_id(), **answered}


def _fired(row: Mapping[str, Any], rule: str) -> bool:
    return any(reason["rule"] == rule for reason in row["suggestion"]["reasons"])
