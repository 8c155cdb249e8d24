"""A lease lapses, is taken by who saw it as it stands, and is undone by who acted last."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain import leases
from triage.domain.lifecycle import STAGES
from triage.domain.messages import MESSAGES

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MINUTES = st.integers(-20, 60).map(lambda n: timedelta(minutes=n))


def test_a_claim_holds_for_exactly_as_long_as_the_site_says() -> None:
    assert not leases.has_lapsed(NOW - timedelta(minutes=30), NOW)
    assert leases.has_lapsed(NOW - timedelta(minutes=30, microseconds=1), NOW)
    assert leases.has_lapsed(NOW - timedelta(minutes=6), NOW, timedelta(minutes=5))
    assert not leases.has_lapsed(NOW + timedelta(hours=1), NOW), "a clock that was set back takes nobody's patient"


@pytest.mark.parametrize(
    ("held", "seen", "lapsed", "may"),
    [
        (None, "", False, True),
        (None, "an older lease", False, True),
        ("kim", "", False, False),
        ("kim", "lease", False, False),
        ("kim", "lease", True, True),
        ("kim", "", True, False),
        ("kim", "an older lease", True, False),
        ("kim", None, True, True),
    ],
)
def test_a_patient_is_taken_when_nobody_has_it_or_when_the_very_lease_on_the_screen_has_lapsed(
    held: str | None, seen: str | None, lapsed: bool, may: bool
) -> None:
    assert leases.may_take(held, "lease", seen, lapsed) is may


@given(st.sampled_from(leases.ACTS), st.sampled_from(["kim", "lee"]), MINUTES, st.booleans(), st.none() | MINUTES)
def test_only_ones_own_last_act_of_the_last_ten_minutes_on_which_nobody_has_built_is_undone(
    what: str, who: str, ago: timedelta, later: bool, active: timedelta | None
) -> None:
    act = leases.Act(what, "kim", NOW - ago)
    built = active is not None and active < ago
    refusal = leases.undo_refusal(act, who, NOW, later, None if active is None else NOW - active)
    fine = who == "kim" and what in leases.UNDOABLE and not later and not built
    assert (refusal == "") == (fine and timedelta(0) <= ago <= timedelta(minutes=10))
    assert refusal == "" or refusal in MESSAGES


def test_each_role_is_next_where_it_works_and_nobody_for_who_has_left_or_is_an_emergency() -> None:
    turns = {
        role: {stage for stage in STAGES if leases.is_turn(frozenset({role}), stage, "ordered")} for role in leases.TURN
    }
    assert turns == {"nurse": {"waiting"}, "surgeon": {"review", "confirmation"}, "radiographer": {"imaging"}}
    for status in (None, "requested", "started"):
        assert not leases.is_turn(frozenset({"radiographer"}), "imaging", status)
    assert not any(
        leases.is_turn(frozenset({"reception", "lead_nurse", "admin"}), stage, "ordered") for stage in STAGES
    )
