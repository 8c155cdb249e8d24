"""The dates of a way: what follows what, closed days, what is late, what is an alarm."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage import knowledge
from triage.domain import pathways as way

DAY = date(2026, 11, 24)  # a Tuesday
TODAY = date(2026, 11, 10)


@dataclass
class Row:
    """A step as the database keeps it."""

    name: str
    anchor: str = ""
    offset_days: int = 0
    mark: str = ""
    needs: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    grace: int = 0
    on_any_day: bool = False
    due_on: date | None = None
    done_on: date | None = None
    fixed: bool = False
    status: str = way.OPEN


def no_sunday(day: date) -> date:
    return day + timedelta(days=1) if day.weekday() == 6 else day


def template(name: str = "fusion") -> list[Row]:
    """Return the steps of a template as rows without days."""
    steps = knowledge.load().flow.pathways.templates[name].steps
    return [
        Row(s.name, s.after, s.days, s.mark, list(s.needs), list(s.items), s.grace, s.any_day) for s in steps
    ]  # fmt: skip


def dated(day: date = DAY, **changes: dict[str, Any]) -> list[Row]:
    """Return a fusion's steps with an operation on ``day``; ``changes`` of single steps by name."""
    rows = template()
    put(rows, {"operation": day} | way.follow(rows, "operation", day, TODAY, no_sunday))
    for row in rows:
        for name, value in changes.get(row.name, {}).items():
            setattr(row, name, value)
    return rows


def put(rows: list[Row], days: dict[str, date | None]) -> None:
    for row in rows:
        row.due_on = days.get(row.name, row.due_on)


def days(rows: list[Row]) -> dict[str, date | None]:
    return {row.name: row.due_on for row in rows}


def test_the_way_of_a_fusion_is_the_one_on_the_clinics_page() -> None:
    found = days(dated())
    assert found["admission"] == date(2026, 11, 19)
    assert found["myelography"] == date(2026, 11, 20)
    assert found["explanation"] == date(2026, 11, 21)
    assert found["rest"] == date(2026, 11, 22)  # a Sunday: who is in hospital rests on it too
    assert found["physiotherapy"] == found["xray_stability"] == DAY + timedelta(days=7)
    assert found["discharge"] == DAY + timedelta(days=28)
    assert found["discharge"] is not None
    assert found["aftercare"] == found["discharge"] + timedelta(days=7)


def test_moving_the_operation_moves_what_hangs_on_it_and_nothing_that_is_done_or_fixed() -> None:
    fixed = date(2026, 12, 30)
    rows = dated(
        admission={"status": way.DONE, "done_on": date(2026, 11, 18)}, discharge={"fixed": True, "due_on": fixed},
        aftercare={"due_on": fixed + timedelta(days=7)},
    )  # fmt: skip
    before = days(rows)
    moved = way.follow(rows, "operation", DAY + timedelta(days=7), TODAY, no_sunday)
    assert set(moved) == {"ready", "physiotherapy", "xray_stability"}
    assert moved["physiotherapy"] == DAY + timedelta(days=14)
    put(rows, moved)
    assert (rows[-2].due_on, rows[-1].due_on) == (fixed, before["aftercare"])


def test_no_step_is_planned_in_the_past_or_on_a_closed_day() -> None:
    moved = way.follow(dated(), "operation", TODAY + timedelta(days=2), TODAY, no_sunday)
    assert moved["admission"] == TODAY
    sunday = date(2026, 11, 29) - timedelta(days=7)
    assert way.follow(dated(), "operation", sunday, TODAY, no_sunday)["physiotherapy"] == date(2026, 11, 30)


def test_an_operation_that_was_done_moves_only_what_comes_after_it() -> None:
    rows = dated()
    moved = way.follow(rows, "operation", DAY + timedelta(days=1), TODAY, no_sunday, only_after=True)
    assert {"admission", "myelography", "ready"}.isdisjoint(moved)
    assert {"physiotherapy", "xray_stability", "discharge", "aftercare"} <= moved.keys()


def test_without_a_day_of_the_operation_nothing_after_it_has_one() -> None:
    rows = template()
    first = way.follow(rows, way.DECISION, TODAY, TODAY, no_sunday)
    assert set(first) == {"visit", "imaging", "agreed"}
    assert first["agreed"] == TODAY + timedelta(days=7)
    postponed = way.follow(dated(), "operation", None, TODAY, no_sunday)
    assert postponed["discharge"] is None
    assert postponed["aftercare"] is None


@given(
    st.dates(date(2026, 11, 10), date(2028, 11, 10)),
    st.sampled_from(sorted(knowledge.load().flow.pathways.templates)),
)
def test_whatever_day_is_chosen_no_step_comes_before_what_it_needs(day: date, name: str) -> None:
    rows = template(name)
    operation = way.marked(rows, way.OPERATION)
    assert operation is not None
    operation.due_on = no_sunday(day)
    put(rows, way.follow(rows, way.DECISION, TODAY, TODAY, no_sunday))
    for row in rows:  # the steps that hang on the decision are done in good time
        if row.anchor == way.DECISION:
            row.status, row.done_on = way.DONE, TODAY
    put(rows, way.follow(rows, operation.name, operation.due_on, TODAY, no_sunday))
    if operation.due_on - TODAY > timedelta(days=60):
        assert [alarm for alarm in way.alarms(rows, TODAY, 3) if alarm.kind == way.CLASH] == []
    assert all(row.due_on is None or row.due_on >= TODAY for row in rows)


# What blocks, what is late, what is an alarm


def test_a_missing_myelography_blocks_being_ready() -> None:
    settled = {name: {"status": way.DONE} for name in ("imaging", "agreed", "admission", "explanation", "rest")}
    rows = dated(**settled)
    ready = way.marked(rows, way.READY)
    assert ready is not None
    assert way.missing(rows, ready) == ["myelography"]
    next(row for row in rows if row.name == "myelography").status = way.OMITTED
    assert way.missing(rows, ready) == []


@pytest.mark.parametrize(("late", "expected"), [(0, 0), (7, 0), (8, 8)])
def test_a_step_is_late_only_after_its_grace(late: int, expected: int) -> None:
    row = Row("aftercare", due_on=TODAY, grace=7)
    assert way.days_late(row, TODAY + timedelta(days=late)) == expected


def test_a_step_that_is_done_is_never_late() -> None:
    assert way.days_late(Row("visit", due_on=TODAY, status=way.DONE), TODAY + timedelta(days=99)) == 0


def kinds(rows: list[Row], today: date) -> list[tuple[str, str]]:
    return [(alarm.kind, alarm.name) for alarm in way.alarms(rows, today, 3)]


def test_an_operation_that_is_near_and_lacks_something_that_should_be_done_is_an_alarm() -> None:
    done = {name: {"status": way.DONE, "done_on": TODAY} for name in ("visit", "imaging", "agreed", "admission")}
    rows = dated(**done)
    assert kinds(rows, DAY - timedelta(days=4)) == []
    assert kinds(rows, DAY - timedelta(days=3))[0] == (way.NOT_READY, "ready")
    assert (way.LATE, "myelography") in kinds(rows, DAY - timedelta(days=3))


def test_on_the_day_itself_who_is_not_ready_is_an_alarm_in_any_case() -> None:
    done = {row.name: {"status": way.DONE, "done_on": TODAY} for row in template() if row.name != "ready"}
    rows = dated(**{name: value for name, value in done.items() if name != "operation"})
    assert kinds(rows, DAY - timedelta(days=1)) == []
    assert (way.NOT_READY, "ready") in kinds(rows, DAY)


def test_a_step_fixed_before_what_it_needs_is_an_alarm() -> None:
    rows = dated(explanation={"fixed": True, "due_on": date(2026, 11, 12)})
    assert (way.CLASH, "explanation") in kinds(rows, TODAY)


@pytest.mark.parametrize(
    ("name", "done", "expected"),
    [
        ("fusion", (), way.BEFORE),
        ("fusion", ("admission",), way.INSIDE),
        ("fusion", ("admission", "operation"), way.INSIDE),
        ("fusion", ("admission", "operation", "discharge"), way.AFTER),
        ("day_case", (), way.BEFORE),
        ("day_case", ("operation",), way.AFTER),
    ],
)
def test_where_the_patient_is_on_the_way(name: str, done: tuple[str, ...], expected: str) -> None:
    rows = template(name)
    for row in rows:
        row.status = way.DONE if row.name in done else way.OPEN
    assert way.phase(rows) == expected
