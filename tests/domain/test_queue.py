"""In which order the board shows people."""

from datetime import UTC, datetime, timedelta

import pytest

from triage.domain.queue import Place, Targets, share, sort_key, waited

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
    calm, unknown, feared = place(None, 50, 5), place(None, 60), place(None, 1, 3)
    assert order(place(3, 300), calm, unknown, feared, place(2, 1)) == [
        place(2, 1), feared, calm, unknown, place(3, 300),
    ]  # fmt: skip


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
