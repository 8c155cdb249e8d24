"""What counts of one visit when nurse, surgeon and rules are compared: the first decision of each that stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

NURSE, SURGEON = "nurse", "surgeon"
TRIAGE, TREATMENT, RECALL, IMAGED = "triage", "treatment", "recall", "imaged"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened at a visit; level is None for a surgeon's treatment decision, which has none.

    route: of a triage decision; kind: of a treatment decision. suggestion: what the rules advised at that moment.
    """

    what: str
    at: datetime
    by: str = NURSE
    level: int | None = None
    route: str = ""
    kind: str = ""
    reason: str = ""
    suggestion: Mapping[str, Any] | None = None
    ruleset: str = ""
    ruleset_hash: str = ""


@dataclass
class Judged:
    """The first standing decision of the nurse and of the surgeon, and whether the surgeon's came after images."""

    nurse: Step | None = None
    surgeon: Step | None = None
    imaged: bool = False
    recalled: list[Step] = field(default_factory=list)

    @property
    def triaged(self) -> list[Step]:
        """Return those that answered a suggestion with a level and a route."""
        return [step for step in (self.nurse, self.surgeon) if step is not None and step.what == TRIAGE]


def judge(steps: Iterable[Step], kinds: Iterable[str]) -> Judged:
    """Return what counts of a visit's steps, in order of time; ``kinds``: treatment decisions that can be compared."""
    found, kinds, imaged = Judged(), set(kinds), False
    standing: list[tuple[Step, bool]] = []
    for step in steps:
        if step.what == RECALL:
            _drop_last(standing, found)
        elif step.what == IMAGED:
            imaged = True
        elif step.what == TRIAGE or step.kind in kinds:
            standing.append((step, imaged))
    for step, after_images in reversed(standing):  # so that the first one stays
        if step.by == SURGEON:
            found.surgeon, found.imaged = step, after_images
        else:
            found.nurse = step
    return found


def _drop_last(standing: list[tuple[Step, bool]], found: Judged) -> None:
    """Take the last triage decision out: an undone routing is no decision."""
    at = next((i for i in reversed(range(len(standing))) if standing[i][0].what == TRIAGE), None)
    if at is not None:
        found.recalled.append(standing.pop(at)[0])


def deciding(suggestion: Mapping[str, Any], acuities: Mapping[str, tuple[str, int]]) -> str:
    """Return the rule that gave the suggestion its acuity, "" when the rules known today do not tell.

    acuities: rule -> (acuity, level) in the rules known today.
    """
    given = (suggestion["acuity"], suggestion["level"])
    fired = (reason["rule"] for reason in suggestion["reasons"])
    return next((rule for rule in fired if acuities.get(rule) == given), "")
