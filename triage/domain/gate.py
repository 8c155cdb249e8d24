"""Up is free, down is guarded: what closes the way to a route, as pure answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.domain.lifecycle import ROUTES

#: Routes that send a patient away from care for now; closed while an urgent question is "not known".
RESTING_ROUTES = frozenset({"conservative_first"})
EMERGENCY_ROUTE = "emergency_specialist"
EMERGENCY_LEVEL = 2
LEVELS = range(1, 6)
RECALL_LIMIT = timedelta(minutes=10)

Reasons = list[tuple[str, dict[str, object]]]


@dataclass(frozen=True)
class Question:
    """The state in which a route is asked for: urgent questions open, the suggestion, and the emergency."""

    unanswered: tuple[str, ...]
    not_known: tuple[str, ...]
    level: int
    route: str
    emergency_open: bool = False
    emergency_withdrawn: bool = False


@dataclass(frozen=True)
class Asked:
    """What is asked for: level, route, modality, the reason of an override, and the "not known" that were explained.

    ``lacks``: what the referral still lacks for this route. ``without``: why it goes without that.
    """

    level: int
    route: str
    modality: str = ""
    reason: str = ""
    explained: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    without: str = ""


def is_emergency(level: int, route: str) -> bool:
    """Tell whether a choice is an emergency: by its route, or by level 1 or 2 whatever the route."""
    return route == EMERGENCY_ROUTE or level in LEVELS and level <= EMERGENCY_LEVEL


def closed(question: Question, asked: Asked) -> Reasons:
    """Return every reason why this way is closed, as message codes with values; empty means open.

    The way to the emergency is never closed.
    """
    if is_emergency(asked.level, asked.route):
        return []
    return standing(question, asked.route) + missing(question, asked)


def standing(question: Question, route: str) -> Reasons:
    """Return the reasons that no entry in the decision form can cure; the page shows them beside the closed way."""
    if route == EMERGENCY_ROUTE:
        return []
    found: Reasons = []
    if question.emergency_open or (question.level <= EMERGENCY_LEVEL and not question.emergency_withdrawn):
        found.append(("emergency_stands", {}))
    if question.unanswered:
        found.append(("unanswered", {"count": len(question.unanswered)}))
    if question.not_known and route in RESTING_ROUTES:
        found.append(("not_known_closes", {}))
    return found


def missing(question: Question, asked: Asked) -> Reasons:
    """Return what the decision form still needs."""
    found: Reasons = []
    if asked.level not in LEVELS:
        found.append(("acuity_needed", {}))
    if asked.route not in ROUTES:
        found.append(("route_needed", {}))
    if set(question.not_known) - set(asked.explained):
        found.append(("not_known_without_reason", {}))
    if (asked.level, asked.route) != (question.level, question.route) and not asked.reason:
        found.append(("reason_needed", {}))
    if asked.route == "imaging_then_specialist" and not asked.modality:
        found.append(("modality_needed", {}))
    if asked.lacks and not asked.without.strip():
        found.append(("referral_incomplete", {}))
    return found


def may_recall(decided_at: datetime, now: datetime) -> bool:
    """Tell whether a routing is young enough (10 minutes) to be undone."""
    return timedelta(0) <= now - decided_at <= RECALL_LIMIT


def is_quiet(facts: Collection[str], before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Tell whether a rule rests on exactly what it rested on before: none of its facts is new or has changed."""
    return all(name in before and before[name] == after.get(name) for name in facts)
