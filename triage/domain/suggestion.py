"""What the rules advise: acuity, route, imaging, actions, the reasons, and what is still unknown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One rule that fired: its text in both languages, its sources, and the findings that fired it.

    used: the value that each of these findings had.
    """

    rule: str
    text: Mapping[str, str]
    sources: tuple[str, ...]
    facts: tuple[str, ...]
    url: str = ""
    used: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Return the ids of the sources as one text."""
        return ", ".join(self.sources)

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the reason as JSON values, its text in the language."""
        return {
            "rule": self.rule,
            "text": self.text.get(lang, self.text["en"]),
            "source": self.source,
            "url": self.url,
            "facts": list(self.facts),
            "used": dict(self.used),
            "texts": dict(self.text),
            "sources": list(self.sources),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Reason":
        """Return the reason that as_dict wrote."""
        return cls(
            data["rule"], dict(data["texts"]), tuple(data["sources"]), tuple(data["facts"]), data.get("url", ""),
            dict(data.get("used", {})),  # decisions made before the values were kept have none
        )  # fmt: skip


@dataclass(frozen=True)
class Suggestion:
    """The rules' advice for one set of findings; level is 1 (at once) to 5.

    unknown: every unanswered finding that could still change acuity or route. ask: the fewest questions to settle it.
    """

    acuity: str
    level: int
    route: str
    imaging: tuple[str, ...]
    actions: tuple[str, ...]
    reasons: tuple[Reason, ...]
    unknown: tuple[str, ...]
    provisional: bool
    ruleset: str
    ruleset_hash: str
    ask: tuple[str, ...] = ()

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the suggestion as JSON values, texts in the language; from_dict reads it back."""
        return {
            "acuity": self.acuity,
            "level": self.level,
            "route": self.route,
            "imaging": list(self.imaging),
            "actions": list(self.actions),
            "reasons": [reason.as_dict(lang) for reason in self.reasons],
            "unknown": list(self.unknown),
            "ask": list(self.ask),
            "provisional": self.provisional,
            "ruleset": self.ruleset,
            "ruleset_hash": self.ruleset_hash,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Suggestion":
        """Return the suggestion that as_dict wrote."""
        return cls(
            data["acuity"],
            data["level"],
            data["route"],
            tuple(data["imaging"]),
            tuple(data["actions"]),
            tuple(Reason.from_dict(reason) for reason in data["reasons"]),
            tuple(data["unknown"]),
            data["provisional"],
            data["ruleset"],
            data["ruleset_hash"],
            tuple(data.get("ask", ())),  # decisions made before the questions were put in order have none
        )
