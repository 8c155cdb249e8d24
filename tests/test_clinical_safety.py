"""The clinical-safety page holds: every hazard has a control that a test shows, every number on it is measured."""

import ast
import re
from pathlib import Path

import pytest

from scripts.safety_tables import PAGE, UNEXPLAINED, renewed
from triage.knowledge import load

ROOT = Path(__file__).parent
TEXT = PAGE.read_text(encoding="utf-8")
COLUMNS = ("id", "hazard", "causes", "initial", "controls", "shown", "residual", "status")
STATUS = re.compile(r"(controlled|open: .+), ((CSO|CL|ENG|CLINIC)( and )?)+")


def names_of_tests(root: Path) -> set[str]:
    """Return the name of every test in the folder."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in root.rglob("test_*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def hazards(text: str) -> list[dict[str, str]]:
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("| H-")]
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def risk(cell: str) -> int:
    """Return the risk of a cell "S5 L2 = 10", or -1 when it is not the product of the two."""
    found = re.fullmatch(r"S([1-5]) L([1-5]) = (\d+)", cell)
    return int(found[3]) if found and int(found[1]) * int(found[2]) == int(found[3]) else -1


def faults(text: str, there: set[str]) -> list[str]:
    """Return what is wrong with the page: unknown tests, hazards without a shown control, wrong or high risks."""
    found = [f"no such test: {name}" for name in sorted(set(re.findall(r"`(test_\w+)`", text)) - there)]
    for number, row in enumerate(hazards(text), 1):
        name = row["id"]
        found += [f"{name}: ids run without a gap"] if name != f"H-{number:02}" else []
        found += [f"{name}: no control that a test shows"] if not re.search(r"`test_\w+`", row["shown"]) else []
        found += [f"{name}: empty cell"] if not all(row.values()) else []
        before, after = risk(row["initial"]), risk(row["residual"])
        found += [f"{name}: risk is not severity times likelihood"] if min(before, after) < 0 else []
        found += [f"{name}: severity may not be lowered"] if row["initial"][:2] != row["residual"][:2] else []
        found += [f"{name}: residual risk is not acceptable"] if not after < 10 or after >= before else []
        found += [f"{name}: status or owner"] if not STATUS.fullmatch(row["status"]) else []
    return found


def test_every_hazard_has_a_control_that_an_existing_test_shows() -> None:
    assert faults(TEXT, names_of_tests(ROOT)) == []
    assert len(hazards(TEXT)) >= 30


@pytest.mark.parametrize(
    "hazard",
    [
        "ranked lower", 'Unknown is read as "no"', "wrong patient", "answer is lost", "stale screen", "is not there",
        "one language", "Wrong rules are published", "Rollback", "draft loses an emergency", "Radiation in pregnancy",
        "modality that answers is missing", "Over-triage", "Alarm fatigue", "Automation bias", "Disagreement", "clock",
    ],
)  # fmt: skip
def test_the_log_covers_more_than_the_rules(hazard: str) -> None:
    assert any(hazard in row["hazard"] for row in hazards(TEXT))


GOOD = "| H-01 | a | b | S5 L3 = 15 | c | `test_there` | S5 L1 = 5 | controlled, CL |"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("`test_there`", "`test_gone`", "no such test: test_gone"),
        ("`test_there`", "nothing", "H-01: no control that a test shows"),
        ("H-01", "H-07", "H-07: ids run without a gap"),
        ("= 15", "= 12", "H-01: risk is not severity times likelihood"),
        ("S5 L1 = 5", "S3 L1 = 3", "H-01: severity may not be lowered"),
        ("S5 L1 = 5", "S5 L2 = 10", "H-01: residual risk is not acceptable"),
        ("controlled, CL", "fine", "H-01: status or owner"),
        ("| b |", "|  |", "H-01: empty cell"),
    ],
)
def test_a_planted_fault_of_the_log_is_found(old: str, new: str, fault: str) -> None:
    assert faults(GOOD, {"test_there"}) == []
    assert fault in faults(GOOD.replace(old, new), {"test_there"})


def test_every_number_on_the_page_is_measured_and_every_miss_explained() -> None:
    assert renewed(TEXT) == TEXT
    assert UNEXPLAINED not in TEXT


def test_a_number_that_drifted_and_a_miss_without_a_reason_are_found() -> None:
    drifted = TEXT.replace("| emergency | 49 | 49 |", "| emergency | 49 | 48 |")
    assert drifted != TEXT
    assert renewed(drifted) == TEXT
    silent = re.sub(r"(\| C010 \|.*\| )[^|]+ \|\n", "", TEXT, count=1)
    assert UNEXPLAINED in renewed(silent)


def test_nobody_has_signed_in_the_program() -> None:
    signature = TEXT[TEXT.index("## Sign-off") :]
    assert re.findall(r"^\| (.+?) \| \| \| \| \|$", signature, re.M) == ["Clinical safety officer", "Clinical lead"]
    assert load().ruleset.version in TEXT
