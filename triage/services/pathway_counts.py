"""What stands above the lists of every desk: how many steps are late, and who is not ready for an operation."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import BindParameter, Date, bindparam, func, select

from triage import knowledge
from triage.db import read, read_one
from triage.domain import pathways as way
from triage.domain.access import Actor
from triage.models import Milestone, Pathway
from triage.models.encounters import sight
from triage.prepared import Prepared
from triage.services.organisations import today


@dataclass(frozen=True)
class Counts:
    """How many steps are late, and how many patients are not ready for an operation that is near."""

    late: int
    not_ready: int


_DAY = bindparam("day", type_=Date())
_OWNERS: BindParameter[Any] = bindparam("owners", expanding=True)
_LATE = select(func.count(Milestone.id)).where(
    Milestone.in_sight(), Milestone.settled_at.is_(None), Milestone.due_on < _DAY, Milestone.late_after < _DAY
)
_ALL_LATE, _OWN_LATE = Prepared(_LATE), Prepared(_LATE.where(Milestone.owner.in_(_OWNERS)))
#: The steps of whoever is operated soon and not known to be ready.
_NEAR = Prepared(
    select(Milestone.pathway_id, Milestone.name, Milestone.mark, Milestone.needs, Milestone.due_on, Milestone.status)
    .join(Pathway, Pathway.id == Milestone.pathway_id)
    .where(Pathway.in_sight(), Pathway.ended_at.is_(None), Pathway.operated_on.is_(None))
    .where(Pathway.is_ready.is_(False), Pathway.operation_on <= _DAY)
    .order_by(Milestone.pathway_id, Milestone.position)
)


def count(actor: Actor, *owners: str) -> Counts:
    """Return both for the actor's site; ``owners``: late steps of these roles only."""
    day, sees = today(actor.site_id), sight(actor)
    owned: dict[str, Any] = {"owners": list(owners)} if owners else {}
    late = read_one(_OWN_LATE if owners else _ALL_LATE, day=day, **sees, **owned)
    warn = knowledge.load().flow.pathways.not_ready_days
    near = groupby(read(_NEAR, day=day + timedelta(days=warn), **sees), attrgetter("pathway_id"))
    return Counts(late, sum(way.not_ready(list(steps), day, warn) is not None for _, steps in near))
