"""The vocabulary: nothing renamed, everything enterable once, no clinical name in Python code."""

import io
import json
import tokenize
from pathlib import Path

import pytest

import triage
from tests.knowledge.support import FOLDER, read
from triage.domain.findings import refusal
from triage.knowledge import load

#: Words that are also the names of other things in the program: the patient record and its pages.
GENERIC = {"pregnant", "anticoagulant"}
FINDINGS = json.loads((FOLDER / "vocabulary.json").read_text())


def lost(now: dict[str, list[str]]) -> list[str]:
    """Return the names of the first vocabulary that are gone or have other types now; new names are welcome."""
    return [name for name, types in FINDINGS.items() if sorted(now.get(name, ())) != sorted(types)]


def test_the_vocabulary_only_grows_and_no_finding_is_renamed_or_retyped():
    assert lost({name: list(finding.types) for name, finding in load().findings.items()}) == []


def test_a_renamed_and_a_retyped_finding_are_seen():
    now = {name: types for name, types in FINDINGS.items() if name != "odi"} | {"abi": ["int"], "odi_total": ["int"]}
    assert sorted(lost(now)) == ["abi", "odi"]


def test_every_finding_has_one_place_and_words_in_both_languages():
    k = load()
    sections = {section.id: section.place for section in k.sections}
    for finding in k.findings.values():
        assert finding.place == sections[finding.section]
        assert finding.label("ja") != finding.label("en") or finding.label("ja").isascii()
        assert finding.question("ja")
        assert finding.kind in {"yes_no", "integer", "number", "choice", "text"}


def test_every_finding_of_an_urgent_question_points_back_to_it():
    k = load()
    for question in k.urgent_questions:
        for name in (*question.findings, *question.details):
            assert k.findings[name].ask == question.id
            assert k.findings[name].urgent
            assert k.findings[name].asked_by == question.asked_by
        assert set(question.yes_means) <= set(question.findings)


def test_the_desk_asks_nine_urgent_questions_and_the_nurse_six_more():
    asked = [question.asked_by for question in load().urgent_questions]
    assert (asked.count("reception"), asked.count("nurse")) == (9, 6)


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in read("vignettes.jsonl") + read("cases.jsonl")])
def test_every_case_uses_values_that_staff_can_enter(case):
    known = load().findings
    for name, value in case["findings"].items():
        assert refusal(known[name], value) is None


def clinical_names_in(source: str) -> set[str]:
    """Return the findings that code names, in strings or identifiers; comments are free."""
    names = {name for name in load().findings if len(name) >= 6} - GENERIC
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            found |= names & {token.string}
        elif token.type == tokenize.STRING:
            found |= names & set(token.string.strip("rbfu").strip("\"'").split())
    return found


def test_no_python_file_names_a_finding():
    root = Path(triage.__file__).parent
    files = [path for path in sorted(root.rglob("*.py")) if "__pycache__" not in path.parts]
    named = {path.name: found for path in files if (found := clinical_names_in(path.read_text(encoding="utf-8")))}
    assert named == {}


def test_the_guard_sees_a_planted_name():
    assert clinical_names_in('if answers["saddle_anaesthesia"]: pass') == {"saddle_anaesthesia"}
    assert clinical_names_in("foot_drop = 1") == {"foot_drop"}
    assert clinical_names_in("# foot_drop in a remark") == set()
