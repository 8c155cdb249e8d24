"""A sample of the proof that the wall lasts, and the proof's own eyes: a wall that fails would be seen."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prove.runner import Found, Plan
from prove.wall_verdict import judge

ROOT = Path(__file__).resolve().parents[2]
LATER = "from the first outage on: added by 10,000 refreshes"
PLAN = Plan(Path(), 1, 8, 1500)


@pytest.mark.browser
def test_a_sample_of_the_proof_holds_over_a_day_change_and_a_restart(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "prove", "wall", "--rounds", "4", "--size", "20", "--folder", str(tmp_path)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout
    for shown in ("refreshes", "yesterday's calls are gone", "the page lives on", "nodes of the page"):
        assert f"ok      {shown}" in done.stdout
    assert not (tmp_path / "wall.md").exists(), "a sample leaves no page"


def rounds(**last: Any) -> list[Found]:
    """Return the rounds of a wall without fault; ``last`` changes those after the outage."""
    sound = [
        {
            "refreshes": 1500 * (number + 1), "heap_kb": 870.0, "nodes": 220 + number % 3, "listeners": 1,
            "browser_mb": 70.0, "server_mb": 166.0, "server_life": 1 if number < 5 else 2, "born": 1.0, "sitting": 1,
            "wrong": [], "before_midnight": 3, "after_midnight": 0, "asked_at_the_desk": True,
        }
        for number in range(8)
    ]  # fmt: skip
    return [found | {n: v(i) if callable(v) else v for n, v in last.items() if i >= 5} for i, found in enumerate(sound)]


def failing(results: list[Found]) -> list[str]:
    return [check.what for check in judge(PLAN, results) if not check.holds]


def test_a_wall_without_fault_passes() -> None:
    assert failing(rounds()) == []


@pytest.mark.parametrize(
    ("planted", "what"),
    [
        ({"wrong": [["A001"]]}, "rounds in which the wall showed other numbers than it should"),
        ({"asked_at_the_desk": False}, "while the server is away: no number, “Please ask at the desk”"),
        ({"born": 2.0}, "the page lives on and is never loaded anew"),
        ({"listeners": 9}, "event listeners"),
        ({"nodes": 400}, "nodes of the page"),
        (
            {"heap_kb": lambda number: 870.0 + 40 * number},
            f"script memory {LATER}",
        ),
        (
            {"browser_mb": lambda number: 70.0 + 20 * number},
            "the browser's process: added by 10,000 refreshes",
        ),
        ({"heap_kb": 1200.0}, "script memory: added once by an outage"),
        ({"refreshes": 100}, "refreshes"),
    ],
)
def test_a_planted_fault_is_seen(planted: dict[str, Any], what: str) -> None:
    assert what in failing(rounds(**planted))


def test_calls_that_stay_over_midnight_are_seen() -> None:
    results = rounds()
    results[3] |= {"after_midnight": 1}
    assert failing(results) == ["yesterday's calls are gone"]
