"""Why the other rules are silent, and the smallest changes that would move the answer: each one is tried here again."""

import random

import pytest

from tests.knowledge.support import ACUITIES, advise, read
from triage.domain.rules import outcome
from triage.domain.why import LARGEST, MOST, changes, why_not
from triage.knowledge import load

RULESET = load().ruleset
LITERALS = RULESET.implicants.literals
FIXED = ("age", "sex")
CASES = [case["findings"] for case in random.Random(5).sample(read("vignettes.jsonl") + read("cases.jsonl"), 40)]
CASES += [{}, {"back_pain": True}, {"leg_weakness": True}]


def after(case: dict, change) -> tuple[str, str]:
    left = {name: value for name, value in case.items() if name not in change.without}
    got = outcome(RULESET, {**left, **change.answers})
    return got.acuity, got.route


@pytest.mark.parametrize("case", CASES)
def test_every_change_that_is_named_moves_the_answer_to_where_it_says(case):
    now = outcome(RULESET, case)
    for change in changes(RULESET, case, FIXED):
        assert after(case, change) == (change.acuity, change.route) != (now.acuity, now.route)
        assert not {*change.answers, *change.without} & {*FIXED}


@pytest.mark.parametrize("case", CASES)
def test_no_part_of_a_change_would_have_been_enough(case):
    for change in changes(RULESET, case, FIXED):
        parts = [{**change.answers}] if len(change.answers) > 1 else []
        for whole in parts:
            for name in whole:
                less = {**case, **{n: v for n, v in whole.items() if n != name}}
                got = outcome(RULESET, less)
                assert (got.acuity, got.route) != (change.acuity, change.route)
        assert len(change.answers) + len(change.without) <= LARGEST


@pytest.mark.parametrize("case", CASES)
def test_where_one_answer_makes_an_emergency_a_single_answer_is_named(case):
    if outcome(RULESET, case).acuity == "emergency":
        return
    names = [name for name in LITERALS.samples if name not in case and name not in FIXED]
    alone = [n for n in names for v in LITERALS.samples[n] if outcome(RULESET, {**case, n: v}).acuity == "emergency"]
    named = [change for change in changes(RULESET, case, FIXED) if change.acuity == "emergency"]
    assert bool(alone) == any(len(change.answers) == 1 for change in named)
    assert len(named) <= MOST * len(RULESET.routes)


def test_a_blank_sheet_would_become_an_emergency_by_the_first_urgent_question():
    found = [change for change in changes(RULESET, {"back_pain": True}, FIXED) if change.level == 2]
    assert (found[0].acuity, found[0].route) == ("emergency", "emergency_specialist")
    assert set(found[0].answers) <= {"urinary_retention", "urinary_difficulty", "urinary_incontinence"}


def test_without_the_fall_it_is_less_urgent_and_without_the_brittle_bone_there_is_no_x_ray():
    got = changes(RULESET, {"back_pain": True, "trauma": "low_energy", "osteoporosis": True}, FIXED)
    assert any(change.without == ("trauma",) and change.acuity == "soon" for change in got)
    assert any(change.without == ("osteoporosis",) and change.acuity == "routine" for change in got)


@pytest.mark.parametrize("case", CASES)
def test_every_rule_is_either_a_reason_or_says_why_it_is_silent(case):
    fired = {reason.rule for reason in advise(case).reasons}
    silent = {one.rule.id: one for one in why_not(RULESET, case)}
    assert {rule.id for rule in RULESET.rules} == silent.keys() | (fired & {rule.id for rule in RULESET.rules})
    assert not silent.keys() & fired
    for one in silent.values():
        assert one.missing or one.against or one.excepted
        assert all(name in case for name in one.against + one.excepted)
        assert one.as_dict("ja")["text"] == one.rule.text["ja"]


def test_an_exception_is_named_with_the_answer_that_made_it():
    silent = {
        one.rule.id: one for one in why_not(RULESET, {"urinary_difficulty": True, "urinary_symptom_stable_weeks": 9})
    }
    assert silent["RF-CES-01"].is_open or silent["RF-CES-01"].excepted == ("urinary_symptom_stable_weeks",)
    denied = {one.rule.id: one for one in why_not(RULESET, {"post_void_residual_ml": 40})}
    assert denied["RF-CES-03"].against == ("post_void_residual_ml",)
    assert not denied["RF-CES-03"].is_open


def test_the_most_urgent_silent_rules_come_first():
    ranks = [ACUITIES.index(one.rule.acuity) for one in why_not(RULESET, {"back_pain": True})]
    assert ranks == sorted(ranks)
