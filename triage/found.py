"""A row of the list of patients found as HTML, kept as the board's rows are: by all that it shows and who may do what.

The same eight people are looked up again and again: by the desk, by the next letter that is typed, by the next page.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from flask import request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from triage import clock, web
from triage.domain.dates import in_era
from triage.rows import CUT, drawn, joined
from triage.services.lookup import Found, Person, Visit

#: Rows kept in each process, one kB each.
KEPT = 1024


@dataclass(frozen=True)
class Reader:
    """What of the reader decides how a row looks: language, the day there, permission, and where the links begin."""

    locale: str
    zone: str
    today: date
    may_check_in: bool
    root: str

    @classmethod
    def now(cls) -> "Reader":
        """Return what the signed-in person is now."""
        who, today = web.actor(), clock.now().astimezone(web.zone()).date()
        return cls(web.locale(), who.time_zone, today, who.may("encounters:check_in"), request.script_root)


def rows(found: Found) -> Markup:
    """Return the rows of all who were found; each button that checks somebody in has a key of its own."""
    reader, token, key = Reader.now(), generate_csrf(), secrets.token_urlsafe(12)
    pieces = list[str]()
    for number, person in enumerate(found.patients):
        start, *asks = _parts(person, found.here.get(person.id), found.last_seen.get(person.id), reader)
        pieces += (start, token, asks[0], f"{key}-{number}", asks[1]) if asks else (start,)
    return joined(*pieces)


@lru_cache(maxsize=KEPT)
def _parts(person: Person, visit: Visit | None, seen: datetime | None, reader: Reader) -> list[Markup]:
    values = {
        "patient": person, "visit": visit, "seen": seen, "reader": reader, "in_era": in_era, "cut": CUT,
    }  # fmt: skip
    may_ask = visit is None and reader.may_check_in
    return drawn("patients/_found_row.html", reader.locale, values, 3 if may_ask else 1)
