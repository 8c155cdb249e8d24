"""Up is free, down is guarded: which ways are closed, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from triage.domain import gate
from triage.domain.alarms import escalated
from triage.domain.lifecycle import ROUTES

CALM = gate.Question(unanswered=(), not_known=(), level=4, route="xray")
OTHER_ROUTES = sorted(set(ROUTES) - {"emergency_specialist"})
WORST = gate.Question(unanswered=("q1",), not_known=("q2",), level=2, route="emergency_specialist", emergency_open=True)


def codes(question: gate.Question, asked: gate.Asked) -> list[str]:
    return [code for code, _values in gate.closed(question, asked)]


def test_nothing_ever_closes_the_way_to_the_emergency() -> None:
    for level in (0, 1, 2, 3, 4, 5, 99):
        assert gate.closed(WORST, gate.Asked(level, "emergency_specialist")) == []
    assert gate.standing(WORST, "emergency_specialist") == []


@pytest.mark.parametrize("route", [*ROUTES, "", "nonsense"])
@pytest.mark.parametrize("level", [1, 2])
def test_level_1_or_2_is_an_emergency_whatever_the_route_says(level: int, route: str) -> None:
    assert gate.is_emergency(level, route)
    assert gate.closed(WORST, gate.Asked(level, route)) == []


@pytest.mark.parametrize("level", [-1, 0, 3, 4, 5, 6, 2**63])
def test_a_level_that_is_none_is_no_emergency_and_no_decision(level: int) -> None:
    assert not gate.is_emergency(level, "xray")
    assert ("acuity_needed" in codes(CALM, gate.Asked(level, "xray", reason="other"))) == (level not in gate.LEVELS)


def test_the_suggestion_is_accepted_without_a_reason() -> None:
    assert codes(CALM, gate.Asked(4, "xray")) == []


@pytest.mark.parametrize("asked", [gate.Asked(3, "xray"), gate.Asked(5, "xray"), gate.Asked(4, "ct")])
def test_any_other_level_or_route_needs_a_coded_reason(asked: gate.Asked) -> None:
    assert codes(CALM, asked) == ["reason_needed"]


@pytest.mark.parametrize("route", OTHER_ROUTES)
def test_an_unanswered_urgent_question_closes_every_other_way(route: str) -> None:
    question = gate.Question(unanswered=("q1", "q2"), not_known=(), level=4, route=route)
    assert ("unanswered", {"count": 2}) in gate.closed(question, gate.Asked(4, route, "ct"))
    assert gate.standing(question, route) == [("unanswered", {"count": 2})]


def test_not_known_closes_conservative_first_even_when_it_is_explained() -> None:
    question = gate.Question(unanswered=(), not_known=("q1",), level=5, route="conservative_first")
    assert codes(question, gate.Asked(5, "conservative_first", explained=("q1",))) == ["not_known_closes"]


def test_not_known_must_be_explained_question_by_question_before_any_other_way() -> None:
    question = gate.Question(unanswered=(), not_known=("q1", "q2"), level=4, route="xray")
    assert codes(question, gate.Asked(4, "xray", explained=("q1",))) == ["not_known_without_reason"]
    assert codes(question, gate.Asked(4, "xray", explained=("q1", "q2"))) == []


@pytest.mark.parametrize("route", OTHER_ROUTES)
def test_an_emergency_closes_every_other_way_until_two_people_took_it_back(route: str) -> None:
    for question in (
        gate.Question((), (), 2, "emergency_specialist"),
        gate.Question((), (), 4, route, emergency_open=True),
        gate.Question((), (), 2, "emergency_specialist", emergency_open=True, emergency_withdrawn=True),
    ):
        assert "emergency_stands" in codes(question, gate.Asked(4, route, "ct", "findings_differ"))
    taken_back = gate.Question((), (), 2, "emergency_specialist", emergency_withdrawn=True)
    assert codes(taken_back, gate.Asked(4, route, "ct", "findings_differ")) == []


def test_imaging_before_the_specialist_needs_its_modality() -> None:
    question = gate.Question((), (), 3, "imaging_then_specialist")
    assert codes(question, gate.Asked(3, "imaging_then_specialist")) == ["modality_needed"]
    assert codes(question, gate.Asked(3, "imaging_then_specialist", "ct")) == []


def test_every_closed_gate_is_told_not_only_the_first() -> None:
    told = codes(WORST, gate.Asked(5, "conservative_first"))
    assert told == ["emergency_stands", "unanswered", "not_known_closes", "not_known_without_reason", "reason_needed"]


def test_a_routing_can_be_undone_for_ten_minutes() -> None:
    now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert gate.may_recall(now, now)
    assert gate.may_recall(now - timedelta(minutes=10), now)
    assert not gate.may_recall(now - timedelta(minutes=10, seconds=1), now)
    assert not gate.may_recall(now + timedelta(seconds=1), now)


def test_a_rule_taken_back_stays_quiet_only_on_exactly_the_same_facts() -> None:
    assert gate.is_quiet(["a"], {"a": True}, {"a": True, "b": True})
    assert not gate.is_quiet(["a", "b"], {"a": True}, {"a": True, "b": True})
    assert not gate.is_quiet(["grade"], {"grade": 3}, {"grade": 2})
    assert not gate.is_quiet(["a"], {}, {"a": True})


def test_an_emergency_that_nobody_takes_on_for_two_minutes_alerts_more_people() -> None:
    opened = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert not escalated(opened, None, opened + timedelta(minutes=1, seconds=59))
    assert escalated(opened, None, opened + timedelta(minutes=2))
    assert not escalated(opened, opened + timedelta(minutes=9), opened + timedelta(minutes=10))


@pytest.mark.parametrize("route", ["specialist_consult", "imaging_then_specialist"])
def test_a_referral_that_lacks_something_needs_a_written_reason(route: str) -> None:
    question = gate.Question((), (), 3, route)
    asked = gate.Asked(3, route, "ct", lacks=("score",))
    assert codes(question, asked) == ["referral_incomplete"]
    assert codes(question, replace(asked, without=" ")) == ["referral_incomplete"]
    assert codes(question, replace(asked, without="the questionnaire follows")) == []
    assert codes(question, replace(asked, level=2)) == [], "an emergency is never held up"
