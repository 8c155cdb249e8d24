"""What waits for a scanner: the examinations that a doctor ordered and no machine has begun, as it is told them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, or_, select

from triage import clock, knowledge
from triage.adapters.dicom.answering import loss
from triage.adapters.dicom.asking import Asked
from triage.adapters.dicom.values import value_of
from triage.db import read, session
from triage.domain.appointments import BOOKED
from triage.domain.charsets import LATIN
from triage.domain.matching import COMPLETED, IN_PROGRESS
from triage.domain.worklist import PRIORITIES, STATUS, Item, Person, begins, pregnancy
from triage.models import Appointment, Encounter, ImagingOrder, Patient, ProcedureStep, Room, Scanner, Site, Staff
from triage.services import hours, scanners, worklist_keys
from triage.services.audit import record_read

#: No more items than these are told at once.
MOST = 500
_DAY = timedelta(days=1)
_EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)

# Built once. What is open is found by its index, however many examinations there have been; when it begins follows
# from more than a column, so days and times are compared outside.
# Where the radiographer has checked who it is and a scanner has not begun yet, the item is what the console picks.
_AT_A_MACHINE = (
    select(ProcedureStep.id)
    .where(ProcedureStep.order_id == ImagingOrder.id, ProcedureStep.status.in_((IN_PROGRESS, COMPLETED)))
    .exists()
)
_WAITING = (
    select(
        ImagingOrder.accession, ImagingOrder.study_uid, ImagingOrder.modality, ImagingOrder.procedure,
        ImagingOrder.views, ImagingOrder.level, ImagingOrder.side, ImagingOrder.priority, ImagingOrder.justification,
        ImagingOrder.note, ImagingOrder.safety, ImagingOrder.scanner_id, ImagingOrder.ordered_at,
        ImagingOrder.status,
        Staff.name.label("doctor"), Appointment.starts_at, Patient.number, Patient.family_name, Patient.given_name,
        Patient.family_kana, Patient.given_kana, Patient.birth_date, Patient.sex, Patient.mobility, Patient.allergies,
        Patient.anticoagulant, Patient.implants,
    )
    .join(Encounter, Encounter.id == ImagingOrder.encounter_id)
    .join(Patient, Patient.id == Encounter.patient_id)
    .outerjoin(Staff, Staff.id == ImagingOrder.ordered_by)
    .outerjoin(Appointment, and_(Appointment.order_id == ImagingOrder.id, Appointment.status == BOOKED))
    .where(
        ImagingOrder.site_id == bindparam("site"), ImagingOrder.ended_at.is_(None),
        ImagingOrder.status.in_(("ordered", "started")), ImagingOrder.accession.is_not(None), ~_AT_A_MACHINE,
        # Who has a time on a day that is not asked for is left out at once; a time that is over counts as today's.
        or_(
            Appointment.starts_at.is_(None), Appointment.starts_at < bindparam("today"),
            Appointment.starts_at.between(bindparam("since"), bindparam("until")),
        ),
    )
)  # fmt: skip
_STATIONS = (
    select(Scanner.id, Scanner.ae_title, Scanner.modality, Scanner.name, Room.name.label("room"))
    .outerjoin(Room, Room.id == Scanner.room_id)
    .where(Scanner.site_id == bindparam("site"), Scanner.retired_at.is_(None))
    .order_by(Scanner.ae_title)
)


@dataclass(frozen=True)
class Found:
    """What a scanner is told: the items in the order of their times, and whether there were more than are told."""

    items: Sequence[Item]
    more: bool
    replaced: Sequence[str]  # accession numbers of those whose name could not be written as it is
    dropped: Sequence[str]


@dataclass(frozen=True)
class _Here:
    """What is the same for all items of one answer."""

    now: datetime  # on the site's clock
    opens: datetime
    stations: Mapping[str, Any]
    asking: Any
    lang: str

    def station(self, order: Any) -> Any:
        """Return where an order is done: at its scanner, the asking one, another that can; None: nowhere."""
        fits = [one for one in (self.asking, *self.stations.values()) if one.modality == order.modality]
        return self.stations.get(order.scanner_id) or next(iter(fits), None)


def find(scanner: Scanner, asked: Asked, address: str) -> Found:
    """Return what a scanner asked for, of its own site and not begun; that it asked is recorded before it is told."""
    items = [item for item in waiting(scanner, asked.query.days) if asked.query.fits(partial(value_of, item))]
    items.sort(key=lambda item: (item.starts, item.accession))
    told = items[:MOST]
    became = {item.accession: loss(item, scanner.charset) for item in told}
    replaced, dropped = ([key for key, how in became.items() if how == what] for what in ("replaced", "dropped"))
    found = Found(told, len(items) > MOST, replaced, dropped)
    record_read(
        scanners.machine(scanner.site_id, scanner.name), "worklist_asked", ae_title=scanner.ae_title, address=address,
        asked=asked.words, found=len(told), replaced=found.replaced, dropped=found.dropped,
    )  # fmt: skip
    return found


def prepare() -> int:
    """Let every examination that waits be known to the scanners, also one ordered before they were; return how many."""
    sites = session.scalars(select(Site.id)).all()
    return sum(worklist_keys.give_missing(scanners.machine(site_id, "worklist")) for site_id in sites)


def waiting(scanner: Scanner, days: tuple[str, str] = ("", "")) -> Iterator[Item]:
    """Yield every examination that waits at the scanner's site for a machine that is there.

    Those booked outside the days, as DICOM writes them, may be left out; "" is no bound.
    """
    here = _here(scanner)
    first, last = (datetime.strptime(day, "%Y%m%d").replace(tzinfo=here.now.tzinfo) if day else None for day in days)
    since, until = first or _EVER[0], last + _DAY if last else _EVER[1]
    midnight = here.now.replace(hour=0, minute=0, second=0, microsecond=0)
    for row in read(_WAITING, site=scanner.site_id, today=midnight, since=since, until=until):
        station = here.station(row)
        if station is not None:
            yield _item(row, station, here)


def _here(scanner: Scanner) -> _Here:
    zone = ZoneInfo(session.get_one(Site, scanner.site_id).time_zone)
    now = clock.now().astimezone(zone)
    opening = hours.opening(scanner.site_id, now.date())
    opens = datetime.combine(now.date(), opening.opens if opening else time(), zone)
    stations = {row.id: row for row in read(_STATIONS, site=scanner.site_id)}
    return _Here(now, opens, stations, stations[scanner.id], "en" if scanner.charset == LATIN else "ja")


def _item(row: Any, station: Any, here: _Here) -> Item:
    known, zone = knowledge.load().flow.examinations, here.now.tzinfo
    procedure = known.procedures.get(row.procedure) or known.meant(row.modality, ())
    booked = row.starts_at.astimezone(zone) if row.starts_at else None
    said = (row.safety or {}).get("pregnancy", {})
    views = [known.views[view].label(here.lang) for view in row.views or () if view in known.views]
    return Item(
        accession=row.accession, study_uid=row.study_uid, number=row.number,
        starts=begins(booked, row.ordered_at.astimezone(zone), here.opens),
        station=station.ae_title, station_name=station.name, location=station.room or "", modality=procedure.dicom,
        person=Person(row.family_name, row.given_name, row.family_kana, row.given_kana),
        birth_date=row.birth_date, sex=row.sex, mobility=row.mobility,
        procedure=procedure.label(here.lang), loinc=procedure.loinc, meaning=procedure.label("en"),
        step=" ".join((procedure.label(here.lang), row.level, _SIDES[here.lang].get(row.side, ""), *views)).strip(),
        priority=PRIORITIES.get(row.priority, "ROUTINE"), doctor=row.doctor or "",
        pregnancy=pregnancy(row.sex, said, here.now), allergies=row.allergies,
        alerts=" / ".join(part for part in (row.implants, row.anticoagulant) if part),
        reason=row.justification, note=row.note, status=STATUS[row.status],
    )  # fmt: skip


_SIDES = {
    "en": {"left": "left", "right": "right", "both": "both sides"},
    "ja": {"left": "左", "right": "右", "both": "両側"},
}
