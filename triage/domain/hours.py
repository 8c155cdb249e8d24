"""When the clinic is open: a week of seven days, and the days that differ from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

#: Days of the week in the order of ``date.weekday()``.
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Kinds of days that differ from the week: closed, other hours, a public holiday on which the clinic is open as usual.
CLOSED, OTHER_HOURS, AS_USUAL = "closed", "hours", "usual"
KINDS = (CLOSED, OTHER_HOURS, AS_USUAL)
#: Nobody is sent further away than this: where no open day is found by then, the hours are wrong.
LOOK_AHEAD_DAYS = 366


@dataclass(frozen=True)
class Opening:
    """From when until when the clinic is open on a day, on the site's clock; the last moment is not part of it."""

    opens: time
    closes: time

    def holds(self, at: time) -> bool:
        """Tell whether the clinic is open at this time."""
        return self.opens <= at < self.closes

    @property
    def words(self) -> str:
        """Return the hours as people write them: 9:30–18:00."""
        return f"{self.opens:%-H:%M}–{self.closes:%-H:%M}"


#: Seven openings, Monday first; None where the clinic is closed.
Week = tuple[Opening | None, ...]


@dataclass(frozen=True)
class OtherDay:
    """A day that differs from the week, why, and its hours where it has others."""

    kind: str
    reason: str = ""
    hours: Opening | None = None


def opening_on(day: date, week: Week, exceptions: Mapping[date, OtherDay]) -> Opening | None:
    """Return the hours of a day, None where the clinic is closed."""
    differs = exceptions.get(day)
    if differs is None or differs.kind == AS_USUAL:
        return week[day.weekday()]
    return differs.hours if differs.kind == OTHER_HOURS else None


def spans(week: Week) -> list[tuple[int, int, Opening | None]]:
    """Return the week in runs of days with the same hours: first and last place (Monday is 0), and the hours."""
    found: list[tuple[int, int, Opening | None]] = []
    for place, day in enumerate(week):
        if found and found[-1][2] == day:
            found[-1] = (found[-1][0], place, day)
        else:
            found.append((place, place, day))
    return found


def as_stored(week: Week) -> dict[str, list[str] | None]:
    """Return a week as the database keeps it: two times a day by its name, None where closed."""
    return {
        name: [f"{day.opens:%H:%M}", f"{day.closes:%H:%M}"] if day else None
        for name, day in zip(WEEKDAYS, week, strict=True)
    }


def as_week(stored: Mapping[str, Sequence[str] | None]) -> Week:
    """Return a week from what the database keeps."""
    return tuple(_opening(stored.get(name)) for name in WEEKDAYS)


def _opening(times: Sequence[str] | None) -> Opening | None:
    return Opening(*(time.fromisoformat(one) for one in times)) if times else None


def faults(days: Iterable[Opening | None]) -> dict[int, str]:
    """Return what is wrong with the hours, as a message code by their place."""
    return {place: "closes_before" for place, day in enumerate(days) if day and day.opens >= day.closes}


def days_between(first: date, last: date) -> list[date]:
    """Return the days from the first to the last, both of them counted."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
