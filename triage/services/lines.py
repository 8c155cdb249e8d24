"""The rows of the queue board: each open encounter with all that its row says, as one plain value, from one query."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from triage import clock
from triage.db import read
from triage.domain import queue
from triage.domain.access import Actor
from triage.domain.leases import LAPSES_AFTER
from triage.domain.people import age_in_years
from triage.models.patients import Named
from triage.services import limits
from triage.services.around import Undo, dress
from triage.services.line_query import ROWS, SOME
from triage.services.presence import Visitor


@dataclass(frozen=True, slots=True)
class Line(Named):
    """One row of the board. Equal rows look equal: what is not compared (the wait) stands in a cell of its own.

    The fields up to ``limits_id`` are read from the database in this order; the rest is what the moment makes of them.
    """

    id: str
    patient_id: str
    room_id: str | None
    room: str | None
    room_ja: str | None
    call_state: str  # see domain/calling.py
    call_count: int  # calls since somebody last saw the patient
    call_at: datetime | None
    reassess_at: datetime | None  # when somebody has to look again
    worse_at: datetime | None  # found worse on looking again
    ticket: str
    arrived_at: datetime
    stage: str
    stage_since: datetime
    acuity: int | None
    route: str | None
    complaint: str
    unanswered: int  # urgent questions without any answer
    first_arrived_at: datetime | None  # was asked to come back: the first arrival
    late_at: datetime | None  # when something of this visit was last entered late, from paper
    urgent: int | None  # urgent questions whose answer is not "no"
    suggested_level: int | None
    suggested_route: str | None
    provisional: bool
    feared: str  # names of the findings the rules fear, see domain/flags.py
    family_name: str
    given_name: str
    family_kana: str
    given_kana: str
    birth_date: date | None
    sex: str
    language: str
    interpreter: bool
    call_by_number: bool
    mobility: str
    same_name: bool
    holder_id: str | None  # who has the patient
    holder: str | None
    claimed_at: datetime | None
    active_at: datetime | None
    lease: str | None  # of the claim; who sends an older one is shown the row anew
    emergency_id: str | None
    emergency_since: datetime | None
    emergency_cause: str | None  # rules, raised, decided
    emergency_note: str | None
    acknowledged_at: datetime | None
    answerer_id: str | None  # who answers for the emergency
    acknowledged_by: str | None
    called_at: datetime | None  # the receiving hospital
    accepted_at: datetime | None
    modality: str | None  # of the examination that is open
    imaging: str | None  # its status, see domain/lifecycle.py
    ask_again: datetime | None  # when a question that was not known is due again
    question: str | None  # what surgeon or nurse asks and has not ended yet
    question_to: str | None  # the role that is asked
    question_due: datetime | None
    question_answered: datetime | None
    limits_id: str | None  # which limits are in force; None: the shipped ones
    age: int | None
    target: int
    stage_limit: int | None
    is_over: bool  # the wait has passed its target
    is_slow: bool  # the stage has passed its limit
    is_idle: bool  # somebody has the patient and did nothing for so long that the next person may
    must_ask: bool  # the question is due
    must_look: bool  # the re-assessment is due
    must_answer: bool  # the question has waited too long for its answer
    is_carried: bool  # came on an earlier day
    minutes: int = field(compare=False)  # since the arrival
    here: int = field(compare=False)  # minutes at this stage
    key: queue.Key = field(compare=False)  # by which the board is sorted
    turned_at: datetime | None = field(compare=False)  # when time alone last changed how the row looks
    turns_at: datetime | None = field(compare=False)  # when it will next
    visitors: tuple[Visitor, ...] = ()  # who has the patient's page open
    undo: Undo | None = None  # the last act upon the claim, while it may be taken back

    @property
    def is_free(self) -> bool:
        """Tell whether the next person may take this patient."""
        return self.holder_id is None or self.is_idle

    @property
    def is_emergency(self) -> bool:
        """Tell whether an alarm is open for the patient."""
        return self.emergency_id is not None

    @property
    def is_served(self) -> bool:
        """Tell whether somebody is with the patient: the priority has done its work. Never so of an emergency."""
        busy = (self.holder_id is not None and not self.is_idle) or self.imaging == "started"
        return busy and not self.is_emergency and (self.acuity is None or self.acuity > queue.EMERGENCY_LEVEL)

    @property
    def flags(self) -> list[str]:
        """Return the findings that make the rules fear something, by name; empty where they fear nothing urgent."""
        return self.feared.split()

    @property
    def is_flagged(self) -> bool:
        """Tell whether these findings are a red flag: until a person has decided that the patient is not urgent."""
        place = queue.Place(self.acuity, self.suggested_level, self.arrived_at)
        return bool(self.feared) and queue.feared(place) is not None

    def turned_since(self, moment: datetime) -> bool:
        """Tell whether time alone has changed how the row looks: over its target, claim lapsed, something due again."""
        return self.turned_at is not None and moment < self.turned_at


@dataclass(frozen=True)
class Moment:
    """What makes rows of facts: the time, how long a claim holds, and the site's zone."""

    at: datetime
    lapses_after: timedelta
    zone: str

    def lines(self, rows: Iterable[Any]) -> Iterator[Line]:
        """Return the facts as rows of the board."""
        today = self.at.astimezone(ZoneInfo(self.zone)).date()
        return (self._line(row, today) for row in rows)

    def _line(self, row: Any, today: date) -> Line:
        goals = limits.of(row.limits_id)
        target, allowed = goals.of(row.acuity), goals.at(row.stage)
        over, ask = queue.over_from(row.arrived_at, target), row.ask_again
        slow = queue.over_from(row.stage_since, allowed) if allowed is not None else None
        idle = row.active_at + self.lapses_after if row.active_at is not None else None
        reply = row.question_due if row.question_answered is None else None
        look, came = row.reassess_at, row.arrived_at.astimezone(ZoneInfo(self.zone)).date()
        turns = [turn for turn in (over, slow, idle, ask, look, reply) if turn is not None]
        now: tuple[Any, ...] = (
            age_in_years(row.birth_date, today) if row.birth_date else None,
            target,
            allowed,
            over <= self.at,
            slow is not None and slow <= self.at,
            idle is not None and idle <= self.at,
            ask is not None and ask <= self.at,
            look is not None and look <= self.at,
            reply is not None and reply <= self.at,
            came < today,
            queue.waited(row.arrived_at, self.at),
            queue.waited(row.stage_since, self.at),
            queue.sort_key(_place(row), self.at, goals),
            max((turn for turn in turns if turn <= self.at), default=None),
            min((turn for turn in turns if turn > self.at), default=None),
        )
        return Line(*row, *now)


def _place(row: Any) -> queue.Place:
    found = (row.acuity, row.suggested_level, row.arrived_at, row.emergency_since, row.urgent, row.worse_at is not None)
    return queue.Place(*found, row.ticket, row.first_arrived_at)


def load(
    actor: Actor, lapses_after: timedelta = LAPSES_AFTER, only: Collection[str] | None = None,
    at: datetime | None = None,
) -> list[Line]:  # fmt: skip
    """Return the open encounters (or ``only`` those with these ids) as they look now or ``at`` then, unsorted."""
    if not actor.may("patients:open"):
        return []
    query, asked = (ROWS, {}) if only is None else (SOME, {"only": list(only)})
    rows = read(query, site=actor.site_id, **asked)
    moment = Moment(at or clock.now(), lapses_after, actor.time_zone)
    return dress(actor, {line.id: line for line in moment.lines(rows)}, moment.at, only)
