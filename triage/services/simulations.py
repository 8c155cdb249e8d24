"""A draft of the rules tried on stored visits and on the vignettes, in pieces: an interruption loses nothing."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import joinedload

from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Invalid, NotAllowed, NotFound, Refused
from triage.domain.findings import resolve
from triage.domain.simulation import Tally, compare
from triage.domain.vignettes import Trial, try_out
from triage.knowledge import Knowledge, KnowledgeError
from triage.knowledge.vignettes import load_vignettes
from triage.models import RulesetVersion, Simulation
from triage.services import rulesets, stored
from triage.services.audit import record, record_read
from triage.services.organisations import today
from triage.services.stored import Period, Place

#: A request works about this long, then answers; what it counted is kept.
STEP_SECONDS = 0.4
#: Visits read at once.
BATCH = 100
#: More than this are not simulated in one go: the tally of a careless draft would grow without end.
MOST = 100_000


def get(actor: Actor, simulation_id: str) -> Simulation:
    """Return a simulation of the actor's site, with who started it and its draft; raises NotFound otherwise."""
    query = select(Simulation).where(Simulation.id == simulation_id, Simulation.site_id == actor.site_id)
    loaded = query.options(joinedload(Simulation.starter), joinedload(Simulation.version))
    row = session.scalar(loaded.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("simulation")
    return row


def list_of(actor: Actor, version_id: str) -> Sequence[Simulation]:
    """Return the simulations of one draft, the newest first."""
    query = select(Simulation).where(Simulation.version_id == version_id, Simulation.site_id == actor.site_id)
    loaded = query.options(joinedload(Simulation.starter), joinedload(Simulation.version))
    return session.scalars(loaded.order_by(Simulation.started_at.desc())).all()


def begin_walk(actor: Actor, draft: Knowledge, since: date | None, until: date | None) -> Period:
    """Return the visits on which the command line tries a draft that is not kept here; that it reads is recorded.

    Without days: all visits. Raises Invalid for days that cannot be.
    """
    last = until or today(actor.site_id)
    first = since or stored.first_day(actor.site_id) or last
    _check_days(actor, first, last)
    period, base = Period(actor.site_id, first, last, clock.now()), rulesets.in_force(actor.site_id).ruleset.hash
    record_read(
        actor, "simulation_started", simulation="", version="", hash=draft.ruleset.hash, against=base,
        since=first.isoformat(), until=last.isoformat(), visits=stored.count(period),
    )  # fmt: skip
    return period


def first_day(actor: Actor) -> date | None:
    """Return the day of the site's first visit, None where there is none yet."""
    return stored.first_day(actor.site_id)


def places(row: Simulation) -> dict[str, Place]:
    """Return day and ticket of each changed visit that the simulation keeps, by id; no name is read."""
    return stored.places(row.site_id, [change.case for change in Tally.from_dict(row.tally).changes])


def notes() -> dict[str, str]:
    """Return what each published case is, in English, by id."""
    return {case.id: case.note for case in load_vignettes()}


def period_of(row: Simulation) -> Period:
    """Return the visits that the simulation counts: those of its days that had arrived when it began."""
    return Period(row.site_id, row.since, row.until, row.started_at)


def why_stale(row: Simulation) -> str:
    """Return why the result does not speak of the present, "draft_changed" or "rules_changed"; "" when it does."""
    if row.version.content_hash != row.content_hash:
        return "draft_changed"
    return "rules_changed" if rulesets.in_force(row.site_id).ruleset.hash != row.base_hash else ""


@verb
def start(actor: Actor, version_id: str, since: date, until: date) -> str:
    """Begin a simulation of the draft as it stands on the visits of these days, and return its id.

    Raises Invalid for days that cannot be, Refused for a draft that cannot be read or for too many visits.
    """
    if not actor.may("rules:draft"):
        raise NotAllowed("not_allowed")
    version, now = rulesets.get_version(actor, version_id), rulesets.in_force(actor.site_id).ruleset
    _check_days(actor, since, until)
    draft, at = _draft_of(version).ruleset, clock.now()
    total = stored.count(Period(actor.site_id, since, until, at))
    if total > MOST:
        raise Refused("too_many_visits", count=total, most=MOST)
    row = Simulation(
        site_id=actor.site_id, version_id=version.id, name=draft.version, content_hash=draft.hash, since=since,
        until=until, base_name=now.version, base_hash=now.hash, started_by=actor.staff_id, started_at=at,
        total=total, tally={}, trial={},
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(
        actor, "simulation_started", simulation=row.id, version=version.id, hash=draft.hash, against=now.hash,
        since=since.isoformat(), until=until.isoformat(), visits=total,
    )  # fmt: skip
    return row.id


def _check_days(actor: Actor, since: date, until: date) -> None:
    if until > today(actor.site_id):
        raise Invalid(until="future_date")
    if since > until:
        raise Invalid(since="after_the_end")


def _draft_of(version: RulesetVersion) -> Knowledge:
    try:
        return rulesets.knowledge_of(version)
    except KnowledgeError as error:
        raise Refused("draft_unsound", why=str(error)) from error


@dataclass(frozen=True)
class _Piece:
    """What is counted after one step: all tallies so far, the last visit of them, and whether it was the end."""

    tally: Tally
    trial: dict[str, Any]
    last: Place | None
    at_end: bool


def step(actor: Actor, simulation_id: str, seen: int, seconds: float = STEP_SECONDS) -> Simulation:
    """Count the next visits for about ``seconds`` and return the simulation as it then stands.

    ``seen`` is how many the caller believes are counted. Of two tabs that ask at once one wins and no visit counts
    twice; a finished or stale simulation is returned as it is.
    """
    row = get(actor, simulation_id)
    if row.finished_at is not None or row.done != seen:
        return row
    known, draft = rulesets.in_force(row.site_id), _draft_of(row.version)
    if (known.ruleset.hash, draft.ruleset.hash) != (row.base_hash, row.content_hash):
        return row
    _keep(actor, row.id, seen, _count_on(row, known, draft, time.monotonic() + seconds))
    return get(actor, simulation_id)


def _count_on(row: Simulation, known: Knowledge, draft: Knowledge, deadline: float) -> _Piece:
    trial = row.trial or trial_of(known, draft).as_dict()
    begun, found = (row.last_day, row.last_ticket) if row.last_day else None, list[Batch]()
    for batch in batches(period_of(row), known, draft, begun):
        found.append(batch)
        if time.monotonic() >= deadline:
            break
    tally = Tally.from_dict(row.tally).merged(*(batch.tally for batch in found))
    return _Piece(tally, trial, found[-1].last, found[-1].at_end)


@dataclass(frozen=True)
class Batch:
    """What changes for some visits that were read together, the last of them, and whether it was the end."""

    tally: Tally
    last: Place | None
    at_end: bool


def batches(period: Period, known: Knowledge, draft: Knowledge, last: Place | None = None) -> Iterator[Batch]:
    """Yield what changes for the visits behind ``last``, one lot after the other."""
    at_end = False
    while not at_end:
        visits = stored.visits_after(period, last, BATCH)
        cases = ((visit.id, resolve(known, visit.answers)) for visit in visits)
        last, at_end = visits[-1].place if visits else last, len(visits) < BATCH
        yield Batch(compare(known.ruleset, draft.ruleset, cases), last, at_end)


def trial_of(now: Knowledge, draft: Knowledge) -> Trial:
    """Return how both do on the vignettes."""
    return try_out(now.ruleset, draft.ruleset, load_vignettes(), tuple(now.acuities))


@verb
def _keep(actor: Actor, simulation_id: str, seen: int, piece: _Piece) -> None:
    """Write the piece where the count still stands at ``seen``: compare-and-set, so that no piece counts twice."""
    mine = (Simulation.id == simulation_id, Simulation.done == seen, Simulation.finished_at.is_(None))
    last = {} if piece.last is None else {"last_day": piece.last[0], "last_ticket": piece.last[1]}
    values = {"done": piece.tally.cases, "tally": piece.tally.as_dict(), "trial": piece.trial, **last}
    ended = clock.now() if piece.at_end else None
    result = session.execute(update(Simulation).where(*mine).values(**values, finished_at=ended))
    if isinstance(result, CursorResult) and result.rowcount == 1 and piece.at_end:
        _record_end(actor, session.get_one(Simulation, simulation_id))


def _record_end(actor: Actor, row: Simulation) -> None:
    tally, trial = Tally.from_dict(row.tally), Trial.from_dict(row.trial)
    record(
        actor, "simulation_finished", simulation=row.id, hash=row.content_hash, against=row.base_hash,
        visits=tally.cases, changed=tally.changed, lost=len(tally.lost), vignettes_lost=list(trial.lost),
    )  # fmt: skip


def gate(site_id: str, content_hash: str) -> str | None:
    """Return why rules of this content may not be published yet, as a message code; None: nothing stands against it.

    Only finished simulations of exactly this content against the rules now in force count.
    """
    base = rulesets.in_force(site_id).ruleset.hash
    same = (Simulation.content_hash == content_hash, Simulation.base_hash == base, Simulation.finished_at.is_not(None))
    rows = session.scalars(select(Simulation).where(Simulation.site_id == site_id, *same)).all()
    if not rows:
        return "not_simulated"
    if any(loses_emergency(row) for row in rows):
        return "emergency_lost"
    ever = Period(site_id, date.min, date.max, clock.now())
    return "simulated_on_nothing" if not any(row.done for row in rows) and stored.count(ever) else None


def loses_emergency(row: Simulation) -> bool:
    """Tell whether a stored visit or a vignette would no longer be the emergency it is."""
    return bool(Tally.from_dict(row.tally).lost or (row.trial and Trial.from_dict(row.trial).lost))
