"""The referral to the surgeon: which parts of its minimum data set are there, partly there, missing.

"Not known" is said, and so is not missing; a question that nobody asked is missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage.domain.conditions import Condition, Values
from triage.domain.findings import Answer, resolve

#: Routes that hand a patient over to the surgeon.
REFERRING = frozenset({"specialist_consult", "imaging_then_specialist"})
#: What the record of the visit says by itself, beside the answers: completed examinations, images brought along.
IMAGES_HERE, IMAGES_OUTSIDE = "images_here", "images_outside"
FROM_VISIT = (IMAGES_HERE, IMAGES_OUTSIDE)
PRESENT, PARTLY, MISSING = "present", "partly", "missing"

Text = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to be said; ``ways`` are lists of names that say it together, ``comes_with`` routes that bring it."""

    text: Text
    ways: tuple[tuple[str, ...], ...]
    only_if: Condition | None = None
    not_if: Condition | None = None
    comes_with: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the name to ask for first."""
        return self.ways[0][0]

    def is_needed(self, values: Values) -> bool:
        """Tell whether it has to be said of a patient with these findings."""
        if self.only_if is not None and self.only_if.test(values) is not True:
            return False
        return self.not_if is None or self.not_if.test(values) is not True


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the minimum data set."""

    id: str
    text: Text
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Held:
    """One part as it stands: present, partly, missing; what it lacks; and whether "not known" was said in it."""

    part: Part
    state: str
    lacks: tuple[Item, ...]
    unsure: bool

    @property
    def is_whole(self) -> bool:
        """Tell whether all of the part is said."""
        return self.state == PRESENT


@dataclass(frozen=True)
class Bar:
    """The whole referral of one patient, part by part."""

    held: tuple[Held, ...]

    @property
    def count(self) -> int:
        """Return how many parts are said in full."""
        return sum(1 for held in self.held if held.is_whole)

    @property
    def is_whole(self) -> bool:
        """Tell whether every part is said in full."""
        return self.count == len(self.held)

    @property
    def open(self) -> list[Held]:
        """Return the parts that are not said in full."""
        return [held for held in self.held if not held.is_whole]

    def lacking(self, route: str) -> tuple[str, ...]:
        """Return the ids of the parts that keep a route closed: nothing where it refers to nobody."""
        if route not in REFERRING:
            return ()
        return tuple(held.part.id for held in self.held if any(route not in i.comes_with for i in held.lacks))


def bar(knowledge: Any, answers: Mapping[str, Answer]) -> Bar:
    """Return how complete the referral is on these answers, what the visit's record says among them."""
    values, said = resolve(knowledge, answers), _said(knowledge, answers)
    return Bar(tuple(_held(part, values, said) for part in knowledge.flow.referral))


def _said(knowledge: Any, answers: Mapping[str, Answer]) -> dict[str, bool]:
    """Return every name that was answered: True where the answer is known, False where it is "not known"."""
    said = {name: answer.known for name, answer in answers.items()}
    for option in knowledge.options:
        if said.get(option.key) and answers[option.key].value is True:
            said |= dict.fromkeys(option.implies, True)
    for question in knowledge.urgent_questions:
        if question.id in said:
            said |= {name: said[question.id] for name in question.findings if name not in said}
        elif all(name in said for name in question.findings):
            said[question.id] = all(said[name] for name in question.findings)
    return said


def _held(part: Part, values: Values, said: Mapping[str, bool]) -> Held:
    needed = [item for item in part.items if item.is_needed(values)]
    lacks = tuple(item for item in needed if not any(all(name in said for name in way) for way in item.ways))
    heard = [said[name] for item in needed for name in _names(item.ways) if name in said]
    state = PRESENT if not lacks else PARTLY if heard else MISSING
    return Held(part, state, lacks, not all(heard))


def _names(ways: Sequence[Sequence[str]]) -> Iterator[str]:
    return (name for way in ways for name in way)
