"""How many rows of the board there are of what: counted once, then told apart by what came and what went."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from triage.domain.calling import NO_ANSWER
from triage.services.lines import Line

Room = tuple[str, str, str]


class Fact(NamedTuple):
    """All of a row that is counted but its wait; many rows have the same."""

    is_emergency: bool
    is_over: bool
    is_missing: bool
    must_look: bool
    is_carried: bool
    level: int | None
    stage: str
    room: Room | None

    @classmethod
    def of(cls, line: Line) -> "Fact":
        """Return what is counted of a row."""
        room = (line.room_id, line.room or "", line.room_ja or "") if line.room_id else None
        missing = line.call_state == NO_ANSWER
        turned = (line.is_over, missing, line.must_look, line.is_carried)
        return cls(line.emergency_id is not None, *turned, line.acuity, line.stage, room)


@dataclass(frozen=True)
class Tally:
    """How many rows there are of what: what the counts and the filters of the board say."""

    here: int
    emergencies: int
    over: int
    missing: int
    look: int
    carried: int  # came on an earlier day
    longest: int  # wait, in minutes
    average: int  # wait of who is here now; who has left does not count
    levels: tuple[tuple[int | None, int], ...]
    stages: tuple[tuple[str, int], ...]
    rooms: tuple[tuple[str, str, str, int], ...]  # id, name, Japanese name

    def level(self, level: int | None) -> int:
        """Return how many stand at a level, None: are not triaged."""
        return dict(self.levels).get(level, 0)

    def stage(self, stage: str) -> int:
        """Return how many are at a stage."""
        return dict(self.stages).get(stage, 0)


@dataclass(frozen=True)
class Counts:
    """How many rows there are of each kind, and what the board says of them."""

    facts: Mapping[Fact, int]
    tally: Tally

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "Counts":
        """Count the rows."""
        facts = Counter(map(Fact.of, lines))
        return cls(facts, tally(facts, [line.minutes for line in lines]))

    def brought_on(self, gone: Sequence[Line], come: Sequence[Line], lines: Sequence[Line]) -> "Counts":
        """Return the counts of these rows, where some took the place of others."""
        if sorted(map(_counted, gone), key=str) == sorted(map(_counted, come), key=str):
            return self
        facts = Counter(self.facts)
        facts.subtract(map(Fact.of, gone))
        facts.update(map(Fact.of, come))
        facts = +facts
        return Counts(facts, tally(facts, [line.minutes for line in lines]))


def _counted(line: Line) -> tuple[Fact, int]:
    return Fact.of(line), line.minutes


def tally(counts: Mapping[Fact, int], waits: Sequence[int]) -> Tally:
    """Return what the board says of so many rows of each kind, which wait so many minutes."""
    found, each = list(counts.items()), _each(counts)
    return Tally(
        here=len(waits),
        emergencies=sum([number for fact, number in found if fact.is_emergency]),
        over=sum([number for fact, number in found if fact.is_over]),
        missing=sum([number for fact, number in found if fact.is_missing]),
        look=sum([number for fact, number in found if fact.must_look]),
        carried=sum([number for fact, number in found if fact.is_carried]),
        longest=max(waits, default=0),
        average=sum(waits) // max(1, len(waits)),
        levels=tuple(sorted(each["level"].items(), key=str)),
        stages=tuple(sorted(each["stage"].items())),
        rooms=tuple((*room, number) for room, number in sorted(each["room"].items(), key=_name) if room),
    )


def _each(counts: Mapping[Fact, int]) -> dict[str, dict[Any, int]]:
    found: dict[str, dict[Any, int]] = {"level": defaultdict(int), "stage": defaultdict(int), "room": defaultdict(int)}
    levels, stages, rooms = found.values()
    for fact, number in counts.items():
        levels[fact.level] += number
        stages[fact.stage] += number
        rooms[fact.room] += number
    return found


def _name(room: tuple[Room | None, int]) -> str:
    return room[0][1] if room[0] else ""


#: Of a board that nobody may see.
NONE = Counts.of(())
