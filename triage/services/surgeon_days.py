"""When surgeons see patients, operate and are away, and which share of a day is kept free: what is on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select

from triage import knowledge
from triage.db import session
from triage.domain import surgeon_days as rules
from triage.domain.hours import Opening
from triage.domain.surgeon_days import Plans, SurgeonDay
from triage.models import KeptShare, SurgeonAbsence, SurgeonWeek

_WEEKS = (
    select(SurgeonWeek.whose, SurgeonWeek.valid_from, SurgeonWeek.week)
    .where(SurgeonWeek.site_id == bindparam("site"), SurgeonWeek.valid_from <= bindparam("until"))
    .order_by(SurgeonWeek.valid_from.desc(), SurgeonWeek.sequence.desc())
)
_ABSENCES = select(
    SurgeonAbsence.whose, SurgeonAbsence.first, SurgeonAbsence.last, SurgeonAbsence.reason
).where(
    SurgeonAbsence.site_id == bindparam("site"), SurgeonAbsence.withdrawn_at.is_(None),
    SurgeonAbsence.last >= bindparam("since"), SurgeonAbsence.first <= bindparam("until"),
)  # fmt: skip
_SHARE = (
    select(KeptShare.per_hour)
    .where(KeptShare.site_id == bindparam("site"))
    .order_by(KeptShare.sequence.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Calendar:
    """The weeks and absences of a site's surgeons, by surgeon."""

    weeks: Mapping[str, Sequence[tuple[date, Plans]]]
    absences: Mapping[str, Sequence[tuple[date, date, str]]]

    def day_of(self, staff_id: str, day: date, clinic: Opening | None) -> SurgeonDay:
        """Return a surgeon's day, from the clinic's hours of that day."""
        away = (reason for first, last, reason in self.absences.get(staff_id, ()) if first <= day <= last)
        plan = rules.plans_on(day, self.weeks.get(staff_id, ()))[day.weekday()]
        return rules.day_of(clinic, plan, next(away, ""))


def calendar(site_id: str, since: date, until: date) -> Calendar:
    """Return what is on record for the days from the first to the last, in two queries."""
    weeks: dict[str, list[tuple[date, Plans]]] = {}
    for whose, valid_from, week in session.execute(_WEEKS, {"site": site_id, "until": until}):
        weeks.setdefault(whose, []).append((valid_from, rules.as_plans(week)))
    absences: dict[str, list[tuple[date, date, str]]] = {}
    for whose, first, last, reason in session.execute(_ABSENCES, {"site": site_id, "since": since, "until": until}):
        absences.setdefault(whose, []).append((first, last, reason))
    return Calendar(weeks, absences)


def kept_per_hour(site_id: str) -> int:
    """Return how many slots an hour are kept free for today's patients until the day has come."""
    given: int | None = session.execute(_SHARE, {"site": site_id}).scalar()
    return knowledge.load().flow.hours.kept_per_hour if given is None else given
