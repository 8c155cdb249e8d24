"""What no ruleset may change: the four acuities, and that an emergency is what the program treats as one."""

from triage.domain.gate import EMERGENCY_LEVEL
from triage.domain.lifecycle import ROUTES
from triage.knowledge import schema
from triage.knowledge.reading import Document

ACUITIES = ("emergency", "urgent", "soon", "routine")


def check_scale(document: Document, raw: schema.Knowledge) -> None:
    """Refuse acuities and routes that the stages of a visit do not know; their words and the routes' order may vary."""
    if tuple(e.id for e in raw.acuity) != ACUITIES:
        raise document.fault("acuity", 0, f"the acuities are, in this order: {', '.join(ACUITIES)}")
    for index, entry in enumerate(raw.acuity):
        check_level(document, "acuity", index, entry.id, entry.level)
    if {e.id for e in raw.route} != set(ROUTES):
        raise document.fault("route", 0, f"the routes are: {', '.join(sorted(ROUTES))}")


def check_level(document: Document, key: str, index: int, acuity: str, level: int) -> None:
    """Refuse an emergency that would not be pinned, and a level that says emergency where the acuity does not."""
    if (acuity == ACUITIES[0]) != (level <= EMERGENCY_LEVEL) or not 1 <= level <= 5:
        raise document.fault(key, index, f"level {level} does not fit {acuity}: 1 and 2 are emergencies", "level")
