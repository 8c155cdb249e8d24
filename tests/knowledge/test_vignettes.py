"""The vignettes that come with the product: every line is read whole, and a bad one is refused with its line."""

import json
from pathlib import Path

import pytest

from tests.knowledge.support import read
from triage.knowledge import KnowledgeError
from triage.knowledge.vignettes import FILE, load_vignettes

GOOD = json.loads(FILE.read_text(encoding="utf-8").splitlines()[0])


def test_every_case_is_there_as_written() -> None:
    cases = load_vignettes()
    assert len(cases) == 106
    assert [(c.id, c.findings, c.expected) for c in cases] == [
        (c["id"], c["findings"], c["expected_acuity"]) for c in read("vignettes.jsonl")
    ]


def refused(folder: Path, *lines: dict) -> str:
    file = folder / "cases.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        load_vignettes(file)
    return str(error.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"findings": {"back_pane": True}}, "unknown finding: back_pane"),
        ({"findings": {"age": "old"}}, "age: must be"),
        ({"expected_acuity": "quick"}, "unknown acuity: quick"),
        ({"acceptable_acuity": ["quick"]}, "unknown acuity: quick"),
        ({"unsafe_routes": ["home"]}, "unknown route: home"),
        ({"note": ""}, "note: String should have at least 1 character"),
        ({"extra": 1}, "extra: Extra inputs are not permitted"),
    ],
)
def test_a_bad_case_is_refused_with_file_and_line(tmp_path: Path, change: dict, reason: str) -> None:
    message = refused(tmp_path, GOOD, {**GOOD, "id": "X2", **change})
    assert message.startswith("cases.jsonl:2: ")
    assert reason in message


def test_a_case_given_twice_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, GOOD, GOOD) == f"cases.jsonl:2: {GOOD['id']}: duplicate id"


def test_a_line_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text("{\n")
    with pytest.raises(KnowledgeError, match=r"cases.jsonl:1: line: Invalid JSON"):
        load_vignettes(tmp_path / "cases.jsonl")
