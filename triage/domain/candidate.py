"""One treatment as the surgeon sees it: what speaks for it and against it, what is unknown, what has to come first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Point:
    """One criterion as it stands: state "met", "not_met" or "unknown"; facts are the findings behind that state."""

    id: str
    kind: str
    state: str
    text: Mapping[str, str]
    facts: tuple[str, ...]
    sources: tuple[str, ...]
    url: str = ""
    status: str = ""

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the point as JSON values, its text in the language."""
        return {
            "id": self.id, "kind": self.kind, "state": self.state, "text": self.text.get(lang, self.text["en"]),
            "texts": dict(self.text), "facts": list(self.facts), "sources": list(self.sources), "url": self.url,
            "status": self.status,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Point":
        """Return the point that as_dict wrote."""
        names = ("id", "kind", "state", "texts", "facts", "sources", "url", "status")
        identity, kind, state, text, facts, sources, url, status = (data[name] for name in names)
        return cls(identity, kind, state, dict(text), tuple(facts), tuple(sources), url, status)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What another reading of an ambiguous sentence would give: its text and the verdict under it."""

    definition: str
    reading: str
    text: Mapping[str, str]
    verdict: str


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One treatment with everything that speaks for it, against it, or is unknown.

    verdict: "for", "against", "unknown" or "surgeon" (no source gives an indication).
    """

    procedure: str
    short: Mapping[str, str]
    label: Mapping[str, str]
    verdict: str
    for_: tuple[Point, ...] = ()
    against: tuple[Point, ...] = ()
    unknown: tuple[Point, ...] = ()
    prerequisites: tuple[Point, ...] = ()
    note: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    other_readings: tuple[Reading, ...] = ()

    def counts(self) -> tuple[int, int, int]:
        """Return how many points speak for it, against it, and are unknown, prerequisites among them."""
        states = [point.state for point in self.prerequisites]
        spoken = (len(self.for_), len(self.against), len(self.unknown))
        found = tuple(n + states.count(s) for n, s in zip(spoken, ("met", "not_met", "unknown"), strict=True))
        return found[0], found[1], found[2]

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the candidate as JSON values, texts in the language; from_dict reads it back."""
        groups = {"for": self.for_, "against": self.against, "unknown": self.unknown}
        return {
            "procedure": self.procedure, "label": self.label.get(lang, self.label["en"]), "labels": dict(self.label),
            "short": dict(self.short), "verdict": self.verdict,
            **{name: [p.as_dict(lang) for p in points] for name, points in groups.items()},
            "prerequisites": [point.as_dict(lang) for point in self.prerequisites],
            "note": self.note.get(lang, ""), "notes": dict(self.note), "sources": list(self.sources),
            "other_readings": [
                {"definition": r.definition, "reading": r.reading, "text": r.text.get(lang, r.text["en"]),
                 "texts": dict(r.text), "verdict": r.verdict} for r in self.other_readings
            ],
        }  # fmt: skip

    def kept(self) -> dict[str, Any]:
        """Return as_dict without what it says twice, to be kept with a decision; from_dict reads it back."""
        lean: dict[str, Any] = _without(self.as_dict(), ("text", "label", "note"))
        return lean

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Candidate":
        """Return the candidate that as_dict wrote."""
        for_, against, unknown, needed = (
            tuple(Point.from_dict(point) for point in data[name])
            for name in ("for", "against", "unknown", "prerequisites")
        )
        readings = tuple(
            Reading(definition=r["definition"], reading=r["reading"], text=dict(r["texts"]), verdict=r["verdict"])
            for r in data["other_readings"]
        )
        return cls(
            procedure=data["procedure"], short=dict(data["short"]), label=dict(data["labels"]),
            verdict=data["verdict"], for_=for_, against=against, unknown=unknown, prerequisites=needed,
            note=dict(data["notes"]), sources=tuple(data["sources"]), other_readings=readings,
        )  # fmt: skip


def _without(data: Any, names: tuple[str, ...]) -> Any:
    if isinstance(data, dict):
        return {name: _without(value, names) for name, value in data.items() if name not in names}
    return [_without(value, names) for value in data] if isinstance(data, list) else data
