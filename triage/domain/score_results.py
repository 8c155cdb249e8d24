"""What a score says: the total or the range that is still possible, its band, and what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from triage.domain.conditions import Condition


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """One band of a score: totals up to ``most``, or those for which ``when`` holds; the last one takes the rest.

    tone: how loud it is shown. says: the condition as it is written.
    """

    text: Mapping[str, str]
    means: Mapping[str, str]
    tone: str = "neutral"
    least: int | None = None
    most: int | None = None
    when: Condition | None = None
    says: str = ""

    def holds(self, total: float, names: Mapping[str, Any]) -> bool:
        """Say whether the total, with the sums of the groups by name, lies in the band."""
        if self.when is not None:
            return self.when.test(names) is True
        return self.most is None or total <= self.most

    def label(self, lang: str = "en") -> str:
        """Return the name of the band in the language."""
        return said(self.text, lang)

    def meaning(self, lang: str = "en") -> str:
        """Return what the band means, in the language."""
        return said(self.means, lang)

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the band as JSON values, its texts in the language."""
        return {"label": self.label(lang), "means": self.meaning(lang)}


@dataclass(frozen=True)
class Part:
    """One settled part of a score, or one typed value; value None where it is not known."""

    id: str
    text: Mapping[str, str]
    value: float | None

    def label(self, lang: str = "en") -> str:
        """Return the label in the language."""
        return said(self.text, lang)


@dataclass(frozen=True, kw_only=True)
class ScoreResult:
    """One score on one set of findings.

    total: the one possible total, else None; least, most: the totals that are possible. band: where every possible
    total lies in the same one. settled, open: counts of items. typed, computed: both where both are known;
    disagrees: they contradict each other, and the worse one counts.
    """

    score: Any
    total: float | None
    least: float | None
    most: float | None
    band: Band | None
    possible: tuple[Band, ...]
    missing: tuple[str, ...]
    settled: int
    open: int
    typed: float | None
    computed: float | None
    disagrees: bool
    parts: tuple[Part, ...]
    is_begun: bool

    @property
    def is_telling(self) -> bool:
        """Say whether the score says something by now: its total or band is known, or half of it is answered."""
        is_known = self.total is not None or self.band is not None or bool(self.score.values)
        return self.is_begun and (is_known or self.settled >= self.open)

    @property
    def is_notable(self) -> bool:
        """Say whether the score speaks for something, or contradicts itself."""
        return self.disagrees or (self.band is not None and self.band.tone != "neutral")

    def copyright(self, lang: str = "en") -> str:
        """Return the statement that must stand wherever the score is shown, "" where none must."""
        return said(self.score.copyright, lang) if self.score.copyright else ""

    def note(self, lang: str = "en") -> str:
        """Return the remark on the score in the language, "" where there is none."""
        return said(self.score.note, lang) if self.score.note else ""

    def label(self, lang: str = "en") -> str:
        """Return the name of the score in the language."""
        return str(self.score.label(lang))

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the result as JSON values, texts in the language."""
        score = self.score
        return {
            "id": score.id,
            "name": self.label(lang),
            "total": self.total,
            "least": self.least,
            "most": self.most,
            "of": {"minimum": score.minimum, "maximum": score.maximum},
            "band": self.band.as_dict(lang) if self.band else None,
            "possible": [band.label(lang) for band in self.possible],
            "missing": list(self.missing),
            "open": self.open,
            "typed": self.typed,
            "computed": self.computed,
            "disagrees": self.disagrees,
            "parts": {part.id: part.value for part in self.parts},
            "sources": list(score.sources),
            "status": score.status,
            "licence": said(score.licence, lang),
            "copyright": self.copyright(lang),
            "note": self.note(lang),
        }


def said(text: Mapping[str, str], lang: str) -> str:
    """Return the text in the language, English when the language is not Japanese."""
    return text["ja" if str(lang).startswith("ja") else "en"]
