"""Reads the vignettes and cases, and judges one suggestion against what the case accepts."""

import json
from pathlib import Path

from triage.domain.rules import evaluate
from triage.domain.suggestion import Suggestion
from triage.knowledge import load
from triage.knowledge.vignettes import FILE

FOLDER = Path(__file__).parent
#: The vignettes belong to the product, which simulates drafts on them; the own cases belong to its tests.
FILES = {"vignettes.jsonl": FILE, "cases.jsonl": FOLDER / "cases.jsonl"}
ACUITIES = ("emergency", "urgent", "soon", "routine")


def read(name: str) -> list[dict]:
    return [json.loads(line) for line in FILES[name].read_text(encoding="utf-8").splitlines()]


def advise(findings: dict) -> Suggestion:
    return evaluate(load().ruleset, findings)


def rank(suggestion: Suggestion) -> tuple[int, int]:
    """Return the urgency, smaller is more urgent."""
    return (ACUITIES.index(suggestion.acuity), suggestion.level)


def table(cases: list[dict]) -> dict[str, dict[str, int]]:
    """Count per expected acuity: cases, accepted answers, unsafe routes, over- and under-triage."""
    rows: dict[str, dict[str, int]] = {}
    for case in cases:
        got = advise(case["findings"])
        mine, accepted = ACUITIES.index(got.acuity), [ACUITIES.index(a) for a in case["acceptable_acuity"]]
        row = rows.setdefault(case["expected_acuity"], dict.fromkeys(("n", "ok", "unsafe", "over", "under"), 0))
        row["n"] += 1
        row["ok"] += mine in accepted and got.route in case["acceptable_routes"]
        row["unsafe"] += got.route in case["unsafe_routes"]
        row["over"] += mine < min(accepted)
        row["under"] += mine > max(accepted)
    return rows
