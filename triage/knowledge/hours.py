"""The hours that come with the program and what can be booked in them, as the program reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from triage.domain.appointments import SURGEON
from triage.domain.hours import WEEKDAYS, Opening, Week
from triage.knowledge import building as b
from triage.knowledge import schema
from triage.knowledge import types as t
from triage.knowledge.checks import known, unique
from triage.knowledge.reading import Document


@dataclass(frozen=True, kw_only=True)
class AppointmentKind(t.Labelled):
    """What can be booked, for how many minutes; with: a surgeon, or the modality whose machine it needs.

    names_procedure: says too which of the procedures that are possible without admission.
    """

    minutes: int
    with_: str
    names_procedure: bool = False


@dataclass(frozen=True, kw_only=True)
class Hours:
    """The week in force until the administrator gives another; slots, kinds of appointments, coded reasons."""

    week: Week
    slot_minutes: int
    kinds: Mapping[str, AppointmentKind]
    cancel_reasons: Mapping[str, t.Labelled]
    skip_reasons: Mapping[str, t.Labelled]
    close_reasons: Mapping[str, t.Labelled]
    absence_reasons: Mapping[str, t.Labelled]
    kept_per_hour: int


def build(document: Document, raw: schema.Knowledge) -> Hours:
    """Return the hours; raises KnowledgeError for what occurs twice, is not there, or does not fit into slots."""
    return Hours(
        week=_week(document, raw),
        slot_minutes=raw.slots.minutes,
        kinds=b.by_id(_kinds(document, raw)),
        cancel_reasons=b.by_id(b.labelled(raw.cancel_reason)),
        skip_reasons=b.by_id(b.labelled(raw.skip_reason)),
        close_reasons=b.by_id(b.labelled(raw.close_reason)),
        absence_reasons=b.by_id(b.labelled(raw.absence_reason)),
        kept_per_hour=raw.slots.kept_per_hour,
    )


def _week(document: Document, raw: schema.Knowledge) -> Week:
    days: dict[str, Opening] = {}
    for index, entry in enumerate(raw.opening):
        known(document, "opening", index, "source", [entry.source], [source.id for source in raw.source])
        if entry.opens >= entry.closes:
            raise document.fault("opening", index, "closes: not later than opens")
        for name in entry.weekdays:
            if name in days:
                raise document.fault("opening", index, f"weekdays: {name} has hours already")
            days[name] = Opening(entry.opens, entry.closes)
    return tuple(days.get(name) for name in WEEKDAYS)


def _kinds(document: Document, raw: schema.Knowledge) -> Iterator[AppointmentKind]:
    unique(document, "appointment_kind", [entry.id for entry in raw.appointment_kind])
    machines = {modality.id: modality.on_site for modality in raw.modality}
    for index, entry in enumerate(raw.appointment_kind):
        known(document, "appointment_kind", index, "with", [entry.with_], [SURGEON, *machines])
        if entry.minutes % raw.slots.minutes:
            raise document.fault("appointment_kind", index, f"minutes: no multiple of {raw.slots.minutes}")
        if machines.get(entry.with_, True):  # what needs a machine that is not here cannot be booked here
            yield AppointmentKind(
                id=entry.id, text=b.text(entry.label), minutes=entry.minutes, with_=entry.with_,
                names_procedure=entry.names_procedure,
            )  # fmt: skip
