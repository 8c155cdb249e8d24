"""What stands on a paper slip is read as people write it, and refused where it cannot be."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain import late

NOW = datetime(2026, 11, 22, 2, 40, 30, tzinfo=UTC)  # 11:40:30 in Nara
MOMENTS = st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["1012", "10:12", "１０：１２", "10時12分", " 10.12 "])
def test_a_time_is_read_as_people_write_it(text: str) -> None:
    assert late.read_time(text) == time(10, 12)


@pytest.mark.parametrize("text", ["", "25:00", "10:60", "ten", "10", "10:12:13", "-1012"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert late.read_time(text) is None


@pytest.mark.parametrize(
    ("text", "ticket"), [("D003", "D003"), ("d3", "D003"), ("３", "D003"), ("Ｄ０４２", "D042"), ("999", "D999")]
)
def test_the_number_of_a_paper_slip_is_read_in_any_width(text: str, ticket: str) -> None:
    assert late.paper_ticket(text) == ticket


@pytest.mark.parametrize("text", ["", "D000", "A003", "D1000", "D", "D-1", "D0x3"])
def test_a_number_that_no_slip_bears_is_none(text: str) -> None:
    assert late.paper_ticket(text) is None


def test_a_time_alone_means_today_on_the_sites_clock() -> None:
    nara = ZoneInfo("Asia/Tokyo")
    assert late.moment(time(10, 12), None, nara, NOW) == datetime(2026, 11, 22, 1, 12, tzinfo=UTC)
    just_after_midnight = datetime(2026, 11, 21, 15, 20, tzinfo=UTC)
    assert late.moment(time(23, 50), None, nara, just_after_midnight) > just_after_midnight  # refused: give the day


@given(happened=MOMENTS, entered=MOMENTS, after=MOMENTS)
def test_only_what_lies_between_the_last_step_and_now_and_not_too_far_back_can_be_entered(
    happened: datetime, entered: datetime, after: datetime
) -> None:
    code = late.refusal(happened, entered, after)
    fits = after - timedelta(minutes=1) < happened < entered + timedelta(minutes=1)
    if not code:
        assert fits
        assert entered - happened <= late.LONGEST
    elif code == "late_future":
        assert happened > entered
    elif code == "late_too_old":
        assert entered - happened > timedelta(days=3)
    else:
        assert happened < after


def test_the_minute_of_the_last_step_itself_is_not_before_it() -> None:
    arrived = NOW.replace(second=50)
    assert late.refusal(NOW.replace(second=0), NOW, arrived) == ""
    assert late.refusal(NOW - timedelta(minutes=1), NOW, arrived) == "late_before_step"
