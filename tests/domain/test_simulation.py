"""What a draft would change, case by case: the counts are those of a plain loop, and no lost emergency slips by."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from tests.drafts import careless, with_changed, without
from tests.knowledge.support import advise as suggest
from tests.knowledge.support import read
from triage.domain import simulation
from triage.domain.rules import evaluate
from triage.domain.simulation import Advice, Change, Tally, compare
from triage.knowledge import load

CASES = [(case["id"], case["findings"]) for case in read("vignettes.jsonl") + read("cases.jsonl")]
DRAFTS = [
    pytest.param(careless(), id="no emergency left"),
    pytest.param(without("RF-CES-01"), id="one rule left out"),
    pytest.param(with_changed("RF-CES-01", level=1), id="one rule more urgent"),
    pytest.param(load().ruleset, id="the rules in force"),
]


def levels(ruleset, cases):
    return {case: evaluate(ruleset, findings) for case, findings in cases}


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_counts_are_those_of_a_plain_loop(draft):
    got = compare(load().ruleset, draft, CASES)
    before, after = levels(load().ruleset, CASES), levels(draft, CASES)
    assert got.cases == len(CASES)
    assert got.acuity == Counter((before[c].acuity, after[c].acuity) for c in before)
    assert got.level == Counter((str(before[c].level), str(after[c].level)) for c in before)
    assert got.route == Counter((before[c].route, after[c].route) for c in before)
    said = ("acuity", "level", "route", "imaging")
    changed = {c for c in before if any(getattr(before[c], n) != getattr(after[c], n) for n in said)}
    assert got.changed == len(changed)
    assert {change.case for change in got.changes} == changed
    lowered = {c for c in before if before[c].level < after[c].level}
    assert got.kinds["lost"] + got.kinds["lowered"] == len(lowered)
    raised = {c for c in before if before[c].level > after[c].level}
    assert got.kinds["found"] + got.kinds["raised"] == len(raised)


def test_the_rules_in_force_change_nothing_against_themselves():
    got = compare(load().ruleset, load().ruleset, CASES)
    assert (got.changed, got.changes, got.lost) == (0, [], [])


def test_every_emergency_that_a_draft_loses_is_named():
    got = compare(load().ruleset, careless(), CASES)
    emergencies = {case for case, findings in CASES if suggest(findings).level <= 2}
    assert {change.case for change in got.lost} == emergencies
    assert len(emergencies) > 50


@pytest.mark.parametrize("size", [1, 7, 50])
def test_counted_in_parts_and_put_together_is_the_same_as_counted_at_once(size):
    whole, parts = compare(load().ruleset, careless(), CASES), Tally()
    for start in range(0, len(CASES), size):
        part = compare(load().ruleset, careless(), CASES[start : start + size])
        parts = Tally.from_dict(json.loads(json.dumps(parts.as_dict()))).merged(part)
    assert parts.as_dict() == whole.as_dict()


def test_of_many_changes_the_gravest_are_kept_and_of_lost_emergencies_all(monkeypatch):
    monkeypatch.setattr(simulation, "KEPT", 3)
    got = compare(load().ruleset, careless(), CASES)
    assert len(got.changes) == got.kinds["lost"] > 50
    mild = compare(load().ruleset, with_changed("RF-CES-01", level=1), CASES)
    assert mild.kinds["raised"] == mild.changed > 3 == len(mild.changes)


def outcome(level, route="specialist_consult", acuity="any", imaging=()):
    return Advice(acuity, level, route, imaging)


EMERGENCY = "emergency_specialist"


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (outcome(2, EMERGENCY), outcome(3, EMERGENCY), "lost"),
        (outcome(2, EMERGENCY), outcome(2), "lost"),
        (outcome(2, EMERGENCY), outcome(1), "lost"),
        (outcome(2), outcome(3), "lost"),
        (outcome(1, EMERGENCY), outcome(2, EMERGENCY), "lowered"),
        (outcome(3), outcome(4), "lowered"),
        (outcome(3), outcome(2, EMERGENCY), "found"),
        (outcome(3), outcome(3, EMERGENCY), "found"),
        (outcome(4), outcome(3), "raised"),
        (outcome(2, EMERGENCY), outcome(1, EMERGENCY), "raised"),
        (outcome(4), outcome(4, "ct"), "rerouted"),
        (outcome(4), outcome(4, acuity="other"), "rerouted"),
        (outcome(4), outcome(4, imaging=("mri",)), "imaged"),
    ],
)
def test_each_change_has_the_name_of_the_gravest_thing_in_it(before, after, kind):
    assert Change("A001", before, after).kind == kind


def test_the_gravest_change_comes_first():
    tally = Tally()
    steps = {"a": (4, 3), "b": (3, 4), "c": (1, 5), "d": (2, 3), "e": (3, 5)}
    for case, (before, after) in steps.items():
        tally.add(case, outcome(before), outcome(after))
    assert [change.case for change in tally.trim().changes] == ["c", "d", "e", "b", "a"]


def test_a_change_names_the_rule_that_made_it():
    gone = compare(load().ruleset, without("PAIN-01"), CASES).changes
    assert gone
    assert all("PAIN-01" in change.rules for change in gone)
    louder = compare(load().ruleset, with_changed("PAIN-01", level=2), CASES)
    assert louder.changed
    assert all(change.rules == ("PAIN-01",) for change in louder.changes)
    assert louder.rules.total() == louder.changed


def test_a_change_of_the_table_of_routes_is_counted_though_no_rule_made_it():
    draft = replace(load().ruleset, combinations=())
    changes = compare(load().ruleset, draft, CASES).changes
    assert changes
    assert all(change.rules == () for change in changes)
