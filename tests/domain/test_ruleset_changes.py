"""The difference between two versions names every entry that is not the same, and nothing else."""

from copy import deepcopy
from typing import Any

import pytest

from triage.domain.ruleset_changes import ADDED, CHANGED, MOVED, REMOVED, changes

RULES: dict[str, Any] = {
    "ruleset": {"version": "1"},
    "definition": [{"name": "d", "when": "a or b"}],
    "rule": [
        {"id": "R1", "when": "a", "acuity": "soon", "text": {"en": "A", "ja": "あ"}},
        {"id": "R2", "when": "b", "acuity": "urgent"},
        {"id": "R3", "when": "c", "acuity": "routine"},
    ],
    "combination": [{"chosen": ["xray"], "becomes": "ct"}],
}


def other(change: Any) -> dict[str, Any]:
    rules = deepcopy(RULES)
    change(rules)
    return rules


def test_the_same_rules_differ_in_nothing_however_they_are_laid_out() -> None:
    laid_out = other(lambda rules: rules["definition"][0].update(when="\n  a\n  or b\n"))
    assert changes(RULES, RULES) == changes(RULES, laid_out) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda r: r["rule"][0].update(acuity="urgent"), [("rule", "R1", CHANGED, ["acuity"])]),
        (lambda r: r["rule"][0].update(note="n"), [("rule", "R1", CHANGED, ["note"])]),
        (lambda r: r["rule"][0].pop("text"), [("rule", "R1", CHANGED, ["text"])]),
        (lambda r: r["rule"].pop(1), [("rule", "R2", REMOVED, ["id", "when", "acuity"])]),
        (lambda r: r["rule"].append({"id": "R4", "when": "a"}), [("rule", "R4", ADDED, ["id", "when"])]),
        (lambda r: r["rule"].reverse(), [("rule", "", MOVED, ["order"])]),
        (lambda r: r["definition"][0].update(when="a"), [("definition", "d", CHANGED, ["when"])]),
        (lambda r: r["ruleset"].update(version="2"), [("ruleset", "1", CHANGED, ["version"])]),
        (lambda r: r["combination"][0].update(becomes="xray"), [("combination", "1", CHANGED, ["becomes"])]),
        (lambda r: r.pop("definition"), [("definition", "d", REMOVED, ["name", "when"])]),
    ],
)
def test_each_difference_is_named_with_its_parts(change: Any, expected: list[Any]) -> None:
    found = changes(RULES, other(change))
    assert [(c.key, c.name, c.kind, sorted(p.name for p in c.parts)) for c in found] == [
        (key, name, kind, sorted(parts)) for key, name, kind, parts in expected
    ]


def test_before_and_after_stand_side_by_side_and_the_rules_come_first() -> None:
    found = changes(RULES, other(lambda r: (r["rule"][2].update(when="b"), r["definition"][0].update(when="b"))))
    assert [(c.key, c.parts[0].before, c.parts[0].after) for c in found] == [
        ("rule", "c", "b"),
        ("definition", "a or b", "b"),
    ]


def test_a_moved_rule_shows_only_the_stretch_that_moved() -> None:
    swapped = other(lambda r: r["rule"].insert(1, r["rule"].pop(2)))
    assert [(p.before, p.after) for c in changes(RULES, swapped) for p in c.parts] == [(["R2", "R3"], ["R3", "R2"])]
