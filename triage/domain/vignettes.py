"""Cases whose right answer is published or written down, and how a ruleset does on them, class by class."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from triage.domain.ruleset import Ruleset
from triage.domain.simulation import Advice, Tally, advise, compare


@dataclass(frozen=True, kw_only=True)
class Vignette:
    """One case: the expected acuity, the acuities and routes that may be accepted, the routes that are unsafe."""

    id: str
    findings: Mapping[str, object]
    expected: str
    acuities: tuple[str, ...]
    routes: tuple[str, ...]
    unsafe: tuple[str, ...]
    note: str


@dataclass
class Score:
    """How many cases of one class there are, are answered acceptably, unsafely, too urgently, not urgently enough."""

    cases: int = 0
    accepted: int = 0
    unsafe: int = 0
    over: int = 0
    under: int = 0

    def add(self, case: Vignette, got: Advice, order: Sequence[str]) -> None:
        """Count one case. order: the acuities, the most urgent first."""
        mine, accepted = order.index(got.acuity), [order.index(name) for name in case.acuities]
        self.cases += 1
        self.accepted += got.acuity in case.acuities and got.route in case.routes
        self.unsafe += got.route in case.unsafe
        self.over += mine < min(accepted)
        self.under += mine > max(accepted)


@dataclass(frozen=True)
class Trial:
    """Both rulesets on the vignettes: scores per expected acuity, what changes, and what must not be.

    missed: emergencies that the draft does not call one. unsafe: cases that the draft sends on an unsafe route.
    """

    before: Mapping[str, Score]
    after: Mapping[str, Score]
    tally: Tally
    missed: tuple[str, ...]
    unsafe: tuple[str, ...]

    @property
    def lost(self) -> tuple[str, ...]:
        """Return every case in which the draft would not see an emergency that is one."""
        return tuple(sorted({*self.missed, *(change.case for change in self.tally.lost)}))

    def as_dict(self) -> dict[str, Any]:
        """Return the trial as JSON values; from_dict reads it back."""
        scores = {name: {c: asdict(s) for c, s in getattr(self, name).items()} for name in ("before", "after")}
        return {**scores, "tally": self.tally.as_dict(), "missed": list(self.missed), "unsafe": list(self.unsafe)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Trial":
        """Return the trial that as_dict wrote."""
        before, after = ({c: Score(**s) for c, s in data[name].items()} for name in ("before", "after"))
        return cls(before, after, Tally.from_dict(data["tally"]), tuple(data["missed"]), tuple(data["unsafe"]))


def try_out(now: Ruleset, draft: Ruleset, cases: Sequence[Vignette], order: Sequence[str]) -> Trial:
    """Return how both rulesets do on the cases. order: the acuities, the most urgent first."""
    answers = {case.id: advise(draft, case.findings) for case in cases}
    return Trial(
        scores(now, cases, order),
        scores(draft, cases, order),
        compare(now, draft, ((case.id, case.findings) for case in cases)),
        tuple(case.id for case in cases if _must_be(case, order[0]) and not answers[case.id].is_emergency),
        tuple(case.id for case in cases if answers[case.id].route in case.unsafe),
    )


def scores(ruleset: Ruleset, cases: Iterable[Vignette], order: Sequence[str]) -> dict[str, Score]:
    """Return the score per expected acuity, the most urgent first."""
    found = {name: Score() for name in order}
    for case in cases:
        found[case.expected].add(case, advise(ruleset, case.findings), order)
    return found


def _must_be(case: Vignette, acuity: str) -> bool:
    return set(case.acuities) == {acuity}
