"""When an emergency that nobody answers for alerts more people."""

from datetime import datetime, timedelta

#: An emergency that is not acknowledged for this long alerts the lead nurse and the surgeons.
ACKNOWLEDGE_LIMIT = timedelta(minutes=2)


def escalated(opened_at: datetime, acknowledged_at: datetime | None, now: datetime) -> bool:
    """Tell whether nobody has acknowledged the emergency within 2 minutes of its opening."""
    return acknowledged_at is None and now - opened_at >= ACKNOWLEDGE_LIMIT
