"""The steps of a transfer to the receiving hospital, and which times they may carry."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from triage.domain.dates import minute

STEPS = ("called", "accepted", "left")


def refusal(step: str, at: datetime, noted: Mapping[str, datetime | None], arrived: datetime, now: datetime) -> str:
    """Return the code of the message why this step may not carry this time; "" when it may.

    The steps follow each other: nobody leaves for a hospital that has not accepted.
    """
    place = STEPS.index(step)
    if any(noted[name] is None for name in STEPS[:place]):
        return "steps_in_order"
    if not minute(arrived) <= minute(at) <= minute(now):
        return "time_outside"
    earlier = [minute(moment) for name in STEPS[:place] if (moment := noted[name]) is not None]
    later = [minute(moment) for name in STEPS[place + 1 :] if (moment := noted[name]) is not None]
    in_order = all(m <= minute(at) for m in earlier) and all(minute(at) <= m for m in later)
    return "" if in_order else "time_order"


def latest(clock_time: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the latest moment, not in the future, at which the site's clock showed this time."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), clock_time, zone)
    return today if today <= now else datetime.combine(local.date() - timedelta(days=1), clock_time, zone)
