"""The patients of a large clinic, as rows: a few names are very common, most are rare."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import accumulate, product
from random import Random
from typing import Any, NamedTuple

from triage.db import new_id
from triage.demo.persons import AGES
from triage.demo.reading import many_names, read
from triage.domain import names
from triage.domain.access import Actor

Name = tuple[str, str]  # written, read


class _Bearer(NamedTuple):
    family: Name
    given: Name
    sex: str


class Names:
    """Draws names: family names after Zipf's law at the head, and many rare ones; given names by sex."""

    def __init__(self, rng: Random) -> None:
        self.rng, parts, listed = rng, many_names(), read().people
        self.families, weights = _families(listed["family"], parts)
        self.cumulated = list(accumulate(weights))
        self.given = {sex: [*map(tuple, listed[sex]), *_joined(parts, sex)] for sex in ("male", "female")}

    def draw(self, number: int) -> list[_Bearer]:
        """Return so many people's names, each with a sex."""
        families = self.rng.choices(self.families, cum_weights=self.cumulated, k=number)
        sexes = self.rng.choices(("male", "female"), k=number)
        return [_Bearer(f, self.rng.choice(self.given[s]), s) for f, s in zip(families, sexes, strict=True)]


def _families(listed: Sequence[Sequence[str]], parts: Mapping[str, Any]) -> tuple[list[Name], list[float]]:
    common: list[Name] = [(written, read_) for written, read_ in listed]
    rare = [name for name in _joined(parts, "family") if name not in common]
    head = [1 / (rank + 10) for rank in range(len(common))]
    share = parts["listed_share"]
    return [*common, *rare], [*(share * w / sum(head) for w in head), *((1 - share) / len(rare) for _ in rare)]


def _joined(parts: Mapping[str, Any], kind: str) -> list[Name]:
    pairs = product(parts[f"{kind}_first"], parts[f"{kind}_last"])
    return [(first[0] + last[0], first[1] + last[1]) for first, last in pairs if first[0] != last[0]]


@cache
def _keys(family: Name, given: Name) -> dict[str, str]:
    return names.keys(family[0], given[0], family[1], given[1])


def rows(rng: Random, actor: Actor, since: Sequence[datetime]) -> Iterator[dict[str, Any]]:
    """Yield the rows of as many patients as there are moments in ``since``, the n-th on file since the n-th."""
    drawn = Names(rng).draw(len(since))
    bearers = Counter(_full(bearer) for bearer in drawn)
    for n, bearer in enumerate(drawn):
        phone, born = rng.randrange(100_000_000), _born(rng, since[n].date())
        yield {
            "id": new_id(), "organisation_id": actor.organisation_id, "number": f"{n + 1:06d}", "sex": bearer.sex,
            "family_name": bearer.family[0], "given_name": bearer.given[0], "family_kana": bearer.family[1],
            "given_kana": bearer.given[1], **_keys(bearer.family, bearer.given), "birth_date": born,
            "phone": f"090-{phone // 10_000:04d}-{phone % 10_000:04d}", "same_name": bearers[_full(bearer)] > 1,
            "created_at": since[n], "updated_by": actor.name, "updated_at": since[n], "version": 1,
        }  # fmt: skip


def _full(bearer: _Bearer) -> tuple[str, str]:
    return bearer.family[0], bearer.given[0]


def _born(rng: Random, before: date) -> date:
    low, high, usual = AGES
    return before - timedelta(days=int(rng.triangular(low, high, usual) * 365.25))
