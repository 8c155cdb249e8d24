"""The limits of a site: in force, proposed by the administrator, approved or refused by the clinical lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import BindParameter, ScalarSelect, Select, func, select, true
from sqlalchemy.orm import joinedload

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain import limits, queue
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from triage.models import Encounter, LimitDecision, LimitProposal
from triage.services.audit import lock_site, record
from triage.services.notices import note_rows

APPROVED, REFUSED, WITHDRAWN = "approved", "refused", "withdrawn"

#: Approved limits already read, by the id of their proposal: what is proposed never changes.
_read: dict[str, queue.Targets] = {}
_KEPT = 64


@cache
def shipped() -> queue.Targets:
    """Return the limits that came with the program."""
    known = knowledge.load()
    stages = {stage: known.lists[stage].minutes for stage in limits.STAGES}
    return queue.Targets(known.targets, known.untriaged_minutes, stages)


def approved_id(site_id: str | BindParameter[str]) -> ScalarSelect[str]:
    """Return the query for the id of the proposal in force, to be asked alone or as a column of another query."""
    newest = select(LimitDecision.proposal_id).where(LimitDecision.site_id == site_id, LimitDecision.kind == APPROVED)
    return newest.order_by(LimitDecision.sequence.desc()).limit(1).scalar_subquery()


def in_force(site_id: str) -> queue.Targets:
    """Return the limits in force at the site: the approved ones, else the shipped ones."""
    return of(session.scalar(select(approved_id(site_id))))


def of(proposal_id: str | None) -> queue.Targets:
    """Return the limits of a proposal, None: the shipped ones. Read once in the life of the process."""
    if proposal_id is None:
        return shipped()
    if proposal_id not in _read:
        while len(_read) >= _KEPT:
            _read.pop(next(iter(_read)))
        _read[proposal_id] = limits.as_targets(session.get_one(LimitProposal, proposal_id).minutes)
    return _read[proposal_id]


def find_approval(actor: Actor) -> LimitDecision | None:
    """Return the approval that is in force, with both people; None: the shipped limits are."""
    query = _decisions(actor).where(LimitDecision.kind == APPROVED)
    return session.scalar(query.order_by(LimitDecision.sequence.desc()).limit(1))


def find_open(actor: Actor) -> LimitProposal | None:
    """Return the proposal that nobody has decided on, with who made it; there is one at most."""
    decided = select(LimitDecision.id).where(LimitDecision.proposal_id == LimitProposal.id)
    query = select(LimitProposal).where(LimitProposal.site_id == actor.site_id, ~decided.exists())
    return session.scalar(query.options(joinedload(LimitProposal.staff)))


def list_decisions(actor: Actor) -> Sequence[LimitDecision]:
    """Return what was decided on which proposal by whom, newest first."""
    return session.scalars(_decisions(actor).order_by(LimitDecision.sequence.desc())).all()


def _decisions(actor: Actor) -> Select[LimitDecision]:
    both = (joinedload(LimitDecision.staff), joinedload(LimitDecision.proposal).joinedload(LimitProposal.staff))
    return select(LimitDecision).where(LimitDecision.site_id == actor.site_id).options(*both)


@dataclass(frozen=True)
class Effect:
    """How many of the people who are here are over a set of limits: of the whole wait, and of the time at a stage."""

    here: int
    over: int
    over_stage: int


def effect(actor: Actor, targets: queue.Targets) -> Effect:
    """Return what limits say of today's queue; numbers only, so that who opens no record may see them."""
    at, columns = clock.now(), (Encounter.acuity, Encounter.arrived_at, Encounter.stage, Encounter.stage_since)
    rows = session.execute(
        select(*columns).where(Encounter.site_id == actor.site_id, Encounter.finished_at.is_(None))
    ).all()
    late = [queue.waited(arrived, at) > targets.of(acuity) for acuity, arrived, _stage, _since in rows]
    slow = [targets.is_slow(stage, queue.waited(since, at)) for _acuity, _arrived, stage, since in rows]
    return Effect(len(rows), sum(late), sum(slow))


@verb
def propose(actor: Actor, minutes: Mapping[str, int], seen: str, note: str = "") -> str:
    """Put a set of limits before the clinical lead and return the proposal's id.

    ``seen`` is the id of the proposal in force when the actor looked, "" for the shipped limits. Raises Invalid for
    unsound limits, Refused where they are in force already, Conflict where others were faster.
    """
    if not actor.may("limits:propose"):
        raise NotAllowed("not_allowed")
    lock_site(session(), actor.site_id)
    values = {name: minutes[name] for name in limits.NAMES}
    faults = limits.faults(values)
    if faults:
        raise Invalid(**faults)
    _refuse_old_look(actor, seen)
    if find_open(actor) is not None:
        raise Conflict("limits_wait")
    if values == limits.as_values(in_force(actor.site_id)):
        raise Refused("limits_the_same")
    last = select(func.max(LimitProposal.number)).where(LimitProposal.site_id == actor.site_id)
    proposal = LimitProposal(
        site_id=actor.site_id, number=(session.scalar(last) or 0) + 1, minutes=values, note=note.strip(),
        at=clock.now(), staff_id=actor.staff_id,
    )  # fmt: skip
    session.add(proposal)
    session.flush()
    record(actor, "limits_proposed", proposal=proposal.id, number=proposal.number, minutes=values)
    return proposal.id


def _refuse_old_look(actor: Actor, seen: str) -> None:
    if (session.scalar(select(approved_id(actor.site_id))) or "") != seen:
        raise Conflict("limits_changed_meanwhile")


@verb
def approve(actor: Actor, proposal_id: str, seen: str) -> None:
    """Put proposed limits in force; every board shows them at its next refresh. Never by who proposed them.

    Raises NotAllowed for the proposer, Conflict where it was decided already or other limits are in force than seen.
    """
    proposal = _deciding(actor, proposal_id)
    if proposal.staff_id == actor.staff_id:
        raise NotAllowed("same_person")
    _refuse_old_look(actor, seen)
    _decide(actor, proposal, APPROVED, "")
    record(actor, "limits_approved", proposal=proposal.id, number=proposal.number, minutes=proposal.minutes)
    note_rows(actor, true(), "limits_approved")


@verb
def refuse(actor: Actor, proposal_id: str, reason: str) -> None:
    """Refuse proposed limits with the reason; raises Refused without one, Conflict where it was decided already."""
    proposal = _deciding(actor, proposal_id)
    if proposal.staff_id == actor.staff_id:
        raise NotAllowed("same_person")
    if not reason.strip():
        raise Refused("note_needed")
    _decide(actor, proposal, REFUSED, reason)
    record(actor, "limits_refused", proposal=proposal.id, number=proposal.number, reason=reason.strip())


@verb
def withdraw(actor: Actor, proposal_id: str) -> None:
    """Take one's own proposal back; raises NotAllowed for anybody else's, Conflict where it was decided already."""
    proposal = _open_one(actor, proposal_id)
    if proposal.staff_id != actor.staff_id:
        raise NotAllowed("not_allowed")
    _decide(actor, proposal, WITHDRAWN, "")
    record(actor, "limits_withdrawn", proposal=proposal.id, number=proposal.number)


def _deciding(actor: Actor, proposal_id: str) -> LimitProposal:
    if not actor.may("limits:approve"):
        raise NotAllowed("not_allowed")
    return _open_one(actor, proposal_id)


def _open_one(actor: Actor, proposal_id: str) -> LimitProposal:
    lock_site(session(), actor.site_id)  # first: of two who decide at once, the second sees what the first did
    mine = (LimitProposal.id == proposal_id, LimitProposal.site_id == actor.site_id)
    proposal = session.scalar(select(LimitProposal).where(*mine))
    if proposal is None:
        raise NotFound("limits")
    decided = select(LimitDecision.kind).where(LimitDecision.proposal_id == proposal.id)
    if session.scalar(decided) is not None:
        raise Conflict("limits_decided")
    return proposal


def _decide(actor: Actor, proposal: LimitProposal, kind: str, reason: str) -> None:
    last = select(func.max(LimitDecision.sequence)).where(LimitDecision.site_id == actor.site_id)
    session.add(
        LimitDecision(
            site_id=actor.site_id, sequence=(session.scalar(last) or 0) + 1, proposal_id=proposal.id, kind=kind,
            reason=reason.strip(), at=clock.now(), staff_id=actor.staff_id,
        )
    )  # fmt: skip
    session.flush()
