"""What each sign was at the examination before this one: earlier at this visit, else at an earlier visit."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select

from triage.db import session
from triage.domain.examination import Stood, examined_before
from triage.models import AuditEvent, AuditPayload, Encounter, Finding

_EARLIER = select(Finding).where(
    Finding.encounter_id.in_(bindparam("visits", expanding=True)),
    Finding.name.in_(bindparam("names", expanding=True)), Finding.known,
)  # fmt: skip
# What stood before is in the audit trail (ADR 0005); read by the index of the patient, from the day of the visit on.
_CHANGES = (
    select(AuditEvent.at, AuditEvent.occurred_at, AuditPayload.body)
    .join(AuditPayload, AuditPayload.event_id == AuditEvent.id)
    .where(AuditEvent.patient_id == bindparam("patient"), AuditEvent.at >= bindparam("since"))
    .where(AuditEvent.encounter_id == bindparam("encounter"), AuditEvent.name == "findings_recorded")
    .order_by(AuditEvent.sequence)
)


def before_now(
    encounter: Encounter, visits: Iterable[Encounter], rows: Mapping[str, Finding], names: Collection[str]
) -> dict[str, Stood]:
    """Return the value of the examination before by name, where there is one.

    ``visits``: the patient's earlier visits, newest first. ``rows``: what stands now. A sign that was never examined
    before, or that nobody could tell, is left out: unknown is never "unchanged".
    """
    found = _of_visits([visit.id for visit in visits], names)
    for name, values in _of_this_visit(encounter, names).items():
        row = rows.get(name)
        now = Stood(row.known, row.value, row.recorded_at) if row is not None else None
        before = examined_before(now, values)
        if before is not None:
            found[name] = before
    return found


def _of_visits(ids: Sequence[str], names: Collection[str]) -> dict[str, Stood]:
    found: dict[str, Stood] = {}
    values = {"visits": list(ids), "names": list(names)}
    for row in sorted(session.scalars(_EARLIER, values) if ids else (), key=lambda row: ids.index(row.encounter_id)):
        found.setdefault(row.name, Stood(row.known, row.value, row.recorded_at, entered_at=row.entered_at))
    return found


def _of_this_visit(encounter: Encounter, names: Collection[str]) -> dict[str, list[Stood]]:
    """Return the values that were written at this visit, oldest first; what was taken back stands as not known."""
    found: dict[str, list[Stood]] = {}
    values = {"patient": encounter.patient_id, "encounter": encounter.id, "since": encounter.arrived_at}
    for at, occurred_at, body in session.execute(_CHANGES, values):
        for name, answer in body.get("after", {}).items():
            if name in names:
                known, value = (answer["known"], answer["value"]) if answer else (False, None)
                found.setdefault(name, []).append(Stood(known, value, occurred_at or at))
    return found
