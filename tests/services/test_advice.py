"""What the rules advise is asked once for the same findings, and never taken from others that only look alike."""

from triage import knowledge
from triage.domain.rules import evaluate
from triage.knowledge.vignettes import load_vignettes
from triage.services.advice import advise


def test_the_advice_is_that_of_the_rules_however_often_it_is_asked() -> None:
    rules = knowledge.load().ruleset
    for vignette in load_vignettes():
        for _ in range(2):
            assert advise(rules, dict(vignette.findings)) == evaluate(rules, dict(vignette.findings)), vignette.id


def test_the_same_findings_are_asked_once() -> None:
    rules = knowledge.load().ruleset
    assert advise(rules, {"pain_nrs": 6, "age": 41}) is advise(rules, {"pain_nrs": 6, "age": 41})


def test_one_answer_more_less_or_other_is_asked_anew() -> None:
    rules = knowledge.load().ruleset
    asked = [{}, {"fever_c": 38}, {"fever_c": 38.0}, {"fever_c": 39.5}, {"babinski": True}, {"babinski": False}]
    found = [advise(rules, findings) for findings in asked]
    assert len({id(one) for one in found}) == len(asked)
    assert found == [evaluate(rules, findings) for findings in asked]


def test_other_rules_are_asked_anew() -> None:
    shipped = knowledge.load()
    same = knowledge.load.__wrapped__(knowledge.FOLDER)
    assert advise(shipped.ruleset, {"babinski": True}) is not advise(same.ruleset, {"babinski": True})
