"""The wait shown to the waiting room: a range of what was, never a promise, and nothing where too few were seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.waits import FEWEST, LATEST, STEP, Range, estimate

minutes = st.floats(0, 600)


@pytest.mark.parametrize("done", [[], [12.0], [10.0] * (FEWEST - 1)])
def test_too_few_are_no_estimate(done: list[float]) -> None:
    assert estimate(done, [90.0] * 9) is None


def test_the_range_is_the_middle_half_rounded_outwards() -> None:
    assert estimate([3, 22, 24, 31, 38, 95], []) == Range(20, 40)


def test_one_who_waited_for_hours_does_not_stretch_it_for_all() -> None:
    assert estimate([10.0] * 19 + [240.0], []) == Range(10, 15)


def test_only_the_latest_count() -> None:
    morning, now = [120.0] * 30, [12.0] * LATEST
    assert estimate(morning + now, []) == estimate(now, [])


def test_when_half_of_those_still_waiting_wait_longer_the_range_says_so() -> None:
    assert estimate([10.0] * 10, [5.0, 48.0, 52.0]) == Range(10, 50)
    assert estimate([10.0] * 10, [5.0, 6.0, 90.0]) == Range(10, 15)


@given(st.lists(minutes, min_size=FEWEST, max_size=60), st.lists(minutes, max_size=60))
def test_a_range_is_always_one_in_whole_steps(done: list[float], waiting: list[float]) -> None:
    found = estimate(done, waiting)
    assert found
    assert 0 <= found.low < found.high
    assert found.low % STEP == found.high % STEP == 0
    ordered = sorted(done[-LATEST:])
    assert found.low <= ordered[len(ordered) // 2] <= found.high
