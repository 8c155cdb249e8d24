"""The rows of the queue board: each open encounter with all that its row says, in one query and one for imaging."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session
from triage.domain import lifecycle, queue
from triage.domain.access import Actor
from triage.models import Claim, Emergency, Encounter, ImagingOrder, Task
from triage.services.rulesets import in_force

#: A claim without activity for this long may be taken by the next person.
LAPSES_AFTER = timedelta(minutes=30)
#: The row names what the rules fear down to this level; below it the patient's own words have the room.
ALARMING_LEVEL = 3


def targets() -> queue.Targets:
    """Return the clinic's targets."""
    known = knowledge.load()
    return queue.Targets(known.targets, known.untriaged_minutes)


def has_lapsed(held: Claim, after: timedelta = LAPSES_AFTER) -> bool:
    """Tell whether a claim has been without activity for longer than ``after``."""
    return clock.entered() - held.active_at > after


@dataclass(frozen=True)
class Line:
    """One row of the board: the encounter, its open alarm and examination, and when something has to be asked again."""

    encounter: Encounter
    minutes: int
    target: int
    emergency: Emergency | None = None
    ask_again: datetime | None = None
    imaging: ImagingOrder | None = None
    lapses_after: timedelta = LAPSES_AFTER
    levels: Mapping[str, int] = field(default_factory=dict)  # of the rules in force, by id

    @property
    def is_over(self) -> bool:
        """Tell whether the wait has passed its target."""
        return self.minutes > self.target

    @property
    def is_idle(self) -> bool:
        """Tell whether somebody has this patient and has not done anything for so long that the next person may."""
        return self.encounter.claim is not None and has_lapsed(self.encounter.claim, self.lapses_after)

    @property
    def is_free(self) -> bool:
        """Tell whether the next person may take this patient."""
        return self.encounter.claim is None or self.is_idle

    @property
    def must_ask(self) -> bool:
        """Tell whether a question that was not known is due again."""
        return self.ask_again is not None and self.ask_again <= clock.now()

    @property
    def suggestion(self) -> Mapping[str, Any]:
        """Return the rules' suggestion as stored, empty where nothing is recorded yet."""
        return self.encounter.suggestion or {}

    @property
    def place(self) -> queue.Place:
        """Return what decides the row's place."""
        row = self.encounter
        pinned = self.emergency.opened_at if self.emergency else None
        return queue.Place(row.acuity, self.suggestion.get("level"), row.arrived_at, pinned)

    @cached_property
    def flags(self) -> list[str]:
        """Return the findings that make the rules fear something, by name; empty where they fear nothing urgent."""
        if self.suggestion.get("level", 5) > ALARMING_LEVEL:
            return []
        return list(dict.fromkeys(self._feared()))

    def _feared(self) -> Iterator[str]:
        known = knowledge.load()
        for reason in self.suggestion["reasons"]:
            if self.levels.get(reason["rule"]) == self.suggestion["level"]:
                yield from (n for n in reason["facts"] if n in known.findings and not known.findings[n].from_record)

    def turned_since(self, moment: datetime) -> bool:
        """Tell whether time alone has changed how the row looks: over its target, claim lapsed, question due again."""
        row = self.encounter
        turns = [queue.over_from(row.arrived_at, self.target), self.ask_again]
        if row.claim is not None:
            turns.append(row.claim.active_at + self.lapses_after)
        return any(turn is not None and moment < turn <= clock.now() for turn in turns)


def load(actor: Actor, lapses_after: timedelta = LAPSES_AFTER, only: str | None = None) -> list[Line]:
    """Return the site's open encounters (or ``only`` the one with this id) as rows, unsorted."""
    query = _rows(actor)
    if only is not None:
        query = query.where(Encounter.id == only)
    levels = {rule.id: rule.level for rule in in_force(actor.site_id).ruleset.rules}
    return list(_lines(session.execute(query).all(), _open_orders(actor), lapses_after, levels))


def _rows(actor: Actor) -> Select[Encounter, Emergency, datetime]:
    due = select(func.min(Task.due_at)).where(Task.encounter_id == Encounter.id, Task.done_at.is_(None))
    pinned = and_(Emergency.encounter_id == Encounter.id, Emergency.closed_at.is_(None))
    return (
        select(Encounter, Emergency, due.correlate(Encounter).scalar_subquery())
        .outerjoin(Emergency, pinned)
        .where(Encounter.visible_to(actor), Encounter.finished_at.is_(None))
        .options(
            joinedload(Encounter.patient),
            joinedload(Encounter.claim).joinedload(Claim.staff),
            joinedload(Emergency.acknowledger),
        )
        .execution_options(populate_existing=True)
    )


def _open_orders(actor: Actor) -> dict[str, ImagingOrder]:
    query = select(ImagingOrder).where(
        ImagingOrder.site_id == actor.site_id, ImagingOrder.status.in_(lifecycle.IMAGING_OPEN)
    )
    return {order.encounter_id: order for order in session.scalars(query.order_by(ImagingOrder.requested_at))}


def _lines(
    rows: Iterable[Any], orders: Mapping[str, ImagingOrder], lapses_after: timedelta, levels: Mapping[str, int]
) -> Iterator[Line]:
    at, goals = clock.now(), targets()
    for row, emergency, due in rows:
        minutes, goal = queue.waited(row.arrived_at, at), goals.of(row.acuity)
        yield Line(row, minutes, goal, emergency, due, orders.get(row.id), lapses_after, levels)
