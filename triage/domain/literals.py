"""The single tests of which conditions are made, numbered as bits, with the values that pass them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from triage.domain.conditions import Fact, Unless, Values
from triage.domain.findings import Finding, refusal

Mask = int
_STEPS = (0, 1, -1, 0.1, -0.1)
_TRIALS = 64


def bits(mask: Mask) -> Iterator[int]:
    """Yield the numbers of the bits that are set, the lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def every_bit(mask: Mask) -> list[int]:
    """Return the numbers of the bits that are set; quicker than bits() where most of them are."""
    return [number for number, digit in enumerate(reversed(f"{mask:b}")) if digit == "1"]


@dataclass
class Literals:
    """Every distinct test on a finding (fact) and every exception (unless), each with its bit."""

    vocabulary: Mapping[str, Finding]
    entries: list[Fact | Unless] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    _witnesses: dict[Mask, Mapping[str, Any] | None] = field(default_factory=dict)

    def bit(self, entry: Fact | Unless) -> Mask:
        """Return the bit of the test, a new one for a test not seen before."""
        number = self.numbers.setdefault(entry.says, len(self.entries))
        if number == len(self.entries):
            self.entries.append(entry)
        return 1 << number

    def close(self) -> None:
        """Work out which tests imply each other, once all of them are known."""
        self.by_finding: dict[str, list[tuple[Mask, Fact]]] = {}
        self.exceptions: list[tuple[Mask, Unless]] = []
        for number, entry in enumerate(self.entries):
            if isinstance(entry, Fact):
                self.by_finding.setdefault(entry.name, []).append((1 << number, entry))
            else:
                self.exceptions.append((1 << number, entry))
        self.samples = {name: _samples(self.vocabulary[name], facts) for name, facts in self.by_finding.items()}
        self.implied = [1 << number for number in range(len(self.entries))]
        for name, facts in self.by_finding.items():
            for bit, fact in facts:
                passing = [v for v in self.samples[name] if fact.holds(v)]
                others = (o for o, other in facts if passing and all(other.holds(v) for v in passing))
                self.implied[bit.bit_length() - 1] |= sum(others)

    def closure(self, mask: Mask) -> Mask:
        """Return the mask with every test that it implies."""
        for number in bits(mask):
            mask |= self.implied[number]
        return mask

    def reduced(self, mask: Mask) -> Mask:
        """Return the mask without tests that another one in it implies."""
        for number in bits(mask):
            rest = mask & ~(1 << number)
            if self.closure(rest) & (1 << number):
                mask = rest
        return mask

    def facts(self, mask: Mask) -> Iterator[tuple[int, Fact]]:
        """Yield the facts in the mask with their numbers."""
        for number in bits(mask):
            entry = self.entries[number]
            if isinstance(entry, Fact):
                yield number, entry

    def entries_of(self, mask: Mask) -> list[Fact | Unless]:
        """Return the tests of the mask."""
        return [self.entries[number] for number in bits(mask)]

    def standing(self, values: Values) -> tuple[Mask, Mask]:
        """Return the tests that are passed and those that are failed; the rest is unknown."""
        passed = failed = 0
        for name, value in values.items():
            for bit, fact in self.by_finding.get(name, ()):
                verdict = fact.holds(value)
                if verdict:
                    passed |= bit
                elif verdict is False:
                    failed |= bit
        for bit, exception in self.exceptions:
            if exception.part.test(values) is True:
                failed |= bit
            else:
                passed |= bit
        return passed, failed

    def witness(self, mask: Mask) -> Mapping[str, Any] | None:
        """Return values that pass every test of the mask, None where there are none."""
        if mask not in self._witnesses:
            self._witnesses[mask] = self._find_witness(mask)
        return self._witnesses[mask]

    def _find_witness(self, mask: Mask) -> Mapping[str, Any] | None:
        facts: dict[str, list[Fact]] = {}
        for number in bits(mask):
            entry = self.entries[number]
            if isinstance(entry, Fact):
                facts.setdefault(entry.name, []).append(entry)
        fitting = [_nearest(fs, [v for v in self.samples[n] if all(f.holds(v) for f in fs)]) for n, fs in facts.items()]
        blocks = [self.entries[number] for number in bits(mask) if isinstance(self.entries[number], Unless)]
        for _, values in zip(range(_TRIALS), product(*fitting), strict=False):
            chosen = dict(zip(facts, values, strict=True))
            if all(block.test(chosen) for block in blocks):
                return chosen
        return None


class Questions:
    """Which question settles which tests: one "no" to an urgent question answers several findings."""

    def __init__(self, literals: Literals, asked_by: Mapping[str, str]) -> None:
        self.ids: list[str] = list(dict.fromkeys(asked_by.values()))
        self.urgent = len(self.ids)
        numbers = {name: number for number, name in enumerate(self.ids)}
        self.of: list[int] = []
        for entry in literals.entries:
            if isinstance(entry, Unless):
                self.of.append(-1)  # an exception is nobody's question
                continue
            name = asked_by.get(entry.name, entry.name)
            if name not in numbers:
                numbers[name] = len(self.ids)
                self.ids.append(name)
            self.of.append(numbers[name])
        self.tests = [0] * len(self.ids)
        for number, question in enumerate(self.of):
            if question >= 0:
                self.tests[question] |= 1 << number

    def first(self, mask: Mask) -> int:
        """Return the number of the first question, in the order of asking, that asks for one of the tests."""
        return min((self.of[number] for number in bits(mask) if self.of[number] >= 0), default=len(self.ids))


def _samples(finding: Finding, facts: list[tuple[Mask, Fact]]) -> list[Any]:
    """Return the values at which some verdict may turn, the mildest first; every one of them can be recorded."""
    turns = [turn for _, fact in facts for turn in fact.turns]
    if "bool" in finding.types:
        return [True, False]
    if finding.values:
        return [value for value in finding.values if value != finding.some] + (
            [None] if "null" in finding.types else []
        )
    whole = "float" not in finding.types
    near = {round(turn + step, 3) for turn in turns for step in _STEPS if not whole or isinstance(step, int)}
    return sorted(value for value in near if refusal(finding, value) is None)


def _nearest(facts: list[Fact], values: list[Any]) -> list[Any]:
    """Return the values with those first that lie closest to where the tests turn: 38.0 before 39.0."""
    turns = [turn for fact in facts for turn in fact.turns]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (*values, *turns))
    return sorted(values, key=lambda value: min(abs(value - turn) for turn in turns)) if numbers else values
