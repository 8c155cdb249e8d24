"""The times of a transfer: in order, between the arrival and now, read off the clinic's clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from triage.domain.transfers import latest, refusal

ARRIVED = datetime(2026, 11, 21, 0, 30, 40, tzinfo=UTC)
NOW = ARRIVED + timedelta(minutes=30)
NOTHING: dict[str, datetime | None] = {"called": None, "accepted": None, "left": None}


def after(minutes: int) -> datetime:
    return ARRIVED + timedelta(minutes=minutes)


@pytest.mark.parametrize("step", ["accepted", "left"])
def test_nobody_leaves_for_a_hospital_that_was_not_called_and_has_not_accepted(step: str) -> None:
    assert refusal(step, NOW, NOTHING, ARRIVED, NOW) == "steps_in_order"
    assert refusal("left", NOW, NOTHING | {"called": after(1)}, ARRIVED, NOW) == "steps_in_order"


def test_a_time_lies_between_the_arrival_and_now_to_the_minute() -> None:
    assert refusal("called", after(-2), NOTHING, ARRIVED, NOW) == "time_outside"
    assert refusal("called", after(32), NOTHING, ARRIVED, NOW) == "time_outside"
    assert refusal("called", ARRIVED.replace(second=0), NOTHING, ARRIVED, NOW) == ""


def test_the_times_follow_each_other_also_when_one_is_corrected() -> None:
    noted = NOTHING | {"called": after(5), "accepted": after(10)}
    assert refusal("accepted", after(4), noted, ARRIVED, NOW) == "time_order"
    assert refusal("called", after(11), noted, ARRIVED, NOW) == "time_order"
    assert refusal("called", after(9), noted, ARRIVED, NOW) == ""


def test_a_typed_time_is_the_last_one_on_the_sites_clock_also_after_midnight() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    now = datetime(2026, 11, 21, 0, 5, tzinfo=tokyo)
    assert latest(time(0, 4), tokyo, now) == now - timedelta(minutes=1)
    assert latest(time(23, 58), tokyo, now) == now - timedelta(minutes=7)
