"""The export in the manner of the spine registries: one line for each point of each follow-up, and no name."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from triage.db import session
from triage.domain.access import Actor
from triage.domain.outcome_export import Event, header, place, status
from triage.domain.outcomes import OPERATED, Measure
from triage.domain.people import age_in_years
from triage.models import Complication, Outcome, OutcomePoint, OutcomeSeries, Patient
from triage.services import outcome_lists, outcomes
from triage.services.audit import record_read
from triage.services.judgements import Period
from triage.services.organisations import site_of, today

#: So many follow-ups are read at a time: the file may be longer than the memory.
CHUNK = 200
Row = list[object]


def columns() -> list[str]:
    """Return the names of the columns in their order."""
    return header(outcomes.known().measures)


def count(actor: Actor, period: Period) -> int:
    """Return how many lines there are of a period."""
    query = select(func.count()).select_from(OutcomePoint).join(OutcomePoint.series)
    return session.scalar(query.where(*outcome_lists.treated(actor, period))) or 0


def export(actor: Actor, period: Period) -> tuple[int, Iterator[Row]]:
    """Record who takes out how many lines of which period, and return their number and the lines, the names first."""
    number = count(actor, period)
    since, until = (str(day or "") for day in (period.since, period.until))
    record_read(actor, "outcomes_exported", since=since, until=until, lines=number)
    return number, _lines(actor, period)


def _lines(actor: Actor, period: Period) -> Iterator[Row]:
    yield list(columns())
    site, day = site_of(actor).code, today(actor.site_id)
    for chunk in _chunks(actor, period):
        yield from _Chunk(chunk, site, day).lines()
        session.expunge_all()


def _chunks(actor: Actor, period: Period) -> Iterator[Sequence[tuple[OutcomeSeries, str | None]]]:
    """Yield the follow-ups with the code of what overtook them, a few at a time, in the order of their days."""
    later = aliased(OutcomeSeries)
    query: Select[OutcomeSeries, str | None] = (
        select(OutcomeSeries, later.code)
        .outerjoin(later, later.id == OutcomeSeries.ended_by_id)
        .where(*outcome_lists.treated(actor, period))
        .options(joinedload(OutcomeSeries.patient).load_only(Patient.birth_date, Patient.sex))
        .order_by(OutcomeSeries.index_day, OutcomeSeries.id)
        .limit(CHUNK)
    )
    behind: tuple[ColumnElement[bool], ...] = ()
    while rows := [(series, code) for series, code in session.execute(query.where(*behind))]:
        yield rows
        last = rows[-1][0]
        same = and_(OutcomeSeries.index_day == last.index_day, OutcomeSeries.id > last.id)
        behind = (or_(OutcomeSeries.index_day > last.index_day, same),)


def _number(measure: Measure, row: Outcome | None) -> float | None:
    value = row.value if row else None
    return value if value is None or measure.decimals else int(value)


class _Chunk:
    """The lines of a few follow-ups."""

    def __init__(self, rows: Sequence[tuple[OutcomeSeries, str | None]], site: str, day: date) -> None:
        ids = [series.id for series, _code in rows]
        self.rows, self.site, self.day = rows, site, day
        self.points = outcome_lists.points_by_series(ids)
        self.values = outcome_lists.standing([point.id for points in self.points.values() for point in points])
        self.wrongs: defaultdict[str, list[Complication]] = defaultdict(list)
        query = select(Complication).where(Complication.series_id.in_(ids), Complication.withdrawn_at.is_(None))
        for wrong in session.scalars(query.order_by(Complication.day, Complication.id)):
            self.wrongs[wrong.series_id].append(wrong)

    def lines(self) -> Iterator[Row]:
        """Yield the lines of each follow-up, the baseline first."""
        for series, later in self.rows:
            points = self.points[series.id]
            told = self._told(series, points)
            for number, point in enumerate(points):
                values = self.values[point.id]
                numbers = [_number(measure, values.get(measure.id)) for measure in outcomes.known().measures.values()]
                yield [*self._treated(series), *self._asked(point, values), *numbers,
                       *self._wrong(series, points, number, told[number]),
                       series.ended_on, series.end_reason, later]  # fmt: skip

    def _treated(self, series: OutcomeSeries) -> Row:
        born, on = series.patient.birth_date, series.index_day
        age = age_in_years(born, on) if born and on else None
        named = [series.kind, series.start, series.procedure, series.level, series.side]
        return [self.site, series.code, *named, on, age, series.patient.sex]

    def _asked(self, point: OutcomePoint, values: dict[str, Outcome]) -> Row:
        asked, window = outcomes.known().points.get(point.point), outcome_lists.window_of(point)
        last = max(values.values(), key=lambda row: row.revision, default=None)
        in_time = None if point.answered_on is None else int(point.answered_on <= point.closes)
        return [
            point.point, asked.months if asked else None, point.due, point.opens, point.closes,
            status(point.status, window, self.day), point.answered_on, in_time, last.how if last else None,
        ]  # fmt: skip

    def _told(self, series: OutcomeSeries, points: Sequence[OutcomePoint]) -> defaultdict[int, list[Event]]:
        events = [Event(one.day, f"{one.kind}:{one.grade}", one.reoperation) for one in self.wrongs[series.id]]
        if series.end_reason == OPERATED and series.ended_on:
            events.append(Event(series.ended_on, "", True))
        told: defaultdict[int, list[Event]] = defaultdict(list)
        for event in events:
            told[place(event.day, [point.due for point in points])].append(event)
        return told

    def _wrong(
        self, series: OutcomeSeries, points: Sequence[OutcomePoint], number: int, told: Sequence[Event]
    ) -> Row:  # fmt: skip
        again, looked_at = any(event.reoperation for event in told), self.day >= points[number].opens
        seen = number > 0 and (looked_at or again)
        return [";".join(event.code for event in told if event.code), int(again) if seen else None]
