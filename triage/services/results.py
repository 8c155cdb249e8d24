"""What came of an examination: its images and reports, who has seen them, and what nobody has."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload, undefer

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from triage.domain.results import SUFFIXES, Report, due, kind_of, lacks
from triage.models import ImagingOrder, ImagingReport, ImagingStudy
from triage.services import imaging, late, order_times
from triage.services.audit import lock_site, record, record_read
from triage.services.encounters import check_version, touch

_REPORTS = (
    select(ImagingReport).where(ImagingReport.order_id == bindparam("order")).options(joinedload(ImagingReport.staff))
)
_STUDIES = select(ImagingStudy).order_by(ImagingStudy.stable_at, ImagingStudy.id)


@dataclass(frozen=True)
class Result:
    """An examination with its images in the archive and its reports, the newest first."""

    order: ImagingOrder
    studies: Sequence[ImagingStudy]
    reports: Sequence[ImagingReport]


def open_(actor: Actor, order_id: str) -> Result:
    """Return the result of an examination and record that the actor opened it; raises NotFound out of sight."""
    found = get(actor, order_id)
    _note_reading(actor, found.order, "result")
    return found


def get(actor: Actor, order_id: str) -> Result:
    """Return the result of an examination; raises NotFound out of sight."""
    order = imaging.get(actor, order_id)
    return Result(order, studies_of([order.id]).get(order.id, []), _reports(order))


def _reports(order: ImagingOrder) -> Sequence[ImagingReport]:
    return session.scalars(_REPORTS.order_by(ImagingReport.sequence.desc()), {"order": order.id}).all()


def studies_of(order_ids: Collection[str]) -> dict[str, list[ImagingStudy]]:
    """Return the images that came back for these orders, by order, the first first."""
    found: dict[str, list[ImagingStudy]] = {}
    if order_ids:
        for study in session.scalars(_STUDIES.where(ImagingStudy.order_id.in_(order_ids))):
            found.setdefault(study.order_id or "", []).append(study)
    return found


def list_unseen(actor: Actor) -> Sequence[ImagingOrder]:
    """Return the examinations whose result no doctor has seen, the oldest first, also of visits that are over."""
    waiting = select(ImagingOrder.id).where(
        ImagingOrder.visible_to(actor), ImagingOrder.result_at.is_not(None), ImagingOrder.seen_at.is_(None)
    )
    rows = imaging.list_by_id(actor, session.scalars(waiting).all())
    return sorted(rows, key=lambda row: (row.result_at, row.id))


def list_undone(actor: Actor) -> Sequence[ImagingOrder]:
    """Return what a doctor ordered and nobody has begun within its time, the longest over it first.

    The time counts from the order, or from the time that is booked for it.
    """
    waiting = select(ImagingOrder.id).where(
        ImagingOrder.visible_to(actor), ImagingOrder.ended_at.is_(None), ImagingOrder.status == "ordered"
    )
    rows = imaging.list_by_id(actor, session.scalars(waiting).all())
    times = order_times.of_orders([row.id for row in rows])
    within, now = knowledge.load().flow.examinations.done_within, clock.now()
    since = {row.id: times[row.id].starts_at if row.id in times else row.ordered_at or now for row in rows}
    late = [row for row in rows if due(since[row.id], row.priority, within) <= now]
    return sorted(late, key=lambda row: (due(since[row.id], row.priority, within), row.id))


def arrived(order: ImagingOrder) -> None:
    """Note on the order, inside a verb, that something new came: whoever had seen the result has not seen this."""
    order.result_at, order.seen_at, order.seen_by = clock.now(), None, None


@verb
def report(actor: Actor, order_id: str, version: int, words: Report) -> str:
    """Enter a report of an examination that is done and return its id; a later one takes the place of an earlier.

    A doctor who enters it has seen the result. Raises Invalid with what is lacking by field, Conflict where the
    examination is not done, Stale where another report came meanwhile.
    """
    _only(actor, "reports:write")
    order = _for_writing(actor, order_id, version)
    if order.status != "completed":
        raise Conflict("report_too_early")
    late.check(order.started_at)
    earlier = session.scalar(select(func.count()).where(ImagingReport.order_id == order.id)) or 0
    if wrong := lacks(words, earlier):
        raise Invalid(**wrong)
    row = _row(actor, order, words, earlier + 1)
    session.add(row)
    arrived(order)
    if actor.may("reports:see"):
        order.seen_by, order.seen_at = actor.staff_id, clock.now()
    touch(actor, order)
    session.flush()
    record(
        actor, "report_entered", **imaging.ids_of(order), order=order.id, report=row.id, sequence=row.sequence,
        reason=row.reason, file=row.file_name,
    )  # fmt: skip
    return row.id


def _row(actor: Actor, order: ImagingOrder, words: Report, sequence: int) -> ImagingReport:
    kind = kind_of(words.file) or ""
    name = f"{order.accession or order.id}-{sequence}.{SUFFIXES[kind]}" if kind else ""
    return ImagingReport(
        order_id=order.id, sequence=sequence, at=clock.now(), staff_id=actor.staff_id, text=words.text.strip(),
        reader=words.reader.strip(), reason=words.reason.strip(), file_name=name, file_type=kind,
        file=words.file or None,
    )  # fmt: skip


@verb
def see(actor: Actor, order_id: str, version: int) -> None:
    """Note that this doctor has seen the result.

    Raises Conflict where there is none or somebody has seen it, Stale where something came meanwhile.
    """
    _only(actor, "reports:see")
    order = _for_writing(actor, order_id, version)
    if order.result_at is None:
        raise Conflict("no_result")
    if order.seen_at is not None:
        raise Conflict("result_is_seen")
    late.check(order.result_at)
    order.seen_by, order.seen_at = actor.staff_id, clock.now()
    touch(actor, order)
    record(actor, "result_seen", **imaging.ids_of(order), order=order.id)


def file_of(actor: Actor, order_id: str, sequence: int) -> ImagingReport:
    """Return a report with its file and record that it was opened; raises NotFound where there is none in sight."""
    order = imaging.get(actor, order_id)
    query = _REPORTS.where(ImagingReport.sequence == sequence, ImagingReport.file.is_not(None))
    found = session.scalar(query.options(undefer(ImagingReport.file)), {"order": order.id})
    if found is None:
        raise NotFound("report")
    _note_reading(actor, order, found.file_name)
    return found


def _only(actor: Actor, permission: str) -> None:
    if not actor.may(permission):
        raise NotAllowed("not_allowed")


def _for_writing(actor: Actor, order_id: str, version: int) -> ImagingOrder:
    lock_site(session(), actor.site_id)
    order = imaging.get(actor, order_id)
    check_version(order, version)
    return order


def _note_reading(actor: Actor, order: ImagingOrder, what: str) -> None:
    ids = (order.encounter.patient_id, order.encounter_id)
    record_read(actor, "result_opened", patient_id=ids[0], encounter_id=ids[1], order=order.id, what=what)
