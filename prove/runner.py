"""Plays the rounds of a proof one by one, keeps each in a file, goes on where it stopped, and has the rounds judged."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

#: What one round found: plain values, kept as JSON.
Found = dict[str, Any]
#: Plays the round of this number with this chance.
Play = Callable[[int, Random], Found]


@dataclass(frozen=True)
class Check:
    """One thing that was to be shown: what was found, the bound it had to keep, and whether it did."""

    what: str
    found: str
    bound: str
    holds: bool


@dataclass(frozen=True)
class Plan:
    """One run of a proof: where it works, its chance, how many rounds, and how large each is."""

    folder: Path
    seed: int
    rounds: int
    size: int


@dataclass(frozen=True)
class Proof:
    """What a proof says, how many rounds of what size make it, how a sitting is opened, and how rounds are judged.

    ``sitting`` sets everything up and yields what plays a round; after a stop it is opened again for the rest.
    """

    name: str
    says: str
    rounds: int
    size: int
    sitting: Callable[[Plan], AbstractContextManager[Play]]
    judge: Callable[[Plan, Sequence[Found]], list[Check]]
    notes: Callable[[Plan, Sequence[Found]], list[str]]


@dataclass
class Course:
    """How far a run has come; everything a report needs stands in it."""

    seed: int
    rounds: int
    size: int
    commit: str
    began: str
    results: list[Found]
    seconds: float = 0.0
    sittings: int = 0

    @property
    def done(self) -> bool:
        """Tell whether every round was played."""
        return len(self.results) >= self.rounds


def commit() -> str:
    """Return the commit that is proved, marked where the working copy differs from it."""
    try:
        head = _git("rev-parse", "--short=10", "HEAD")
        return f"{head} with changes" if _git("status", "--porcelain", "--untracked-files=no") else head
    except (OSError, subprocess.CalledProcessError):  # not a clone
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def course(file: Path, plan: Plan, fresh: bool = False) -> Course:
    """Return the run that was begun in ``file``, or a new one: other chance, size or commit is another run."""
    if file.is_file() and not fresh:
        kept = Course(**json.loads(file.read_text(encoding="utf-8")))
        if (kept.seed, kept.rounds, kept.size, kept.commit) == (plan.seed, plan.rounds, plan.size, commit()):
            return kept
    return Course(plan.seed, plan.rounds, plan.size, commit(), datetime.now(UTC).isoformat(timespec="minutes"), [])


def play(proof: Proof, plan: Plan, limit: timedelta, fresh: bool = False, say: Callable[[str], None] = print) -> Course:
    """Play the rounds that are left until the limit, keeping each; return how far it has come."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    file = plan.folder / f"{proof.name}.json"
    run = course(file, plan, fresh)
    if run.done:
        return run
    begun, before = time.monotonic(), run.seconds
    run.sittings += 1
    with proof.sitting(plan) as play_round:
        for number in range(len(run.results), run.rounds):
            if time.monotonic() - begun > limit.total_seconds():
                say(f"stopped by the time limit after round {number} of {run.rounds}; run it again to go on")
                break
            found = play_round(number, Random(f"{run.seed}:{number}"))
            run.results.append({**found, "sitting": run.sittings})
            run.seconds = round(before + time.monotonic() - begun, 1)
            _keep(file, run)
            say(f"round {number + 1} of {run.rounds}: {proof_line(found)}")
    return run


def proof_line(found: Found) -> str:
    """Return a round's figures in one line."""
    return ", ".join(f"{name} {value}" for name, value in found.items() if not isinstance(value, list | dict))


def _keep(file: Path, run: Course) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(vars(run)) + "\n", encoding="utf-8")
    os.replace(new, file)


def growth(points: Sequence[tuple[float, float]]) -> float:
    """Return by how much the second value grows with each unit of the first: the slope of the least squares."""
    if len(points) < 2:
        return 0.0
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
