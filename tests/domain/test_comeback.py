"""Asked to come back another day: closed by anything open, feared or unknown; nothing that gets worse opens it."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain import comeback
from triage.domain.comeback import Standing
from triage.domain.hours import Opening

SAFE = Standing((), (), (), (4, 4), ("conservative_first",))
OPENING = Opening(time(9, 30), time(18))

names = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6).map(tuple)
levels = st.none() | st.integers(1, 5)
standings = st.builds(
    Standing,
    unanswered=names,
    not_known=names,
    not_denied=names,
    suggested=st.lists(levels, max_size=3).map(tuple),
    routes=st.lists(st.sampled_from([None, "emergency_specialist", "xray", "conservative_first"]), max_size=3),
    acuity=levels,
    emergency_open=st.booleans(),
    is_worse=st.booleans(),
)

#: One thing each that forbids it alone, with the sentence that says so.
ALONE: list[tuple[dict[str, Any], str]] = [
    ({"unanswered": ("a",)}, "comeback_unanswered"),
    ({"not_known": ("a",)}, "comeback_not_known"),
    ({"not_denied": ("a",)}, "comeback_told"),
    ({"suggested": ()}, "comeback_not_judged"),
    ({"suggested": (4, None)}, "comeback_not_judged"),
    ({"suggested": (4, 3)}, "comeback_suggested"),
    ({"suggested": (1, 5)}, "comeback_suggested"),
    ({"routes": ("emergency_specialist",)}, "comeback_emergency"),
    ({"acuity": 3}, "comeback_acuity"),
    ({"acuity": 1}, "comeback_acuity"),
    ({"emergency_open": True}, "comeback_emergency"),
    ({"is_worse": True}, "comeback_worse"),
]


def test_who_answered_no_to_everything_urgent_and_stands_at_level_4_or_5_may_come_another_day() -> None:
    for acuity in (None, 4, 5):
        assert comeback.closed(replace(SAFE, acuity=acuity)) == []


@pytest.mark.parametrize(("change", "code"), ALONE)
def test_each_of_these_alone_forbids_it(change: dict[str, Any], code: str) -> None:
    assert [found for found, _values in comeback.closed(replace(SAFE, **change))] == [code]


@given(standings)
def test_it_is_open_only_where_nothing_is_open_feared_or_unknown(standing: Standing) -> None:
    safe = (
        not standing.unanswered and not standing.not_known and not standing.not_denied
        and bool(standing.suggested) and all(level in (4, 5) for level in standing.suggested)
        and "emergency_specialist" not in standing.routes and standing.acuity in (None, 4, 5)
        and not standing.emergency_open and not standing.is_worse
    )  # fmt: skip
    assert (comeback.closed(standing) == []) == safe


@given(standings, st.sampled_from(ALONE))
def test_nothing_more_that_is_feared_ever_opens_it(standing: Standing, worse: tuple[dict[str, Any], str]) -> None:
    change = {name: value if isinstance(value, bool | int) else (*getattr(standing, name), *value)
              for name, value in worse[0].items()}  # fmt: skip
    if change.get("suggested") == standing.suggested:  # "never judged" adds no level
        change["suggested"] = ()
    assert comeback.closed(replace(standing, **change)) != []


@given(st.integers(-40, 80))
def test_a_return_lies_ahead_and_within_a_month(days: int) -> None:
    fault = comeback.fault_of_day(date(2026, 11, 22) + timedelta(days), date(2026, 11, 22))
    assert (fault is None) == (1 <= days <= comeback.MOST_DAYS)


times = st.none() | st.times()


@given(times, times)
def test_a_window_that_is_taken_lies_inside_the_opening_hours(begins: time | None, ends: time | None) -> None:
    fault = comeback.fault_of_window(begins, ends, OPENING)
    inside = OPENING.opens <= (begins or OPENING.opens) < (ends or OPENING.closes) <= OPENING.closes
    assert (fault is None) == inside


@given(st.integers(-3, 3), times, st.times())
def test_who_has_not_come_is_absent_when_the_window_is_over_and_never_before(
    days: int, until: time | None, now: time
) -> None:
    today = date(2026, 11, 22)
    absent = comeback.is_absent(today + timedelta(days), until, today, now)
    assert absent == (days < 0 or (days == 0 and until is not None and now >= until))


def test_only_being_reached_or_a_named_person_ends_the_calling() -> None:
    assert {result: comeback.status_after(result) for result in comeback.RESULTS} == {
        "new_day": "expected", "not_reached": "expected", "reached": "called_back", "stopped": "cancelled",
    }  # fmt: skip
