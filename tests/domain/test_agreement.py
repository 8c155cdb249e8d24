"""Percent agreement and kappa are what the literature computes from the same tables, and never a false 0."""

from collections import Counter
from random import Random

import pytest

from triage.domain.agreement import NO_PAIRS, NO_SPREAD, ONE_CATEGORY, Table, Tally

# Westlund and Kurland 1953: two neurologists, multiple sclerosis certain, probable, possible, doubtful.
# Values by vcd::Kappa of R: https://friendly.github.io/psy6136/R/output/msdiag-agree.html
WINNIPEG = [[38, 5, 0, 1], [33, 11, 3, 0], [10, 14, 5, 6], [3, 7, 3, 10]]
NEW_ORLEANS = [[5, 3, 0, 0], [3, 11, 4, 0], [2, 13, 3, 4], [1, 2, 4, 14]]
# SAS/STAT User's Guide, PROC FREQ, getting started, table "Skin Condition Data" and its output.
SKIN = [[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]]
# Fleiss JL. Statistical Methods for Rates and Proportions, 2nd ed. 1981, p. 213: kappa (0.89 - 0.66) / (1 - 0.66).
FLEISS = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]


def table(rows: list[list[int]]) -> Table:
    made = Table(tuple(range(len(rows))))
    for i, row in enumerate(rows):
        for j, count in enumerate(row):
            made.cells[i, j] = count
    return made


@pytest.mark.parametrize(
    ("rows", "value", "low", "high"),
    [
        (WINNIPEG, 0.208, 0.109, 0.307),
        (NEW_ORLEANS, 0.297, 0.143, 0.450),
        (SKIN, 0.3449, 0.2030, 0.4868),
        (FLEISS, 0.6765, 0.5046, 0.8484),
    ],
)
def test_kappa_is_what_the_literature_says(rows: list[list[int]], value: float, low: float, high: float) -> None:
    found = table(rows).kappa
    assert found.value == pytest.approx(value, abs=0.0006)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.0006), pytest.approx(high, abs=0.0006))


@pytest.mark.parametrize(
    ("rows", "value", "low", "high"),
    [(WINNIPEG, 0.380, 0.278, 0.481), (NEW_ORLEANS, 0.477, 0.334, 0.620), (SKIN, 0.5082, 0.3798, 0.6366)],
)
def test_linearly_weighted_kappa_is_what_the_literature_says(
    rows: list[list[int]], value: float, low: float, high: float
) -> None:
    found = table(rows).weighted
    assert found.value == pytest.approx(value, abs=0.0006)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.0006), pytest.approx(high, abs=0.0006))


def test_percent_agreement_is_the_diagonal() -> None:
    found = table(FLEISS)
    assert (found.n, found.agreed, found.percent) == (100, 89, 89.0)
    assert not found.is_few


def test_levels_that_nobody_used_change_nothing() -> None:
    used, wide = table(WINNIPEG), Table((0, 1, 2, 3, 4), table(WINNIPEG).cells)
    assert wide.kappa.value == pytest.approx(used.kappa.value)
    assert wide.weighted.value == pytest.approx(used.weighted.value)
    assert wide.weighted.high == pytest.approx(used.weighted.high)


def test_without_pairs_there_is_no_agreement_and_no_kappa() -> None:
    empty = Table((1, 2, 3))
    assert (empty.n, empty.percent) == (0, None)
    assert (empty.kappa.value, empty.kappa.why) == (None, NO_PAIRS)
    assert empty.is_few


@pytest.mark.parametrize("rows", [[[30, 0], [0, 0]], [[30, 5], [0, 0]], [[30, 0], [7, 0]], [[0, 4], [0, 0]]])
def test_where_one_judge_knows_one_category_only_kappa_is_undefined_and_not_0(rows: list[list[int]]) -> None:
    for found in (table(rows).kappa, table(rows).weighted):
        assert (found.value, found.low, found.why) == (None, None, ONE_CATEGORY)


def test_full_agreement_is_1_and_claims_no_interval() -> None:
    found = table([[3, 0], [0, 2]]).kappa
    assert (found.value, found.low, found.why) == (pytest.approx(1), None, NO_SPREAD)


def test_full_disagreement_is_below_0_and_stays_within_the_scale() -> None:
    found = table([[0, 5], [5, 0]]).kappa
    assert found.value == pytest.approx(-1)
    assert found.low is not None
    assert found.low >= -1


def test_a_category_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no such category"):
        Table((1, 2)).add(1, 3)


def test_any_table_sums_up_and_its_kappa_lies_between_minus_1_and_1() -> None:
    rng = Random(3)
    for _ in range(300):
        names = tuple(range(rng.randint(1, 6)))
        pairs = [(rng.choice(names), rng.choice(names)) for _ in range(rng.randint(0, 60))]
        made = Table(names)
        for pair in pairs:
            made.add(*pair)
        assert made.n == len(pairs) == sum(map(sum, made.rows))
        assert made.cells == Counter(pairs)
        for found in (made.kappa, made.weighted):
            assert (found.value is None) == bool(found.why and found.why != NO_SPREAD)
            bounds = [value for value in (found.low, found.value, found.high) if value is not None]
            assert bounds == sorted(bounds)
            assert all(-1.000001 <= value <= 1.000001 for value in bounds)


def test_a_tally_says_accepted_raised_lowered_and_sent_elsewhere() -> None:
    tally, advised = Tally(), {"level": 3, "route": "xray"}
    tally.add(advised, 3, "xray", "")
    tally.add(advised, 2, "emergency_specialist", "findings_differ")
    tally.add(advised, 4, "xray", "other")
    assert (tally.n, tally.accepted, tally.raised, tally.lowered, tally.rerouted) == (3, 1, 1, 1, 1)
    assert tally.reasons == {"findings_differ": 1, "other": 1}
    assert tally.percent == pytest.approx(100 / 3)
