"""A score on half the answers: the range that is possible, and never a nought for what nobody asked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.test_rules_properties import value_of
from triage.domain.scores import results_of
from triage.knowledge import load

KNOWN = load()
VOCABULARY = KNOWN.findings
NAMES = sorted({name for score in KNOWN.scores for name in score.names})
TYPED = {score.finding for score in KNOWN.scores} | {g.finding for score in KNOWN.scores for g in score.groups} - {""}
#: Read only where the first test of the same thing is missing; their place is taken once that is known.
STAND_INS = {
    name for score in KNOWN.scores for group in score.groups for item in group.items for case in item.instead
    for name in case.when.names()
}  # fmt: skip
ITEMS = [name for name in NAMES if name not in TYPED | STAND_INS]
checked = settings(derandomize=True, deadline=None, max_examples=120, database=None)


def complete(names: list[str]) -> st.SearchStrategy:
    return st.fixed_dictionaries({name: value_of(VOCABULARY[name]) for name in names})


@checked
@given(complete(ITEMS), st.sets(st.sampled_from(ITEMS)))
def test_whatever_is_still_answered_the_total_and_its_band_stay_within_what_was_said_before(case, unknown):
    partial = {name: value for name, value in case.items() if name not in unknown}
    for before, after in zip(results_of(KNOWN, partial), results_of(KNOWN, case), strict=True):
        if after.total is not None:
            assert before.least <= after.total <= before.most
        if after.band is not None:
            assert after.band in before.possible
            assert before.band in (None, after.band)


@checked
@given(complete(ITEMS), st.sampled_from(ITEMS))
def test_a_missing_finding_that_counts_is_named(case, name):
    partial = {key: value for key, value in case.items() if key != name}
    for before, after in zip(results_of(KNOWN, partial), results_of(KNOWN, case), strict=True):
        if (before.total, before.parts) != (after.total, after.parts):
            assert name in before.missing
            assert before.open > after.open


@checked
@given(complete(NAMES), st.sets(st.sampled_from(NAMES)))
def test_any_findings_give_an_answer(case, unknown):
    partial = {name: value for name, value in case.items() if name not in unknown}
    for got in results_of(KNOWN, partial):
        assert got.as_dict("ja")["id"] == got.score.id
        if got.least is not None and got.score.minimum is not None:
            assert got.score.minimum <= got.least <= got.most <= got.score.maximum


def test_nothing_known_is_not_begun_and_never_nought():
    for got in results_of(KNOWN, {}):
        assert not got.is_begun
        assert (got.total, got.band) == (None, None)
        assert set(got.missing) <= got.score.names


def test_an_age_nobody_knows_is_unknown():
    assert results_of(KNOWN, {"age": None}) == results_of(KNOWN, {})


def test_a_result_cannot_be_changed():
    got = results_of(KNOWN, {"pain_nrs": 7})[0]
    with pytest.raises(AttributeError):
        got.total = 0
