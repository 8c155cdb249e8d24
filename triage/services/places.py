"""Why somebody stands where they stand: the place on the board, and what stands before it, without any name."""

from collections.abc import Sequence
from dataclasses import dataclass

from triage.domain import queue
from triage.domain.access import Actor
from triage.models import Encounter
from triage.services import board, encounters
from triage.services.lines import Line


@dataclass(frozen=True)
class Standing:
    """One row's number in the order (1 is first), how many of each reason stand before it, and how many are here."""

    line: Line
    number: int
    before: dict[str, int]
    here: int


def find(actor: Actor, encounter_id: str) -> tuple[Encounter, Standing | None]:
    """Return the visit and its standing now, None once it is over; raises NotFound where the actor may not see it."""
    encounter = encounters.get(actor, encounter_id)
    lines = board.look(actor, board.Filters()).lines
    at = next((number for number, line in enumerate(lines) if line.id == encounter_id), None)
    return encounter, None if at is None else standing(lines, at)


def standing(lines: Sequence[Line], at: int) -> Standing:
    """Return the standing of the row at this index of the whole board in order."""
    keys = [line.key for line in lines[: at + 1]]
    return Standing(lines[at], at + 1, queue.reasons(keys[:at], keys[at]), len(lines))
