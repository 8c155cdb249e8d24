"""What was noted on paper while the system was away, and is entered later: which times it may carry, which tickets."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from triage.domain.dates import minute

#: Nobody enters from paper what is older than this; it belongs in the paper record.
LONGEST = timedelta(days=3)
#: The letter of the tickets on the pad of paper slips; the system itself never gives one out.
PAPER = "D"
_TICKET = re.compile(rf"{PAPER}?0*([1-9][0-9]{{0,2}})", re.ASCII)
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.時]?([0-5][0-9])分?", re.ASCII)


def refusal(happened: datetime, entered: datetime, after: datetime | None = None) -> str:
    """Return the code of the message why nothing can be entered late at this moment; "" when it can.

    ``after`` is what it must follow: the last step of the visit that is recorded.
    """
    if minute(happened) > minute(entered):
        return "late_future"
    if entered - happened > LONGEST:
        return "late_too_old"
    return "late_before_step" if after and minute(happened) < minute(after) else ""


def paper_ticket(text: str) -> str | None:
    """Return the number of a paper slip as D001 to D999 ("d3", "3" and full width are read too), None for no such."""
    found = _TICKET.fullmatch(_plain(text).upper())
    return f"{PAPER}{int(found[1]):03d}" if found else None


def next_ticket(ticket: str) -> str | None:
    """Return the number of the slip that follows on the pad, None where there is none."""
    if not ticket.startswith(PAPER) or paper_ticket(ticket) is None:
        return None
    return paper_ticket(str(int(ticket[1:]) + 1))


def read_time(text: str) -> time | None:
    """Return the time that the text says: 10:12, 1012, 10時12分; None when it says none."""
    found = _TIME.fullmatch(_plain(text))
    return time(int(found[1]), int(found[2])) if found else None


def moment(clock_time: time, day: date | None, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the moment at which the site's clock showed this time, on this day or today."""
    return datetime.combine(day or now.astimezone(zone).date(), clock_time, zone)


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
