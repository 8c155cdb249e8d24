"""An examination that waits for a scanner, in the words of DICOM."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from triage.domain.imaging import FRESH
from triage.domain.romaji import romaji

#: How soon it is wanted -> Requested Procedure Priority (0040,1003).
PRIORITIES = {"routine": "ROUTINE", "urgent": "HIGH", "asap": "HIGH", "stat": "STAT"}
#: What the order is -> Scheduled Procedure Step Status (0040,0020): ready is whom the radiographer has checked.
STATUS = {"ordered": "SCHEDULED", "started": "READY"}
#: Pregnancy Status (0010,21C0).
NOT_PREGNANT, POSSIBLY_PREGNANT, UNKNOWN_IF_PREGNANT = 1, 2, 4


@dataclass(frozen=True)
class Person:
    """A name in the parts in which it is kept."""

    family: str = ""
    given: str = ""
    family_kana: str = ""
    given_kana: str = ""

    @cached_property
    def groups(self) -> tuple[str, str, str]:
        """Return the alphabetic, the ideographic and the phonetic group; "" where there is none, never a guess."""
        kana = _group(self.family_kana, self.given_kana)
        own = _group(self.family, self.given)
        if own.isascii():
            return own or _group(romaji(self.family_kana), romaji(self.given_kana)), "", kana
        if self.is_accented:
            return _group(romaji(self.family), romaji(self.given)), "", kana
        return _group(romaji(self.family_kana), romaji(self.given_kana)), own, kana

    @property
    def is_accented(self) -> bool:
        """Tell whether the name is written in Latin letters, not all of them plain ones."""
        own = self.family + self.given
        return not own.isascii() and re.fullmatch(r"[\u0000-\u024f\u1e00-\u1eff]+", own) is not None


def _group(family: str, given: str) -> str:
    parts = [re.sub(r"[\\^=\s]+", " ", part).strip() for part in (family, given)]
    return "^".join(parts).rstrip("^")


@dataclass(frozen=True)
class Item:
    """One examination that waits for a scanner, as the scanner is told of it."""

    accession: str
    study_uid: str
    starts: datetime  # on the site's own clock
    station: str  # AE title
    modality: str  # DICOM's code
    number: str
    person: Person
    birth_date: date | None = None
    sex: str = ""
    procedure: str = ""
    loinc: str = ""
    meaning: str = ""  # what the LOINC code says
    step: str = ""
    priority: str = ""
    doctor: str = ""
    station_name: str = ""
    location: str = ""
    pregnancy: int | None = None  # DICOM's code
    alerts: str = ""
    allergies: str = ""
    mobility: str = ""
    reason: str = ""
    note: str = ""
    status: str = "SCHEDULED"


def pregnancy(sex: str, said: Mapping[str, str], now: datetime) -> int | None:
    """Return DICOM's code for what is known of a pregnancy; None of who is recorded male. Unknown is never no."""
    if sex == "male":
        return None
    if said.get("answer") == "yes":
        return POSSIBLY_PREGNANT
    at = said.get("at")
    fresh = said.get("answer") == "no" and at is not None and now - datetime.fromisoformat(at) <= FRESH
    return NOT_PREGNANT if fresh else UNKNOWN_IF_PREGNANT


def begins(booked: datetime | None, ordered: datetime, opens: datetime) -> datetime:
    """Return when an examination stands on the worklist: at its booked time, else when it was ordered.

    Never on a day that is over: what is still open then stands on today's list, from the opening on.
    """
    moment = booked or ordered
    return moment if moment.date() >= opens.date() else opens
