"""What a finished proof leaves behind: a page that says what was shown, when, of which commit, with which figures."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from prove.runner import ROOT, Check, Course, Plan, Proof

PAGES = ROOT / "docs" / "proofs"


def page(proof: Proof, plan: Plan, run: Course, checks: Sequence[Check]) -> str:
    """Return the report as Markdown."""
    verdict = "**Shown.**" if all(check.holds for check in checks) else "**Not shown.**"
    rows = [f"| {c.what} | {c.found} | {c.bound} | {'yes' if c.holds else '**no**'} |" for c in checks]
    notes = [f"- {note}" for note in proof.notes(plan, run.results)]
    sittings = "one sitting" if run.sittings == 1 else f"{run.sittings} sittings"
    lines = [
        f"# Proof: {proof.name}", "", proof.says, "", verdict, "",
        "| | found | bound | held |", "|---|---|---|---|", *rows, "", *notes, "",
        f"Commit {run.commit}, {datetime.now(UTC):%Y-%m-%d}, begun {run.began}; seed {run.seed}, {run.rounds} rounds "
        f"of {run.size}, {run.seconds / 60:.1f} min in {sittings}; {platform.system()}, {os.cpu_count()} processors, "
        f"load {os.getloadavg()[0]:.1f} at the end, Python {platform.python_version()}.", "",
        f"Again: `./dev prove {proof.name} --seed {run.seed} --fresh`.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def write(proof: Proof, plan: Plan, run: Course, checks: Sequence[Check], folder: Path = PAGES) -> Path:
    """Write the report beside those of the other proofs and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{proof.name}.md"
    file.write_text(page(proof, plan, run, checks), encoding="utf-8")
    return file
