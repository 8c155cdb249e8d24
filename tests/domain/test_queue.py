"""In which order the board shows people, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain import queue
from triage.domain.queue import (
    REASONS,
    Place,
    Targets,
    feared,
    is_emergency,
    moved,
    over_from,
    reason,
    reasons,
    share,
    sort_key,
    waited,
)

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
TARGETS = Targets({1: 0, 2: 10, 3: 30, 4: 60, 5: 120}, 10)
CALM = 0  # every urgent question was answered "no"


def place(
    acuity: int | None, minutes: int, suggested: int | None = None, pinned: int | None = None, urgent: int | None = CALM
) -> Place:
    since = None if pinned is None else NOW - timedelta(minutes=pinned)
    return Place(acuity, suggested, NOW - timedelta(minutes=minutes), since, urgent)


def order(*places: Place, at: datetime = NOW, targets: Targets = TARGETS) -> list[Place]:
    return sorted(places, key=lambda p: sort_key(p, at, targets))


def is_before(one: Place, other: Place, at: datetime = NOW, targets: Targets = TARGETS) -> bool:
    return sort_key(one, at, targets) < sort_key(other, at, targets)


def is_red_flag(row: Place) -> bool:
    return is_emergency(row) or feared(row) is not None


# Examples a nurse can check


def test_emergencies_stand_on_top_level_1_before_level_2() -> None:
    older, newer = place(2, 5, pinned=5), place(1, 90, pinned=1)
    assert order(place(3, 500), older, newer) == [newer, older, place(3, 500)]


def test_of_two_emergencies_of_one_level_the_longest_known_stands_first_whoever_arrived_before() -> None:
    early, late = place(2, 90, pinned=1), place(2, 20, pinned=9)
    assert order(early, late) == [late, early]


def test_level_2_stands_on_top_even_where_no_alarm_is_open() -> None:
    assert order(place(None, 90, 1), place(2, 1)) == [place(2, 1), place(None, 90, 1)]


def test_who_has_a_red_flag_stands_behind_the_emergencies_and_before_everybody_else_who_is_most_feared_for_first() -> (
    None
):
    rows = [place(4, 1, 2), place(None, 1, 3), place(None, 2, 5, urgent=1), place(None, 1, urgent=None)]
    others = [place(5, 900), place(None, 5, 5), place(3, 20), place(4, 50), place(5, 90)]
    assert order(*reversed(others), *reversed(rows), place(2, 1)) == [place(2, 1), *rows, *others]


def test_of_whom_nothing_is_known_yet_stands_before_those_of_whom_is_known_that_they_can_wait() -> None:
    dreaded, unknown, calm = place(None, 1, 3), place(None, 1), place(None, 19, 4)
    assert order(calm, unknown, dreaded) == [dreaded, unknown, calm]


@pytest.mark.parametrize("urgent", [1, 15, None])
def test_an_urgent_question_answered_yes_or_not_known_or_not_at_all_is_never_a_no(urgent: int | None) -> None:
    asked, calm = place(None, 1, 5, urgent=urgent), place(None, 900, 5, urgent=CALM)
    assert order(place(5, 900), calm, asked)[0] == asked


def test_untriaged_people_with_no_red_flag_stand_before_level_3() -> None:
    assert order(place(3, 59), place(None, 1, 5)) == [place(None, 1, 5), place(3, 59)]


def test_after_the_decision_the_decided_level_counts_and_not_what_was_unknown_before() -> None:
    assert order(place(5, 10, 3, urgent=4), place(4, 1)) == [place(4, 1), place(5, 10, 3, urgent=4)]


def test_a_red_flag_that_the_nurse_found_urgent_too_is_overtaken_by_nobody_who_only_waited_longer() -> None:
    flagged, aged, unflagged = place(3, 1, suggested=3), place(4, 900), place(3, 20, suggested=4)
    assert order(aged, unflagged, flagged) == [flagged, aged, unflagged]


def test_a_red_flag_that_somebody_has_weighed_stands_behind_those_whom_nobody_has_assessed() -> None:
    weighed, feared_for, unknown = place(3, 90, suggested=3), place(None, 1, suggested=3), place(None, 1)
    assert order(weighed, unknown, feared_for) == [feared_for, unknown, weighed]


def test_what_the_rules_still_call_an_emergency_keeps_its_flag_whatever_was_decided() -> None:
    assert order(place(5, 900), place(3, 20), place(5, 1, suggested=2))[0] == place(5, 1, suggested=2)


def test_who_was_found_worse_while_waiting_has_a_red_flag_until_something_follows() -> None:
    worse = replace(place(5, 10, 5), is_worse=True)
    assert order(place(5, 900), place(3, 20), worse) == [worse, place(5, 900), place(3, 20)]


def test_within_an_acuity_the_share_of_the_target_decides() -> None:
    assert order(place(4, 30), place(4, 59)) == [place(4, 59), place(4, 30)]


def test_a_higher_acuity_comes_first_until_twice_the_target_is_used() -> None:
    late, fresh = place(5, 239), place(3, 1)
    assert order(late, fresh) == [fresh, late]
    assert order(place(5, 240), fresh) == [place(5, 240), fresh]


def test_of_those_who_waited_too_long_who_came_first_is_seen_first() -> None:
    assert order(place(3, 61), place(4, 121), place(5, 241)) == [place(5, 241), place(4, 121), place(3, 61)]


def test_two_who_came_in_the_same_second_stand_by_ticket_also_beyond_the_thousandth() -> None:
    rows = [replace(place(4, 5), ticket=ticket) for ticket in ("A1000", "A999", "A012")]
    assert [row.ticket for row in order(*rows)] == ["A012", "A999", "A1000"]


# Properties of every order

acuities = st.one_of(st.none(), st.integers(1, 5))
minutes = st.integers(0, 700)
places = st.builds(place, acuities, minutes, acuities, st.one_of(st.none(), minutes), st.sampled_from([None, 0, 1, 15]))
routine = st.builds(place, st.integers(3, 5), minutes, st.one_of(st.none(), st.integers(3, 5)))


@st.composite
def limits(draw: st.DrawFn) -> Targets:
    """Draw any limits that the clinic's check lets through."""
    rising = sorted(draw(st.lists(st.integers(1, 480), min_size=4, max_size=4)))
    by_acuity = {1: draw(st.integers(0, rising[0]))} | dict(zip((2, 3, 4, 5), rising, strict=True))
    return Targets(by_acuity, draw(st.integers(1, by_acuity[3])))


@given(st.lists(places, max_size=12), st.randoms(), limits())
def test_the_order_is_total_and_does_not_depend_on_the_order_in_which_rows_come(
    rows: list[Place], random: Random, targets: Targets
) -> None:
    rows = [replace(row, ticket=f"A{number:03}") for number, row in enumerate(rows)]
    mixed = rows[:]
    random.shuffle(mixed)
    assert order(*mixed, targets=targets) == order(*rows, targets=targets)
    assert len({sort_key(row, NOW, targets) for row in rows}) == len(rows)


@given(st.lists(places, max_size=12), places)
def test_who_stands_before_whom_is_between_the_two_whoever_else_is_there(rows: list[Place], new: Place) -> None:
    assert [row for row in order(*rows, new) if row is not new] == order(*rows)


@given(st.lists(places, min_size=1, max_size=12))
def test_nobody_calm_ever_stands_above_an_emergency(rows: list[Place]) -> None:
    urgent = [p.pinned_at is not None or p.acuity in (1, 2) for p in order(*rows)]
    assert urgent == sorted(urgent, reverse=True)


@given(places, places, st.integers(0, 2000), limits())
def test_nobody_ever_overtakes_a_red_flag_by_waiting(
    flagged: Place, other: Place, later: int, targets: Targets
) -> None:
    if not is_red_flag(flagged) or is_before(other, flagged, targets=targets):
        return
    assert not is_before(other, flagged, NOW + timedelta(minutes=later), targets)


@given(st.lists(places, max_size=12), st.integers(0, 2000))
def test_no_row_without_a_red_flag_stands_before_one_that_has_it(rows: list[Place], later: int) -> None:
    flags = [is_red_flag(row) for row in order(*rows, at=NOW + timedelta(minutes=later))]
    assert flags == sorted(flags, reverse=True)


@given(places, places, limits())
def test_whoever_waits_long_enough_stands_before_everybody_who_came_later_without_a_red_flag(
    row: Place, other: Place, targets: Targets
) -> None:
    if is_red_flag(row) or is_red_flag(other) or other.arrived_at <= row.arrived_at:
        return
    enough = row.arrived_at + timedelta(minutes=queue.AGED_SHARE * targets.of(row.acuity))
    assert is_before(row, other, enough, targets)
    assert is_before(row, other, enough + timedelta(days=3), targets)


def test_however_many_urgent_people_come_the_one_who_can_wait_is_seen() -> None:
    start, waiting = NOW, [place(5, 0, 5)]
    seen: list[Place] = []
    for minute in range(0, 600, 10):  # somebody at level 3 comes every ten minutes, and one person is seen
        at = start + timedelta(minutes=minute)
        waiting.append(Place(3, 5, at, None, CALM))
        first = order(*waiting, at=at)[0]
        waiting.remove(first)
        seen.append(first)
        if first.acuity == 5:
            break
    assert seen[-1].acuity == 5
    assert len(seen) <= 26  # at 240 minutes, twice the target


@given(places, places, st.integers(1, 2000), limits())
def test_time_alone_lets_only_the_earlier_arrival_pass_the_later_one_and_never_back(
    one: Place, other: Place, later: int, targets: Targets
) -> None:
    passed = not is_before(one, other, targets=targets) and is_before(
        one, other, NOW + timedelta(minutes=later), targets
    )
    if passed:
        assert one.arrived_at <= other.arrived_at
        assert is_before(one, other, NOW + timedelta(minutes=2 * later), targets)


@given(st.integers(2, 5), st.integers(1, 4), minutes, st.one_of(st.none(), st.integers(3, 5)), places, limits())
def test_a_raised_acuity_moves_up_at_once_and_keeps_the_arrival(
    acuity: int, up: int, since: int, suggested: int | None, other: Place, targets: Targets
) -> None:
    low = place(acuity, since, suggested)
    high = replace(low, acuity=max(1, acuity - up))
    assert sort_key(high, NOW, targets) <= sort_key(low, NOW, targets)
    assert share(high, NOW, targets) >= share(low, NOW, targets)
    if is_before(low, other, targets=targets):
        assert is_before(high, other, targets=targets)
    same = replace(low, arrived_at=low.arrived_at + timedelta(minutes=1))
    assert is_before(high, same, targets=targets)


@given(st.lists(places, max_size=8))
def test_a_clock_set_back_by_hours_breaks_no_order_and_makes_no_wait_negative(rows: list[Place]) -> None:
    before = NOW - timedelta(hours=30)
    assert all(waited(row.arrived_at, before) == 0 and share(row, before, TARGETS) == 0 for row in rows)
    flags = [is_red_flag(row) for row in order(*rows, at=before)]
    assert flags == sorted(flags, reverse=True)


# Why am I third?


TRUE = {
    "emergency": lambda other, mine: other.pinned_at is not None or other.acuity in (1, 2),
    "red_flag": lambda other, mine: (
        is_red_flag(other) and not is_emergency(other) and (queue.feared(other) or 9) < (queue.feared(mine) or 9)
    ),
    "aged": lambda other, mine: share(other, NOW, TARGETS) >= 2 and not is_red_flag(other),
    "untriaged": lambda other, mine: other.acuity is None and mine.acuity is not None,
    "more_urgent": lambda other, mine: (other.acuity or 9) < (mine.acuity or 0),
    "earlier": lambda other, mine: other.arrived_at <= mine.arrived_at,
}


@given(st.lists(places, min_size=1, max_size=12))
def test_the_reasons_count_exactly_the_rows_before_and_each_is_true_of_its_row(rows: list[Place]) -> None:
    rows = order(*(replace(row, ticket=f"A{number:03}") for number, row in enumerate(rows)))
    keys = [queue.sort_key(row, NOW, TARGETS) for row in rows]
    for number, mine in enumerate(rows):
        found = reasons(keys[:number], keys[number])
        assert sum(found.values()) == number
        assert list(found) == [name for name in REASONS if name in found]
        for other, theirs in zip(rows, keys[:number], strict=False):
            assert TRUE[reason(theirs, keys[number])](other, mine)


def test_a_third_place_is_explained() -> None:
    rows = order(place(2, 3, pinned=1), place(None, 4), place(5, 25), place(4, 20), place(5, 5))
    keys = [queue.sort_key(row, NOW, TARGETS) for row in rows]
    assert reasons(keys[:2], keys[2]) == {"emergency": 1, "red_flag": 1}
    assert reasons(keys[:4], keys[4]) == {"emergency": 1, "red_flag": 1, "more_urgent": 1, "earlier": 1}


def test_of_three_whom_nobody_has_assessed_the_third_hears_that_one_is_feared_for_and_one_came_earlier() -> None:
    rows = order(place(None, 5, suggested=3), place(None, 9, urgent=2), place(None, 4, urgent=2))
    keys = [queue.sort_key(row, NOW, TARGETS) for row in rows]
    assert reasons(keys[:2], keys[2]) == {"red_flag": 1, "earlier": 1}


# The clock


@pytest.mark.parametrize(("acuity", "target"), [(1, 0), (2, 10), (3, 30), (4, 60), (5, 120), (None, 10)])
def test_each_acuity_has_its_target(acuity: int | None, target: int) -> None:
    assert TARGETS.of(acuity) == target


def test_at_the_target_the_share_is_one() -> None:
    assert share(place(3, 30), NOW, TARGETS) == 1.0


def test_a_wait_is_never_negative_even_when_the_clock_was_set_back() -> None:
    assert waited(NOW + timedelta(minutes=5), NOW) == 0
    assert share(place(3, -5), NOW, TARGETS) == 0.0


def test_a_wait_is_over_from_the_minute_after_its_target() -> None:
    arrived = NOW - timedelta(minutes=30)
    assert waited(arrived, NOW) == 30
    assert over_from(arrived, 30) == NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ("abcd", "abcd", 0),
        ("abcd", "dabc", 1),
        ("abcd", "bcda", 1),
        ("abcd", "dcba", 3),
        ("abcd", "xaybzc", 0),  # rows that came or left did not move
        ("", "abc", 0),
    ],
)
def test_the_strip_counts_the_rows_that_moved_not_those_they_passed(before: str, after: str, count: int) -> None:
    assert moved(list(before), list(after)) == count
