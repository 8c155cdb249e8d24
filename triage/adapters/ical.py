"""Appointments as a calendar that other programs subscribe to (RFC 5545), written by the package that keeps it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event


@dataclass(frozen=True)
class Entry:
    """One appointment as a calendar shows it; nothing in it names a patient."""

    id: str
    starts_at: datetime
    minutes: int
    summary: str
    url: str
    location: str
    changes: int
    changed_at: datetime
    cancelled: bool = False


def write(name: str, entries: Iterable[Entry]) -> bytes:
    """Return the calendar; a cancelled entry stays in it as cancelled, so that programs remove what they hold."""
    calendar = Calendar()
    for key, value in (("prodid", "-//Spine Triage//Appointments//EN"), ("version", "2.0"), ("method", "PUBLISH")):
        calendar.add(key, value)
    calendar.add("x-wr-calname", name)
    for entry in entries:
        calendar.add_component(_event(entry))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", f"{entry.id}@spine-triage")
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.starts_at + timedelta(minutes=entry.minutes))
    event.add("sequence", entry.changes)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("summary", entry.summary)
    event.add("location", entry.location)
    event.add("url", entry.url)
    return event
