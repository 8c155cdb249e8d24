"""What hangs on the wall of the waiting room: who is called where, by ticket, and how long the wait is.

No name, complaint, acuity or route of a person is read here, so none can be shown.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session
from triage.domain import lifecycle, waits
from triage.domain.access import Screen
from triage.models import Encounter, ImagingOrder, Room, Site, SiteHead, StageChange
from triage.services import calls

#: Calls on the wall at once.
MOST = 6
#: Waits that ended longer ago say nothing about now.
RECENT = timedelta(hours=3)
#: Station of the clinic -> the stages in which a patient waits for it.
STATIONS = {"nurse": (lifecycle.WAITING,), "specialist": (lifecycle.REVIEW, lifecycle.CONFIRMATION)}


@dataclass(frozen=True)
class Wait:
    """How long the wait for a station ("nurse", "specialist", or a machine) is; None: too few to say."""

    station: str
    range: waits.Range | None


@dataclass(frozen=True)
class Wall:
    """What a wall shows at ``at``: the newest calls, and the waits."""

    at: datetime
    site: Site
    calls: list[calls.Shown]
    waits: list[Wait]


def look(screen: Screen) -> Wall:
    """Return what the wall shows now; yesterday's calls are gone with the day."""
    site = session.get_one(Site, screen.site_id)
    return Wall(clock.now(), site, _called(screen), _waits(screen))


def _called(screen: Screen) -> list[calls.Shown]:
    room = session.get(Room, screen.room_id) if screen.room_id else None
    found = (
        call
        for call in calls.showing(screen.site_id)
        if _day(screen, call.called_at) == _day(screen, clock.now()) and (room is None or call.room == room.name)
    )
    return sorted(found, key=lambda call: call.called_at, reverse=True)[:MOST]


def _day(screen: Screen, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(screen.time_zone)).date()


#: Site -> the revision and minute for which its waits were worked out; every wall of a site shows the same.
_kept: dict[str, tuple[tuple[int, int], list[Wait]]] = {}


def _waits(screen: Screen) -> list[Wait]:
    revision = session.scalar(select(SiteHead.revision).where(SiteHead.site_id == screen.site_id)) or 0
    state = (revision, int(clock.now().timestamp() // 60))
    kept = _kept.get(screen.site_id)
    if kept is None or kept[0] != state:
        kept = _kept[screen.site_id] = (state, [*_at_stations(screen), *_at_machines(screen)])
    return kept[1]


def _at_stations(screen: Screen) -> Iterable[Wait]:
    done = _finished(screen)
    for station, stages in STATIONS.items():
        ended = sorted(wait for stage in stages for wait in done[stage])
        yield Wait(station, waits.estimate([minutes for _, minutes in ended], _still_at(screen, stages)))


def _finished(screen: Screen) -> dict[str, list[tuple[datetime, float]]]:
    """Return by stage when each recent wait of today's visits ended, and how many minutes it took."""
    query = (
        select(StageChange.encounter_id, StageChange.to_stage, StageChange.at)
        .join(Encounter)
        .where(Encounter.site_id == screen.site_id, Encounter.ticket_date == _day(screen, clock.now()))
        .order_by(StageChange.encounter_id, StageChange.at)
    )
    found: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    before: tuple[str, str, datetime] | None = None
    for encounter_id, stage, at in session.execute(query):
        # Whoever became an emergency was taken at once, which is nobody else's wait.
        same = before is not None and before[0] == encounter_id and stage != lifecycle.EMERGENCY
        if same and before is not None and at > clock.now() - RECENT:
            found[before[1]].append((at, _minutes(before[2], at)))
        before = (encounter_id, stage, at)
    return found


def _still_at(screen: Screen, stages: tuple[str, ...]) -> list[float]:
    here = (Encounter.site_id == screen.site_id, Encounter.finished_at.is_(None), Encounter.stage.in_(stages))
    return [_minutes(since, clock.now()) for since in session.scalars(select(Encounter.stage_since).where(*here))]


def _at_machines(screen: Screen) -> Iterable[Wait]:
    for modality in knowledge.load().modalities:
        if modality.on_site:
            yield Wait(modality.id, waits.estimate(_imaged(screen, modality.id), _queued(screen, modality.id)))


def _imaged(screen: Screen, modality: str) -> list[float]:
    # By way of today's visits: a search over orders alone would grow with the clinic's history.
    today = (Encounter.site_id == screen.site_id, Encounter.ticket_date == _day(screen, clock.now()))
    begun = (ImagingOrder.modality == modality, ImagingOrder.started_at > clock.now() - RECENT)
    query = select(ImagingOrder.requested_at, ImagingOrder.started_at).join(Encounter).where(*today, *begun)
    rows = session.execute(query.order_by(ImagingOrder.started_at))
    return [_minutes(since, at) for since, at in rows if at is not None]


def _queued(screen: Screen, modality: str) -> list[float]:
    here = (ImagingOrder.site_id == screen.site_id, ImagingOrder.modality == modality)
    query = select(ImagingOrder.requested_at).where(*here, ImagingOrder.status.in_(("requested", "ordered")))
    return [_minutes(since, clock.now()) for since in session.scalars(query)]


def _minutes(since: datetime, until: datetime) -> float:
    return max(0.0, (until - since).total_seconds() / 60)
