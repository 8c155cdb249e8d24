"""What is still to be asked: exactly what could change the answer, and the fewest questions that settle it."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from tests.domain.test_rules import RULES, rule
from tests.knowledge.support import advise, read
from triage.domain.asking import open_implicants
from triage.domain.literals import bits
from triage.domain.rules import evaluate, outcome
from triage.knowledge import load

KNOWN = load()
RULESET = KNOWN.ruleset
LITERALS = RULESET.implicants.literals
ALL = [case["findings"] for case in read("vignettes.jsonl") + read("cases.jsonl")]
SPARSE = [{}, {"back_pain": True}, {"leg_pain": True, "age": 44}, {"neck_pain": True}, {"leg_weakness": True}]
CASES = SPARSE + random.Random(3).sample(ALL, 40)


def answer(case: dict) -> tuple[str, str]:
    got = outcome(RULESET, case)
    return got.acuity, got.route


def urgency(case: dict) -> tuple[int, int]:
    """Return rank and place of the route: smaller is more urgent. An exception to a rule only ever makes it larger."""
    got = outcome(RULESET, case)
    return got.rank, RULESET.routes.index(got.route)


def unanswered(case: dict) -> list[str]:
    return [name for name in LITERALS.samples if case.get(name) is None and name not in case]


@pytest.mark.parametrize("case", CASES)
def test_whatever_raises_the_acuity_or_turns_the_route_was_listed_as_unknown(case):
    rng = random.Random(repr(case))
    listed = set(advise(case).unknown)
    names = unanswered(case)
    for _ in range(60):
        now, before = dict(case), urgency(case)
        for name in rng.sample(names, min(6, len(names))):
            now[name] = rng.choice(LITERALS.samples[name])
            after = urgency(now)
            assert after >= before or name in listed, (name, now)
            before = min(before, after)


@pytest.mark.parametrize("case", CASES)
def test_any_one_answer_that_changes_something_was_listed_as_unknown(case):
    listed = set(advise(case).unknown)
    before = answer(case)
    changing = {n for n in unanswered(case) for v in LITERALS.samples[n] if answer({**case, n: v}) != before}
    assert changing <= listed


def turns(case: dict, name: str) -> bool:
    """Say whether some answers to the rest make this one finding turn the acuity or the route."""
    base = answer(case)
    if any(answer({**case, name: value}) != base for value in LITERALS.samples[name]):
        return True
    for implicants in RULESET.implicants.of_rule.values():
        for implicant in implicants:
            if name not in {fact.name for _, fact in LITERALS.facts(implicant.mask)}:
                continue
            others = {n: v for n, v in LITERALS.witness(implicant.mask).items() if case.get(n) is None or n == name}
            value = others.pop(name)
            if answer({**case, **others, name: value}) != answer({**case, **others}):
                return True
    return False


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_listed_as_unknown_that_could_not_change_anything(case):
    assert [name for name in advise(case).unknown if not turns(case, name)] == []


def nothing_found(case: dict) -> dict:
    """Answer every question of ``ask`` as if nothing were found."""
    found = dict(case)
    by_question = {q.id: q.findings for q in KNOWN.urgent_questions}
    for question in advise(case).ask:
        for name in by_question.get(question, (question,)):
            if found.get(name) is None:
                found[name] = harmless(found, name)
    return found


def harmless(case: dict, name: str) -> object:
    def harm(value: object) -> tuple:
        tried = {**case, name: value}
        return answer(tried) != answer(case), -outcome(RULESET, tried).rank, value is True, len(advise(tried).ask)

    return min(LITERALS.samples[name], key=harm)


@pytest.mark.parametrize("case", CASES)
def test_when_the_questions_are_answered_and_nothing_is_found_the_suggestion_is_settled(case):
    done = nothing_found(case)
    got = advise(done)
    left = [question for question in got.ask if question not in advise(case).ask]
    assert answer(done) == answer(case) or left == []
    assert not (got.provisional and not left)
    assert len(got.ask) <= 4, got.ask


def test_the_most_urgent_questions_are_asked_first_and_one_no_answers_several_findings():
    ask = advise({"back_pain": True}).ask
    assert ask[:4] == ("ask_urine", "ask_saddle", "ask_bowel", "ask_legs")
    assert ask.index("ask_cancer") < ask.index("foot_drop")
    assert len(ask) < len(advise({"back_pain": True}).unknown)


def test_one_no_spares_its_partners():
    rules = [rule("PAIR", f"a and {other}", "emergency", 0, "doctor") for other in ("b", "c")]
    rules.append(rule("N", "a and n >= 3", "emergency", 0, "doctor"))
    ids = [f"R{number}" for number in range(len(rules))]
    three = replace(RULES, rules=tuple(replace(r, id=i) for r, i in zip(rules, ids, strict=True)))
    got = evaluate(three, {})
    assert got.ask == ("a",)
    assert got.unknown == ("a", "b", "c", "n")


def open_sets(case: dict) -> list[frozenset[str]]:
    """Return the sets of questions of which one has to be answered no, so that nothing is left open."""
    passed, failed = LITERALS.standing(RULESET.values(case))
    questions = RULESET.implicants.questions
    found = set()
    for reach, opening in open_implicants(RULESET, outcome(RULESET, case), passed, failed):
        masks = [1 << number for number in opening.alone]
        masks += [reach.implicants[index].mask & ~passed for index in bits(opening.several)]
        found |= {frozenset(questions.ids[questions.of[number]] for number in bits(mask)) for mask in masks}
    return [one for one in found if not any(other < one for other in found)]


def fewest(sets: list[frozenset[str]], best: int = 10_000) -> int:
    """Return the size of the smallest set of questions that hits every set: exhaustive, by taking one or leaving it."""
    if not sets:
        return 0
    if best <= 0:
        return 10_000
    smallest = min(sets, key=len)
    if len(smallest) == 1:
        return 1 + fewest([one for one in sets if not one & smallest], best - 1)
    counted = Counter(question for one in sets for question in one)
    question = max(counted, key=lambda name: (counted[name], name))
    taken = 1 + fewest([one for one in sets if question not in one], best - 1)
    left = fewest([one - {question} for one in sets], min(best, taken))
    return min(taken, left)


SETTLING = SPARSE + [case for case in ALL if outcome(RULESET, case).rank > 0][::3]


@pytest.mark.parametrize("case", SETTLING)
def test_the_questions_that_could_raise_it_are_the_fewest_possible(case):
    sets = open_sets(case)
    asked = [question for question in advise(case).ask if any(question in one for one in sets)]
    assert all(one & set(asked) for one in sets)
    closing = {name for one in RULESET.restrictions for name in one.rule.when.names()} & set(asked)
    assert len(asked) == len(closing) + fewest([one for one in sets if not one & closing])
