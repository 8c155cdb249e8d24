"""How complete the referral of a visit is: for its pages, for the gate, and for many visits of a list at once."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select

from triage import knowledge
from triage.db import session
from triage.domain.findings import Answer
from triage.domain.referral import IMAGES_HERE, IMAGES_OUTSIDE, Bar, bar
from triage.models import Encounter, ImagingOrder
from triage.services import answered, intakes

#: What is kept in each process: a list is drawn again at every change, and nearly nothing of it has changed.
KEPT = 512
_Key = tuple[str, int, bool, bool | None]
_kept: OrderedDict[_Key, Bar] = OrderedDict()
_IMAGED = select(ImagingOrder.encounter_id).where(
    ImagingOrder.encounter_id.in_(bindparam("ids", expanding=True)), ImagingOrder.status == "completed"
)


def bar_of(encounter: Encounter, answers: Mapping[str, Answer] | None = None) -> Bar:
    """Return how complete the referral is; ``answers`` are those of the encounter, where they are read already."""
    told = intakes.answers_of(encounter) if answers is None else answers
    imaged = session.execute(_IMAGED, {"ids": [encounter.id]}).first() is not None
    return _bar(told, imaged, encounter.outside_images)


def lacking(encounter: Encounter, answers: Mapping[str, Answer], route: str) -> tuple[str, ...]:
    """Return the ids of the parts that are still missing for a route to the surgeon; nothing for another route."""
    return bar_of(encounter, answers).lacking(route)


def bars_of(encounters: Sequence[Encounter]) -> dict[str, Bar]:
    """Return how complete each visit's referral is, by its id, with two queries for all of them."""
    imaged = set(session.scalars(_IMAGED, {"ids": [row.id for row in encounters]}))
    keys = {row.id: (row.id, row.findings_revision, row.id in imaged, row.outside_images) for row in encounters}
    missing = [row for row in encounters if keys[row.id] not in _kept]
    told = answered.recorded_of(row.id for row in missing) if missing else {}
    found = {row.id: _bar(told.get(row.id, {}), row.id in imaged, row.outside_images) for row in missing}
    bars = {id_: found.get(id_) or _kept[key] for id_, key in keys.items()}
    _keep((keys[id_], made) for id_, made in found.items())
    return bars


def _bar(answers: Mapping[str, Answer], imaged: bool, outside: bool | None) -> Bar:
    images = {IMAGES_HERE: imaged, IMAGES_OUTSIDE: outside}
    there = {name: Answer(True, True) for name, is_there in images.items() if is_there}
    return bar(knowledge.load(), {**answers, **there})


def _keep(made: Iterable[tuple[_Key, Bar]]) -> None:
    for key, found in made:
        _kept[key] = found
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
