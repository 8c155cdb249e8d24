"""What the rules advise is asked once for the same findings, and never taken from others that only look alike."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.builders import Clinic, wait
from triage import knowledge
from triage.domain.findings import Answer
from triage.domain.rules import evaluate
from triage.domain.ruleset import Ruleset
from triage.knowledge import basis
from triage.knowledge.reading import read
from triage.knowledge.vignettes import load_vignettes
from triage.services import advice, encounters, intakes, triage
from triage.services.advice import SEAL, advise, sealed
from triage.stored_json import from_json, to_json


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Start as a process that has not judged anything yet."""
    advice._advised.cache_clear()


def judged(rules: Ruleset, findings: dict[str, Any]) -> dict[str, Any]:
    """Return what another process has kept of its advice, as the database gives it back."""
    kept: dict[str, Any] = from_json(to_json(sealed(rules, findings, evaluate(rules, findings))))
    return kept


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


def test_what_another_process_advised_is_word_for_word_what_the_rules_advise() -> None:
    rules = knowledge.load().ruleset
    for vignette in load_vignettes():
        findings = dict(vignette.findings)
        assert advise(rules, findings, judged(rules, findings)) == evaluate(rules, findings), vignette.id


FINDINGS: dict[str, Any] = {"pain_nrs": 6, "fever_c": 38.0, "babinski": False, "age": 41}


def test_what_was_advised_on_the_same_is_taken_as_it_was_kept() -> None:
    rules = knowledge.load().ruleset
    kept = judged(rules, FINDINGS) | {"acuity": "as it was kept"}
    assert advise(rules, dict(reversed(FINDINGS.items())), kept).acuity == "as it was kept"


@pytest.mark.parametrize(
    "other",
    [
        {"pain_nrs": 7}, {"pain_nrs": 6.0}, {"fever_c": 38}, {"babinski": None}, {"babinski": 0}, {"age": 42},
        {"saddle_anaesthesia": False}, {"urinary_retention": True},
    ],
)  # fmt: skip
def test_what_was_advised_on_anything_else_is_never_taken(other: dict[str, Any]) -> None:
    rules, findings = knowledge.load().ruleset, FINDINGS | other
    kept = judged(rules, FINDINGS) | {"level": 5}
    assert advise(rules, findings, kept) == evaluate(rules, findings)


def test_an_answer_that_is_not_there_any_more_is_not_advised_on() -> None:
    rules = knowledge.load().ruleset
    fewer = {name: value for name, value in FINDINGS.items() if name != "fever_c"}
    assert advise(rules, fewer, judged(rules, FINDINGS) | {"level": 5}) == evaluate(rules, fewer)


@pytest.mark.parametrize(
    "change",
    [
        lambda rules: replace(rules, basis="another program, other rules, or other machines"),
        lambda rules: replace(rules, basis=""),
    ],
)
def test_what_other_rules_or_another_program_advised_is_never_taken(change: Callable[[Ruleset], Ruleset]) -> None:
    rules = knowledge.load().ruleset
    kept = judged(rules, FINDINGS) | {"level": 5}
    assert advise(change(rules), FINDINGS, kept) == evaluate(rules, FINDINGS)


@pytest.mark.parametrize("kept", [None, {}, {SEAL: ""}, {"level": 5}, {SEAL: None, "level": 5}])
def test_what_was_kept_without_a_seal_is_judged_anew(kept: dict[str, Any] | None) -> None:
    rules = knowledge.load().ruleset
    assert advise(rules, FINDINGS, kept) == evaluate(rules, FINDINGS)


def test_the_basis_is_another_one_as_soon_as_rules_or_machines_or_words_are() -> None:
    _document, raw = read(knowledge.FOLDER)
    shipped = basis.basis_of(raw)
    machines = [one.model_copy(update={"on_site": not one.on_site}) for one in raw.modality]
    others = [raw.model_copy(update=part) for part in ({"modality": machines}, {"rule": raw.rule[1:]})]
    assert shipped == knowledge.load().ruleset.basis
    assert len({shipped, *map(basis.basis_of, others)}) == 3


def test_the_basis_is_another_one_as_soon_as_the_program_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = Path(basis.__file__).parent.parent
    for package in basis.PACKAGES:
        shutil.copytree(here / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(basis, "__file__", str(tmp_path / "knowledge" / "basis.py"))
    same = basis.program.__wrapped__()
    with (tmp_path / "domain" / "settling.py").open("a") as file:
        file.write("# one word more")
    assert same == basis.program()
    assert basis.program.__wrapped__() != same


def test_every_process_of_this_program_has_the_same_basis() -> None:
    asked = "from triage import knowledge; print(knowledge.load().ruleset.basis)"
    found = {
        subprocess.run(
            [sys.executable, "-c", asked], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True,
            check=True, cwd=Path(basis.__file__).parents[2],
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert found == {knowledge.load().ruleset.basis}
    assert len(found.pop()) == 64


def test_the_decision_is_made_on_what_stands_in_the_database(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, {"pain_nrs": 6})
    advice._advised.cache_clear()
    assert triage.situation(encounters.get(clinic.nurse, encounter.id)).suggestion.level > 2
    intakes.record_answers(clinic.nurse, encounter.id, {"saddle_anaesthesia": Answer(True, True)})
    advice._advised.cache_clear()
    assert triage.situation(encounters.get(clinic.nurse, encounter.id)).suggestion.level <= 2
