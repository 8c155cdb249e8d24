"""The engine itself, on rules made up for the test: three-valued, monotone, exact about what is unknown."""

from dataclasses import replace

import pytest

from triage.domain.expressions import parse
from triage.domain.findings import Finding, refusal
from triage.domain.rules import evaluate
from triage.domain.ruleset import Combination, Narrowing, Restriction, Rule, Ruleset

VOCABULARY = {
    "a": Finding(name="a", types=("bool",)),
    "b": Finding(name="b", types=("bool",)),
    "c": Finding(name="c", types=("bool",)),
    "n": Finding(name="n", types=("int", "null")),
    "k": Finding(name="k", types=("str", "null"), null_means="none", some="some", values=("x", "y", "some")),
}


def holds(expression: str, **values: object):
    return parse(expression, VOCABULARY, {}).test(values)


@pytest.mark.parametrize(
    ("expression", "values", "verdict"),
    [
        ("a", {}, None),
        ("a", {"a": False}, False),
        ("a and b", {"a": True}, None),
        ("a and b", {"a": False}, False),
        ("a or b", {"a": True}, True),
        ("a or b", {"a": False}, None),
        ("at_least(2, a, b, c)", {"a": True, "b": True}, True),
        ("at_least(2, a, b, c)", {"a": True}, None),
        ("at_least(2, a, b, c)", {"a": False, "b": False}, False),
        ("n >= 3", {}, None),
        ("n >= 3", {"n": 3}, True),
        ("unless(a)", {}, True),
        ("unless(a)", {"a": False}, True),
        ("unless(a)", {"a": True}, False),
        ("denied(a)", {}, None),
        ("denied(a)", {"a": False}, True),
        ("denied(a)", {"a": True}, False),
        ("k == 'x'", {"k": None}, False),
        ("k == 'x'", {"k": "some"}, None),
        ("k in ('x', 'y')", {"k": "some"}, True),
    ],
)
def test_unknown_is_neither_yes_nor_no(expression, values, verdict):
    assert holds(expression, **values) is verdict


def rule(id: str, expression: str, acuity: str, rank: int, route: str | None, **more) -> Rule:
    fields = {"imaging": (), "actions": (), "sources": ("S",), "url": "", "status": "project", **more}
    return Rule(
        id=id,
        expression=expression,
        when=parse(expression, VOCABULARY, {}),
        acuity=acuity,
        rank=rank,
        level=rank + 2,
        route=route,
        text={"en": id, "ja": id},
        **fields,
    )


RULES = Ruleset(
    version="1",
    hash="h",
    vocabulary=VOCABULARY,
    definitions={},
    rules=(
        rule("TOP", "a and b", "emergency", 0, "doctor", imaging=("mri",)),
        rule("WAIT", "n >= 8", "urgent", 1, None),
        rule("FILM", "c", "soon", 2, "film", imaging=("film",)),
        rule("TALK", "k == 'x'", "soon", 2, "talk"),
    ),
    default=rule("BASE", "a or unless(a)", "routine", 3, "home"),
    routes=("doctor", "talk", "film", "home"),
    combinations=(Combination(chosen=("film",), also=("doctor",), becomes="doctor"),),
    narrowings=(Narrowing(when=parse("k == 'y'", VOCABULARY, {}), of=("mri",), to="mri_of_a_part"),),
    restrictions=(Restriction(rule=rule("NO-FILM", "k == 'y'", "soon", 2, "talk"), closes=("film",), drops=("film",)),),
    covers={},
)


def test_imaging_is_narrowed_where_the_findings_point_to_one_part():
    assert evaluate(RULES, {"a": True, "b": True, "k": "y"}).imaging == ("mri_of_a_part",)
    assert evaluate(RULES, {"a": True, "b": True, "k": "some"}).imaging == ("mri",)


def test_of_what_is_unknown_the_answers_that_decide_alone_come_first():
    rules = replace(
        RULES, rules=(rule("TWO", "a and b", "emergency", 0, "doctor"), rule("ONE", "c", "emergency", 0, "doctor"))
    )
    assert evaluate(rules, {}).unknown[:1] == ("c",)
    assert evaluate(rules, {"b": True}).unknown == ("a", "c")
    assert set(evaluate(rules, {}).unknown) == {"a", "b", "c"}


def test_the_most_urgent_rule_decides_and_every_reason_is_kept():
    got = evaluate(RULES, {"a": True, "b": True, "c": True})
    assert (got.acuity, got.route, got.imaging) == ("emergency", "doctor", ("mri",))
    assert [reason.rule for reason in got.reasons] == ["TOP", "FILM"]
    assert got.reasons[0].facts == ("a", "b")


def test_a_rule_without_route_only_shortens_the_wait():
    got = evaluate(RULES, {"n": 9})
    assert (got.acuity, got.route, got.imaging) == ("urgent", "home", ())
    assert [reason.rule for reason in got.reasons] == ["WAIT", "BASE"]


def test_unknown_lists_only_what_can_still_change_the_answer():
    assert evaluate(RULES, {"a": False, "n": 0, "c": False, "k": None}).unknown == ()
    assert evaluate(RULES, {"a": True, "n": 0, "c": False, "k": None}).unknown == ("b",)
    assert evaluate(RULES, {"a": False, "n": 0, "c": True}).unknown == ("k",)
    assert evaluate(RULES, {"a": True, "b": True}).unknown == ()


def test_provisional_ends_when_nothing_can_raise_the_acuity():
    assert evaluate(RULES, {"a": False, "c": True}).provisional
    assert not evaluate(RULES, {"a": False, "n": 0, "c": True}).provisional


def test_a_restriction_closes_a_route_and_says_so():
    got = evaluate(RULES, {"a": False, "c": True, "k": "y"})
    assert (got.route, got.imaging, got.reasons[-1].rule) == ("talk", (), "NO-FILM")


def test_a_null_that_means_unknown_is_unknown():
    assert evaluate(RULES, {"a": False, "n": None}).provisional


@pytest.mark.parametrize(
    ("finding", "value", "allowed"),
    [
        (Finding(name="f", types=("float",)), 38, True),
        (Finding(name="f", types=("float",)), True, False),
        (Finding(name="f", types=("int",)), 3.0, False),
        (Finding(name="f", types=("int",)), True, False),
        (Finding(name="f", types=("int",)), "3", False),
        (Finding(name="f", types=("int",), minimum=0, maximum=5), 6, False),
        (Finding(name="f", types=("float",)), float("nan"), False),
        (Finding(name="f", types=("float",)), float("inf"), False),
        (Finding(name="f", types=("bool",)), 1, False),
        (Finding(name="f", types=("bool",)), None, False),
        (Finding(name="f", types=("bool", "null")), None, True),
        (Finding(name="f", types=("str",), values=("x",)), "y", False),
        (Finding(name="f", types=("str",)), [], False),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(finding, value, allowed):
    assert (refusal(finding, value) is None) is allowed


def test_a_reason_keeps_the_value_of_every_fact_it_used():
    rules = replace(RULES, rules=(rule("NUM", "n >= 3 and a", "soon", 2, "talk"),))
    reason = evaluate(rules, {"n": 4, "a": True, "b": True}).reasons[0]
    assert reason.used == {"n": 4, "a": True}
    assert reason.as_dict()["used"] == {"n": 4, "a": True}
    assert type(reason).from_dict(reason.as_dict()) == reason
