"""In which order the board shows people."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.queue import Place, Targets, moved, over_from, share, sort_key, waited

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
TARGETS = Targets({1: 0, 2: 10, 3: 30, 4: 60, 5: 120}, 10)


def place(acuity: int | None, minutes: int, suggested: int | None = None, pinned: int | None = None) -> Place:
    since = None if pinned is None else NOW - timedelta(minutes=pinned)
    return Place(acuity, suggested, NOW - timedelta(minutes=minutes), since)


def order(*places: Place) -> list[Place]:
    return sorted(places, key=lambda p: sort_key(p, NOW, TARGETS))


def test_emergencies_stand_on_top_the_longest_pinned_first() -> None:
    old, new = place(2, 5, pinned=5), place(1, 90, pinned=1)
    assert order(place(3, 500), new, old) == [old, new, place(3, 500)]


def test_untriaged_people_stand_between_levels_2_and_3_those_the_rules_fear_for_first() -> None:
    calm, longer, feared = place(None, 50, 5), place(None, 60, 5), place(None, 1, 3)
    assert order(place(3, 300), calm, feared, longer, place(2, 1)) == [
        place(2, 1), feared, longer, calm, place(3, 300),
    ]  # fmt: skip


def test_of_whom_nothing_is_known_yet_stands_before_those_of_whom_is_known_that_they_can_wait() -> None:
    feared, unknown, calm = place(None, 1, 3), place(None, 1), place(None, 90, 4)
    assert order(calm, unknown, feared) == [feared, unknown, calm]


def test_level_2_stands_on_top_even_where_no_alarm_is_open() -> None:
    assert order(place(None, 90, 1), place(2, 1)) == [place(2, 1), place(None, 90, 1)]


acuities = st.one_of(st.none(), st.integers(1, 5))
places = st.builds(place, acuities, st.integers(0, 400), acuities, st.one_of(st.none(), st.integers(0, 400)))


@given(st.lists(places, max_size=12), st.randoms())
def test_the_order_does_not_depend_on_the_order_in_which_rows_come(rows: list[Place], random: Random) -> None:
    mixed = rows[:]
    random.shuffle(mixed)
    keys = [[sort_key(p, NOW, TARGETS) for p in order(*some)] for some in (rows, mixed)]
    assert keys[0] == keys[1]


@given(st.lists(places, min_size=1, max_size=12))
def test_nobody_calm_ever_stands_above_an_emergency(rows: list[Place]) -> None:
    urgent = [p.pinned_at is not None or p.acuity in (1, 2) for p in order(*rows)]
    assert urgent == sorted(urgent, reverse=True)


def test_within_an_acuity_the_share_of_the_target_decides() -> None:
    assert order(place(4, 30), place(4, 59)) == [place(4, 59), place(4, 30)]


def test_no_wait_however_long_overtakes_a_higher_acuity() -> None:
    assert order(place(5, 1000), place(4, 1)) == [place(4, 1), place(5, 1000)]


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
