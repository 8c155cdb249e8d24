"""``./dev prove NAME``: play a proof to its end or to the time limit, judge it, and write its page."""

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from prove import report
from prove.runner import ROOT, Plan, Proof, play

#: Every proof, in its module of the same name.
NAMES = ("wall", "board", "pages")
SEED = 20261122
#: How a run ended: shown, not shown, stopped by the time limit.
SHOWN, NOT_SHOWN, STOPPED = 0, 1, 3


def load(name: str) -> Proof:
    """Return the proof of this name."""
    found: Proof = import_module(f"prove.{name}").PROOF
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one proof, or list them; return how it ended."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))  # the server and the browser end with the proof
    if asked.name is None:
        for name in NAMES:
            print(f"{name:8} {load(name).says}")
        return SHOWN
    proof = load(asked.name)
    whole = not asked.rounds and not asked.size
    plan = Plan(asked.folder, asked.seed, asked.rounds or proof.rounds, asked.size or proof.size)
    run = play(proof, plan, timedelta(minutes=asked.minutes), asked.fresh)
    if not run.done:
        return STOPPED
    checks = proof.judge(plan, run.results)
    for check in checks:
        print(f"{'ok    ' if check.holds else 'FAILED'}  {check.what}: {check.found} ({check.bound})")
    if whole:
        print(f"written: {report.write(proof, plan, run, checks)}")
    return SHOWN if all(check.holds for check in checks) else NOT_SHOWN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev prove", description="Long proofs; without a name: which there are.")
    parser.add_argument("name", nargs="?", choices=NAMES)
    parser.add_argument("--seed", type=int, default=SEED, help="the chance of the rounds")
    parser.add_argument("--minutes", type=float, default=60, help="stop after so long; the next run goes on")
    parser.add_argument("--fresh", action="store_true", help="begin anew instead of going on")
    parser.add_argument("--rounds", type=int, help="a sample of so many rounds; no page is written")
    parser.add_argument("--size", type=int, help="a sample with rounds of this size; no page is written")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".prove", help="where the proof works and keeps its rounds"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
