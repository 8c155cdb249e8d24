"""Up is free, down is guarded: what closes the way to a route, as pure answers."""

from dataclasses import dataclass

#: Routes that send a patient away from care for now; closed while an urgent question is "not known".
RESTING_ROUTES = frozenset({"conservative_first"})
EMERGENCY_LEVEL = 2


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
    """What is asked for: level, route, modality, the reason of an override, and the "not known" that were explained."""

    level: int
    route: str
    modality: str = ""
    reason: str = ""
    explained: tuple[str, ...] = ()


def closed(question: Question, asked: Asked) -> list[tuple[str, dict[str, object]]]:
    """Return every reason why this way is closed, as message codes with values; empty means open.

    The way to the emergency is never closed.
    """
    if asked.route == "emergency_specialist":
        return []
    found: list[tuple[str, dict[str, object]]] = []
    if question.emergency_open or (question.level <= EMERGENCY_LEVEL and not question.emergency_withdrawn):
        found.append(("emergency_stands", {}))
    if question.unanswered:
        found.append(("unanswered", {"count": len(question.unanswered)}))
    if question.not_known and asked.route in RESTING_ROUTES:
        found.append(("not_known_closes", {}))
    if set(question.not_known) - set(asked.explained):
        found.append(("not_known_without_reason", {}))
    if (asked.level, asked.route) != (question.level, question.route) and not asked.reason:
        found.append(("reason_needed", {}))
    if asked.route == "imaging_then_specialist" and not asked.modality:
        found.append(("modality_needed", {}))
    return found
