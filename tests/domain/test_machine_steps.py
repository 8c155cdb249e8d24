"""What follows when a machine says what it did: never twice, never backwards, and what is odd is told to somebody."""

from itertools import product

import pytest

from triage.domain import machine_steps as m
from triage.domain.lifecycle import IMAGING_STEPS, imaging_after

STATUSES = ("requested", "ordered", "started", "completed", "not_imaged", "cancelled")
SAYINGS = (m.BEGAN, m.COMPLETED, m.DISCONTINUED, m.STABLE)
OTHERS = [m.Others(*flags) for flags in product((False, True), repeat=4)]


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("said", SAYINGS)
@pytest.mark.parametrize("status", STATUSES)
def test_every_word_in_every_status_leads_somewhere_legal_and_only_once(
    status: str, said: str, others: m.Others
) -> None:
    effect = m.follows(said, status, others)
    if effect.step:
        after = imaging_after(effect.step, status)
        assert not m.follows(said, after, others).step, "the same word again takes no second step"
    assert effect.alert in ("", *m.ALERTS)


@pytest.mark.parametrize("said", SAYINGS)
@pytest.mark.parametrize("status", ["requested", "completed", "not_imaged", "cancelled"])
def test_without_a_doctors_order_or_after_its_end_no_word_moves_an_order(status: str, said: str) -> None:
    assert all(not m.follows(said, status, others).step for others in OTHERS)


@pytest.mark.parametrize("said", [m.BEGAN, m.STABLE])
@pytest.mark.parametrize("status", ["requested", "not_imaged", "cancelled"])
def test_a_machine_that_works_without_an_order_is_told_to_somebody(status: str, said: str) -> None:
    assert m.follows(said, status, m.Others()).alert


def test_what_nobody_checked_here_is_told_to_somebody() -> None:
    assert m.follows(m.BEGAN, "ordered", m.Others()) == m.Effect(m.START, m.UNASKED)
    assert m.follows(m.STABLE, "ordered", m.Others()) == m.Effect(m.DONE, m.UNASKED)
    assert m.follows(m.BEGAN, "started", m.Others()) == m.NOTHING


def test_broken_off_is_back_unless_another_step_runs_or_is_done() -> None:
    assert m.follows(m.DISCONTINUED, "started", m.Others()) == m.Effect(m.BACK, m.BROKEN_OFF)
    assert m.follows(m.DISCONTINUED, "started", m.Others(any=True, running=True)) == m.Effect(alert=m.BROKEN_OFF)
    assert m.follows(m.DISCONTINUED, "completed", m.Others(any=True, done=True)) == m.NOTHING


def test_images_alone_end_nothing_where_steps_are_told() -> None:
    assert m.follows(m.STABLE, "started", m.Others(any=True)) == m.NOTHING
    assert m.follows(m.STABLE, "started", m.Others()) == m.Effect(m.DONE)


def test_two_machines_at_once_for_one_order_are_told_to_somebody() -> None:
    assert m.follows(m.BEGAN, "started", m.Others(any=True, running=True, elsewhere=True)).alert == m.AGAIN


def test_the_steps_that_machines_take_are_the_lifecycles() -> None:
    assert {m.START, m.DONE, m.BACK} <= IMAGING_STEPS.keys()
