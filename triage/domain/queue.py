"""In which order people are seen, and why: emergencies, red flags, who waited too long, untriaged, then by acuity.

Nothing of it is stored: the order follows from the rows, the limits in force and the time (docs/adr/0015).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

EMERGENCY_LEVEL = 2
#: What the rules fear down to this level makes a red flag as long as nobody has triaged.
FEARED_LEVEL = 3
#: Nothing is known, or not enough. Unknown is never "no": such a row stands right behind those who are feared for.
UNKNOWN_LEVEL = 3.5
#: Somebody has weighed what the rules fear and found it urgent too: behind those whom nobody has assessed.
WEIGHED_LEVEL = 3.8
#: Who has waited this share of the target stands before all who came later, red flags and emergencies excepted.
AGED_SHARE = 2

#: The rungs of the ladder, first rung first. Triaged people stand on ``_BELOW`` plus their acuity.
EMERGENCY, RED_FLAG, AGED, UNTRIAGED, _BELOW = range(5)
#: Why a row stands before another; blueprints/places.py has the words.
REASONS = ("emergency", "red_flag", "aged", "untriaged", "more_urgent", "earlier")
#: By what rows are sorted: the rung, what counts on it, since when, the arrival, the ticket.
Key = tuple[float, float, float, float, int, str]


@dataclass(frozen=True)
class Targets:
    """Minutes within which who has arrived should be seen, by acuity, and within which each stage should be over."""

    by_acuity: Mapping[int, int]
    untriaged: int
    by_stage: Mapping[str, int] = field(default_factory=dict)

    def of(self, acuity: int | None) -> int:
        """Return the minutes from the arrival."""
        return self.untriaged if acuity is None else self.by_acuity[acuity]

    def at(self, stage: str) -> int | None:
        """Return the minutes that a stage may take, None where it has no limit: an emergency has its own alarm."""
        return self.by_stage.get(stage)

    def is_slow(self, stage: str, minutes: int) -> bool:
        """Tell whether so many minutes are over the stage's limit."""
        limit = self.at(stage)
        return limit is not None and minutes > limit


@dataclass(frozen=True)
class Place:
    """What decides the place of one encounter.

    suggested: the level the rules suggest; urgent: urgent questions whose answer is anything but "no" (yes, not
    known, not asked), None: never counted; pinned_at: since when the alarm is open; is_worse: somebody looked again
    and found the patient worse, and nothing has followed yet; first_at: who was asked to come back keeps the place of
    the first arrival on every rung, yet no rung is reached by the days at home.
    """

    acuity: int | None
    suggested: int | None
    arrived_at: datetime
    pinned_at: datetime | None = None
    urgent: int | None = None
    is_worse: bool = False
    ticket: str = ""
    first_at: datetime | None = None


def waited(since: datetime, now: datetime) -> int:
    """Return whole minutes since a moment, never below 0 (a clock may have been set back)."""
    return max(0, int((now - since).total_seconds() // 60))


def over_from(since: datetime, target: int) -> datetime:
    """Return the moment from which a wait counts as over its target of so many minutes."""
    return since + timedelta(minutes=target + 1)


def share(place: Place, now: datetime, targets: Targets) -> float:
    """Return the share of the target that the wait has used; 1.0 is the target itself."""
    seconds = max(0.0, (now - place.arrived_at).total_seconds())
    return seconds / 60 / max(1, targets.of(place.acuity))


def is_emergency(place: Place) -> bool:
    """Tell whether an alarm is open or a level of 1 or 2 was given."""
    return place.pinned_at is not None or (place.acuity is not None and place.acuity <= EMERGENCY_LEVEL)


def feared(place: Place) -> float | None:
    """Return how much is feared for a red flag, smallest most; None where there is no red flag.

    Whoever the rules call an emergency has one whatever was decided since, and whoever was found worse since; whoever
    they call urgent until a person has decided that the patient is not; without a decision also whoever has an urgent
    question that is not answered "no".
    """
    if place.suggested is not None and place.suggested <= EMERGENCY_LEVEL:
        return float(place.suggested)
    if place.is_worse:
        return float(FEARED_LEVEL)
    is_urgent = place.suggested is not None and place.suggested <= FEARED_LEVEL
    if place.acuity is not None:
        return WEIGHED_LEVEL if is_urgent and place.acuity <= FEARED_LEVEL else None
    if is_urgent:
        return float(FEARED_LEVEL)
    return UNKNOWN_LEVEL if place.suggested is None or place.urgent != 0 else None


def rung(place: Place, now: datetime, targets: Targets) -> int:
    """Return the rung the row stands on, 0 the highest. Time alone only ever lifts a row onto ``AGED``."""
    if is_emergency(place):
        return EMERGENCY
    if feared(place) is not None:
        return RED_FLAG
    if share(place, now, targets) >= AGED_SHARE:
        return AGED
    return UNTRIAGED if place.acuity is None else _BELOW + place.acuity


def sort_key(place: Place, now: datetime, targets: Targets) -> Key:
    """Return the key by which the board is sorted, smallest first: the rung, then what counts on it, then arrival."""
    came = min(place.arrived_at, place.first_at or place.arrived_at)
    on, level, since = rung(place, now, targets), 0.0, came
    if on == EMERGENCY:
        level, since = min(place.acuity or EMERGENCY_LEVEL, EMERGENCY_LEVEL), place.pinned_at or came
    elif on == RED_FLAG:
        level = feared(place) or 0.0
    return (on, level, since.timestamp(), came.timestamp(), len(place.ticket), place.ticket)


def reason(theirs: Key, mine: Key) -> str:
    """Return why the row with the key ``theirs`` stands before the one with the key ``mine``, one of ``REASONS``.

    Of two for whom the same is feared the first one came earlier, nothing else. An emergency is always called one.
    """
    if theirs[0] != EMERGENCY and theirs[:2] == mine[:2]:
        return "earlier"
    return REASONS[min(int(theirs[0]), REASONS.index("more_urgent"))]


def reasons(before: Iterable[Key], mine: Key) -> dict[str, int]:
    """Return for how many of the keys of the rows before ``mine`` each reason holds, as ``REASONS``, no zeros."""
    counts = Counter(reason(theirs, mine) for theirs in before)
    return {name: counts[name] for name in REASONS if counts[name]}


def moved(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many rows, of those in both orders, have to leave their place to get from one to the other."""
    place = {row: number for number, row in enumerate(after)}
    tails: list[int] = []  # of the longest run of rows that keep their order
    places = [place[row] for row in before if row in place]
    for number in places:
        at = bisect_left(tails, number)
        tails[at : at + 1] = [number]
    return len(places) - len(tails)
