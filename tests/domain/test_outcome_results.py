"""Results that cannot be made to look better than they are, and never tell what a single patient said as a mean."""

from datetime import date

import pytest

from triage import knowledge
from triage.domain.outcome_results import LEAST, Asked, Followed, Wrong, groups, means, rate
from triage.domain.outcomes import Window

KNOWN = knowledge.load().flow.outcomes
TODAY = date(2026, 11, 22)
CLOSED = Window(date(2025, 6, 1), date(2025, 7, 1), date(2025, 8, 15))
STILL_OPEN = Window(date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1))


def test_whoever_does_not_answer_in_time_counts_and_a_window_still_open_does_not() -> None:
    asked = [
        Asked("m3", CLOSED, date(2025, 7, 3)),
        Asked("m3", CLOSED, None),
        Asked("m3", CLOSED, date(2025, 9, 1)),  # late
        Asked("m3", STILL_OPEN, date(2026, 11, 2)),
        Asked("m3", STILL_OPEN, None),
    ]
    found = rate(asked, TODAY)
    assert (found.due, found.answered, found.late) == (3, 1, 1)
    assert found.percent == pytest.approx(100 / 3)
    assert found.is_few
    assert rate([], TODAY).percent is None


def test_giving_up_a_patient_does_not_raise_the_rate_and_the_dead_are_not_asked() -> None:
    gave_up = Asked("m3", CLOSED, None, date(2025, 5, 1), True)
    died = Asked("m3", CLOSED, None, date(2025, 5, 1), False)
    answered_then_died = Asked("m3", CLOSED, date(2025, 6, 20), date(2025, 7, 1), False)
    assert rate([gave_up], TODAY).due == 1
    assert rate([died], TODAY).due == 0
    assert rate([answered_then_died], TODAY).answered == 1


def test_what_closed_before_a_follow_up_was_begun_by_hand_could_not_be_asked() -> None:
    begun = date(2026, 1, 5)
    never_asked = Asked("m3", CLOSED, None, asked_from=begun)
    from_the_notes = Asked("m3", CLOSED, date(2025, 7, 3), asked_from=begun)
    asked = Asked("m3", CLOSED, None, asked_from=date(2025, 8, 1))
    assert [rate([one], TODAY).due for one in (never_asked, from_the_notes, asked)] == [0, 1, 1]


def test_of_fewer_than_five_no_mean_is_told_and_every_number_stands() -> None:
    few = [{"baseline": float(value), "m3": 1.0} for value in range(LEAST - 1)]
    found = means(["baseline", "m3"], few)
    assert [(row.n, row.mean, row.middle, row.change) for row in found] == [(4, None, None, None)] * 2
    assert found[0].values == (0, 1, 2, 3)
    enough = means(["baseline", "m3"], [*few, {"baseline": 4.0, "m3": 2.0}])
    assert (enough[0].mean, enough[0].middle, enough[0].change) == (2, (1, 3), None)


def test_the_change_is_told_only_of_those_with_both_numbers() -> None:
    both = [{"baseline": 8.0, "m3": 2.0}] * 5
    (_start, later) = means(["baseline", "m3"], [*both, {"baseline": 6.0}, {"m3": 10.0}])
    assert (later.n, later.pairs, later.change) == (6, 5, -6)
    (_start, few) = means(["baseline", "m3"], [*both[1:], {"m3": 1.0}, {"m3": 1.0}])
    assert (few.n, few.pairs, few.change) == (6, 4, None)


def test_complications_are_counted_in_patients_of_all_who_were_treated() -> None:
    twice = Followed("PLIF", wrongs=[Wrong("dural_tear", "1", False), Wrong("dural_tear", "3", True)])
    overtaken = Followed("PLIF", operated_since=True)
    (fusion, care) = groups([Followed(""), twice, overtaken, Followed("PLIF")], ["MED", "PLIF"])
    assert (fusion.procedure, fusion.n, care.procedure) == ("PLIF", 3, "")
    assert (fusion.with_wrong(), fusion.with_wrong("dural_tear"), fusion.with_wrong("", "3")) == (1, 1, 1)
    assert fusion.with_wrong("haematoma") == 0
    assert (fusion.reoperated, fusion.reoperated_for_wrong) == (2, 1)
