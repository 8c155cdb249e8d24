"""The queue board: who is here, in which order, since when; and claims: taken by one, lapsed when idle, taken over."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import lifecycle, queue
from triage.domain.access import Actor
from triage.domain.errors import Conflict
from triage.models import Change, Claim, Encounter, SiteHead
from triage.services.audit import record
from triage.services.encounters import for_writing, taken

#: A claim without activity for this long may be taken by the next person.
LAPSES_AFTER = timedelta(minutes=30)


@dataclass(frozen=True)
class Line:
    """One row of the board."""

    encounter: Encounter
    minutes: int
    target: int

    @property
    def is_over(self) -> bool:
        """Tell whether the wait has passed its target."""
        return self.minutes > self.target and self.encounter.stage != lifecycle.EMERGENCY

    @property
    def is_free(self) -> bool:
        """Tell whether the next person may take this patient."""
        held = self.encounter.claim
        return held is None or has_lapsed(held, LAPSES_AFTER)

    @property
    def suggestion(self) -> Mapping[str, Any]:
        """Return the rules' suggestion as stored, empty where nothing is recorded yet."""
        return self.encounter.suggestion or {}


@dataclass(frozen=True)
class Filters:
    """Which rows are shown; everything empty shows all."""

    level: str = ""
    stage: str = ""
    mine: bool = False
    over: bool = False

    def admits(self, line: Line, staff_id: str) -> bool:
        """Tell whether a row is shown."""
        row = line.encounter
        level = "0" if row.acuity is None else str(row.acuity)
        return (
            self.level in ("", level)
            and self.stage in ("", row.stage)
            and (not self.mine or bool(row.claim and row.claim.staff_id == staff_id))
            and (not self.over or line.is_over)
        )


@dataclass(frozen=True)
class Board:
    """All rows of the site in order, those shown, and the revision they stand for."""

    lines: list[Line]
    shown: list[Line]
    revision: int
    changed: set[str] = field(default_factory=set)

    @cached_property
    def ids(self) -> list[str]:
        """Return the ids of the rows shown, in order."""
        return [line.encounter.id for line in self.shown]

    def count(self, fits: Callable[[Line], bool]) -> int:
        """Return how many of all rows fit."""
        return sum(1 for line in self.lines if fits(line))


def targets() -> queue.Targets:
    """Return the clinic's targets."""
    known = knowledge.load()
    return queue.Targets(known.targets, known.untriaged_minutes)


def look(actor: Actor, filters: Filters, seen: int | None = None) -> Board:
    """Return the site's board; with ``seen``, also which rows changed after that revision."""
    at, goals = clock.now(), targets()
    revision = current_revision(actor)  # read first: a change that comes now is shown again, never lost
    rows = sorted(_open_rows(actor), key=lambda row: (queue.sort_key(place_of(row), at, goals), row.ticket))
    lines = [Line(row, queue.waited(row.arrived_at, at), goals.of(row.acuity)) for row in rows]
    shown = [line for line in lines if filters.admits(line, actor.staff_id)]
    return Board(lines, shown, revision, changed_since(actor, seen) if seen is not None else set())


def line_of(encounter: Encounter) -> Line:
    """Return one encounter as a row of the board."""
    return Line(encounter, queue.waited(encounter.arrived_at, clock.now()), targets().of(encounter.acuity))


def place_of(row: Encounter) -> queue.Place:
    """Return what decides the place of an encounter."""
    suggested = row.suggestion["level"] if row.suggestion else None
    pinned = row.stage_since if row.stage == lifecycle.EMERGENCY else None
    return queue.Place(row.acuity, suggested, row.arrived_at, pinned)


def _open_rows(actor: Actor) -> Iterable[Encounter]:
    query = select(Encounter).where(Encounter.visible_to(actor), Encounter.finished_at.is_(None))
    return session.scalars(
        query.options(joinedload(Encounter.patient), joinedload(Encounter.claim).joinedload(Claim.staff))
    )


def current_revision(actor: Actor) -> int:
    """Return the number of the site's last change."""
    return session.scalar(select(SiteHead.revision).where(SiteHead.site_id == actor.site_id)) or 0


def changed_since(actor: Actor, seen: int) -> set[str]:
    """Return the ids of the encounters that changed after a revision."""
    query = select(Change.encounter_id).where(Change.site_id == actor.site_id, Change.revision > seen).distinct()
    return set(session.scalars(query))


def has_lapsed(held: Claim, after: timedelta) -> bool:
    """Tell whether a claim has been without activity for longer than ``after``."""
    return clock.now() - held.active_at > after


@verb
def claim(actor: Actor, encounter_id: str, lapses_after: timedelta = LAPSES_AFTER) -> None:
    """Take the patient; raises Conflict naming who was faster. Taking one's own again renews it."""
    encounter = for_writing(actor, encounter_id)
    held = encounter.claim
    if held is not None and held.staff_id != actor.staff_id and not has_lapsed(held, lapses_after):
        raise taken(actor, held)
    _take(actor, encounter, held)
    record(actor, "claimed", patient_id=encounter.patient_id, encounter_id=encounter.id)


@verb
def take_over(actor: Actor, encounter_id: str) -> None:
    """Take the patient from whoever has it; the lead nurse's way."""
    encounter = for_writing(actor, encounter_id)
    held = encounter.claim
    whose = held.staff_id if held else ""
    _take(actor, encounter, held)
    record(actor, "claim_taken_over", patient_id=encounter.patient_id, encounter_id=encounter.id, whose=whose)


@verb
def release(actor: Actor, encounter_id: str) -> None:
    """Give the patient back to the queue; raises Conflict when somebody else has it."""
    encounter = for_writing(actor, encounter_id)
    held = encounter.claim
    if held is None:
        raise Conflict("not_claimed")
    if held.staff_id != actor.staff_id and not actor.may("claims:take_over"):
        raise taken(actor, held)
    whose = held.staff_id
    session.delete(held)
    record(actor, "claim_released", patient_id=encounter.patient_id, encounter_id=encounter.id, whose=whose)


def _take(actor: Actor, encounter: Encounter, held: Claim | None) -> None:
    at = clock.now()
    if held is None:
        held = Claim(encounter_id=encounter.id)
        session.add(held)
    if held.staff_id != actor.staff_id:
        held.claimed_at = at
    held.staff_id, held.active_at = actor.staff_id, at
