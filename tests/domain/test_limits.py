"""Which limits a clinic may set."""

from datetime import UTC, datetime

import pytest

from triage.domain import lifecycle
from triage.domain.limits import MOST, NAMES, STAGES, as_targets, as_values, faults
from triage.domain.queue import waited

SHIPPED = {
    "1": 0, "2": 10, "untriaged": 10, "3": 30, "4": 60, "5": 120,
    "registered": 15, "waiting": 10, "imaging": 60, "review": 60, "confirmation": 120,
}  # fmt: skip


def test_what_the_clinic_starts_with_is_sound() -> None:
    assert faults(SHIPPED) == {}
    assert as_values(as_targets(SHIPPED)) == SHIPPED


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"2": 0}, {"2": "number_range"}),  # only who has to be seen at once has a limit of nothing
        ({"3": -1}, {"3": "number_range"}),
        ({"waiting": 0}, {"waiting": "number_range"}),
        ({"5": MOST + 1}, {"5": "number_range"}),
        ({"4": 20}, {"4": "limit_falls"}),
        ({"untriaged": 31}, {"3": "limit_falls"}),  # who nobody has triaged never waits longer than level 3
        ({"1": 11}, {"2": "limit_falls"}),
        ({"untriaged": 1}, {}),
        ({"3": 60, "4": 60, "5": 60}, {}),
        ({"imaging": 1, "review": MOST}, {}),
    ],
)
def test_who_is_more_urgent_never_gets_the_longer_limit(changed: dict[str, int], found: dict[str, str]) -> None:
    assert faults(SHIPPED | changed) == found


def test_every_open_stage_has_a_limit_except_the_emergency_whose_alarm_is_nobodys_to_set() -> None:
    assert set(STAGES) == set(lifecycle.OPEN) - {lifecycle.EMERGENCY}
    assert as_targets(SHIPPED).at(lifecycle.EMERGENCY) is None
    assert not as_targets(SHIPPED).is_slow(lifecycle.EMERGENCY, 900)
    assert len(NAMES) == len(set(NAMES))


def test_a_stage_is_too_long_from_the_minute_after_its_limit() -> None:
    assert not as_targets(SHIPPED).is_slow("waiting", 10)
    assert as_targets(SHIPPED).is_slow("waiting", 11)
    assert waited(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)) == 0
