"""A score describes. It never decides: no rule reads its items, and no total of it moves anybody."""

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
from tests.domain.test_rules_properties import SMALL, checked, value_of
from tests.knowledge.support import advise, rank, read
from triage.knowledge import load

VOCABULARY = load().findings
SCORE_ONLY = sorted(name for name, finding in VOCABULARY.items() if finding.score_only)
#: Findings of scores that stood in the vocabulary before; rules may read them.
TOTALS = {"start_total", "start_psych", "odi"}


def read_by_rules() -> set[str]:
    ruleset = load().ruleset
    conditions = [rule.when for rule in ruleset.rules] + [r.rule.when for r in ruleset.restrictions]
    conditions += [*ruleset.definitions.values(), *(n.when for n in ruleset.narrowings)]
    return {name for condition in conditions for name in condition.names()}


def test_no_rule_reads_what_is_only_for_scores():
    assert len(SCORE_ONLY) > 40
    assert read_by_rules() & ({*SCORE_ONLY} | TOTALS) == set()


ADDED = st.sampled_from(sorted({*SCORE_ONLY} | TOTALS)).flatmap(
    lambda name: st.tuples(st.just(name), value_of(VOCABULARY[name]))
)


@checked
@given(SMALL, st.lists(ADDED, max_size=5))
def test_adding_any_item_or_total_of_a_score_changes_nothing_that_is_advised(case, added):
    assert advise({**case, **dict(added)}) == advise(case)


@checked
@given(st.sampled_from([c["findings"] for c in read("vignettes.jsonl")]), ADDED)
def test_on_the_published_cases_too(case, added):
    assert advise({**case, added[0]: added[1]}) == advise(case)


ITEMS = sorted({name for score in load().scores for name in score.names} - read_by_rules())


@checked
@given(SMALL, st.sampled_from(sorted({name for score in load().scores for name in score.names})), st.data())
def test_no_item_of_a_score_lowers_the_acuity_except_by_a_rule_that_reads_it(case, name, data):
    value = data.draw(value_of(VOCABULARY[name]))
    before, after = advise(case), advise({**case, name: value})
    if name in ITEMS:
        assert rank(after) == rank(before) or name in case
    elif name not in case and value is True:
        assert rank(after) <= rank(before)


@pytest.mark.parametrize(
    "bladder",
    [
        {"urinary_urgency_on_walking": True, "urinary_symptom_new_days": 3},
        {"urinary_incontinence": True},
        {"urinary_incontinence": True, "urinary_symptom_new_days": 14},
    ],
)
@pytest.mark.parametrize("rest", [{}, {"age": 72, "claudication": True, "relief_on_flexion": True, "pain_nrs": 1}])
def test_a_new_bladder_item_of_a_score_is_still_an_emergency(bladder, rest):
    got = advise({**rest, **bladder})
    assert got.acuity == "emergency"
    assert "RF-CES-01" in {reason.rule for reason in got.reasons}


def test_the_bladder_item_of_unknown_age_goes_to_a_specialist_at_least():
    got = advise({"urinary_urgency_on_walking": True})
    assert (got.acuity, got.route) == ("soon", "specialist_consult")


def test_the_items_of_a_score_stand_nowhere_but_on_the_triage_sheet():
    assert {VOCABULARY[name].place for name in SCORE_ONLY} == {"sheet"}
    assert not any(VOCABULARY[name].urgent for name in SCORE_ONLY)


def test_numbers_have_limits():
    numbers = [f for f in VOCABULARY.values() if f.score_only and f.kind in ("integer", "number")]
    assert all(f.minimum is not None and f.maximum is not None for f in numbers)


# Licensed questionnaires: nothing of their wording is in the program.

#: First half of the sha256 of five words in a row from each of several items; so the test itself quotes nothing.
WORDING = {
    "ca091427dcf6b00ee9a74451f1c74420",
    "212b2e335197f8242c11cb18902decca",
    "d874a6e645f0378a9ae524b0b2820fc1",
    "99eecca97f71fb2c60069477292bb5fd",
    "3374e7ab8404a15912082dd509bb1558",
    "3be75f372893f67a7355bfd2d37b4a6e",
    "2066f730096a2ff4c088559e3bc175f4",
    "780106c02bb9ec6015235a28070ac756",
    "4d78256221868eb356c129f55c59518a",
    "a5b8c404bbe472d765f44cb64ac51f8a",
    "09eb5c901acad0c689a89b82a6096728",
    "ce5ac6c84c1954812297170d01465861",
    "f65f0db30a0faefa78940a6181c5b4ff",
    "dfc1556a05a48dd833e32dfd12b5f7a7",
    "246efda39ce86804edaa8d566e68d974",
    "d8bfa0bededd2e047c512418b087b0ea",
    "573b1fffa1e4cdc6b924931d6804859a",
    "eac4739d2482e2db7503f51675a303d2",
    "abd0fd2c3589dc52065ae9be0453e627",
    "995a37d87b97c4a1048683a16ad77458",
}


def licensed(text: str, wording: set[str]) -> list[str]:
    words = re.findall(r"[a-z]+", text.lower())
    runs = (" ".join(words[start : start + 5]) for start in range(len(words) - 4))
    return [run for run in runs if hashlib.sha256(run.encode()).hexdigest()[:32] in wording]


def test_no_item_of_a_licensed_questionnaire_is_in_the_program():
    root = Path(triage.__file__).parent
    files = [p for p in sorted(root.rglob("*")) if p.suffix in {".py", ".toml", ".html", ".po", ".js"}]
    assert {p.name: found for p in files if (found := licensed(p.read_text(encoding="utf-8"), WORDING))} == {}


def test_the_guard_sees_planted_wording():
    planted = {hashlib.sha256(b"the quick brown fox jumps").hexdigest()[:32]}
    assert licensed("Does the quick, brown fox\njumps far?", planted) == ["the quick brown fox jumps"]


def test_a_licensed_score_has_no_items():
    licensed_scores = {"odi", "joa_lbp", "joabpeq", "zcq", "paindetect"}
    assert {s.id for s in load().scores if not s.groups} == licensed_scores | {"nrs", "mrc"}


def test_the_items_of_back_risk_are_numbered_subjects_and_no_questions():
    for number in range(1, 10):
        finding = VOCABULARY[f"start_{number}"]
        assert finding.question("en") == finding.label("en")
        assert finding.label("en").startswith(f"{number} ")
        assert len(finding.label("en").split()) <= 6
