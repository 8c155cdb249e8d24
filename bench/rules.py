"""``./dev bench rules``: the rules' speed and memory, each number beside its target and its floor."""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from bench import measure, stored
from bench.measure import seconds, spread, table
from triage import knowledge
from triage.db import session
from triage.domain.access import Actor
from triage.domain.candidates import candidates
from triage.domain.rules import evaluate, outcome
from triage.domain.scores import results_of
from triage.domain.why import changes
from triage.knowledge import rules_text
from triage.knowledge.vignettes import load_vignettes
from triage.models import Simulation
from triage.services import rule_drafts, simulations
from triage.services.organisations import today

VISITS = 10_000
LINES = (1_000, 10_000, 100_000)
REPEATS = 25


def cases() -> list[dict[str, object]]:
    """Return the vignettes and sparse sheets: an empty one, one answer alone, a yes and a no alone."""
    known = knowledge.load().findings
    booleans = [name for name, finding in known.items() if "bool" in finding.types]
    sparse = [{}, *({name: answer} for name in booleans for answer in (True, False))]
    return [dict(vignette.findings) for vignette in load_vignettes()] + sparse


def loading(repeats: int) -> dict[str, Any]:
    """Time the reading of the knowledge, in this process and as a program of its own."""
    warm = min(seconds(lambda: knowledge.load.__wrapped__(knowledge.FOLDER)) for _ in range(repeats))
    bare = min(measure.process("-c", "pass").seconds for _ in range(3))
    program = "from triage import knowledge; knowledge.load()"
    fresh = min(measure.process("-c", program).seconds for _ in range(3))
    found = {"load_s": round(warm, 4), "program_s": round(fresh, 4), "bare_python_s": round(bare, 4)}
    table("knowledge", ("", "seconds"), list(found.items()))
    return found


def evaluation(repeats: int) -> dict[str, Any]:
    """Time one evaluation with reasons and questions, one without them, and the floor: the bare conditions."""
    known, sheets = knowledge.load(), cases()
    rules, fixed = known.ruleset, known.from_record

    def bare(findings: dict[str, object]) -> None:
        values = rules.values(findings)
        for rule in rules.rules:
            rule.when.test(values)

    calls: dict[str, Callable[[dict[str, object]], object]] = {
        "evaluate": lambda findings: evaluate(rules, findings),
        "outcome": lambda findings: outcome(rules, findings),
        "scores": lambda findings: results_of(known, findings),
        "candidates": lambda findings: candidates(known.candidacy, findings),
        "floor: bare conditions": bare,
    }
    found = {name: spread(call, sheets, repeats) for name, call in calls.items()}
    found["what would change it"] = spread(lambda findings: changes(rules, findings, fixed), sheets[::10], 1)
    rows = [(name, s.mean, s.p95, s.worst) for name, s in found.items()]
    table(f"one evaluation, {len(sheets)} cases (target: under 1 ms)", ("milliseconds", "mean", "p95", "worst"), rows)
    return {name: {key: round(value, 4) for key, value in asdict(s).items()} for name, s in found.items()}


def command(sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Run ``flask rules evaluate`` on files of growing length; its memory must not grow with them."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "empty.jsonl")
        empty.write_text("")
        start = min(_evaluate(empty).cpu for _ in range(2))
        for size in sizes:
            file = Path(folder, "cases.jsonl")
            with file.open("w") as out:
                out.writelines(islice(_lines(), size))
            took = _evaluate(file)
            rate = size / max(took.cpu - start, 1e-9)
            size_of = {"lines": size, "seconds": round(took.seconds, 2), "cpu_s": round(took.cpu, 2)}
            rows.append({**size_of, "per_s": round(rate), "peak_mb": round(took.peak, 1)})
    title = f"flask rules evaluate (target: 1,000 lines/s, constant memory; {start:.2f} s to start)"
    table(
        title, ("", "lines", "seconds", "on one processor", "lines/s", "peak MB"), [("", *row.values()) for row in rows]
    )
    return [{"start_s": round(start, 2)}, *rows]


def _lines() -> Iterator[str]:
    for number, vignette in enumerate(cycle(load_vignettes())):
        yield json.dumps({"id": number, "findings": dict(vignette.findings)}) + "\n"


def _evaluate(file: Path) -> measure.Process:
    return measure.process("-m", "flask", "--app", "wsgi.py", "rules", "evaluate", str(file))


def simulation(visits: int) -> dict[str, Any]:
    """Simulate a draft on many stored visits, piece by piece as the page does it, on every database there is."""
    with tempfile.TemporaryDirectory() as folder:
        urls = {"sqlite": stored.sqlite(Path(folder)), "postgresql": stored.postgres()}
        found = {name: _simulated(url, visits) for name, url in urls.items() if url}
    rows = [(name, *f.values()) for name, f in found.items()]
    head = ("", "visits", "seconds", "of own processor", "visits/s", "pieces", "longest piece, s", "filling, s")
    table("simulation of stored visits (target: 10,000 under 20 s)", head, rows)
    return found


def _simulated(url: str, visits: int) -> dict[str, Any]:
    begun = time.perf_counter()
    with stored.clinic(url, visits) as actor:
        filled = time.perf_counter() - begun
        draft = rules_text.shipped().replace("pain_nrs >= 8", "pain_nrs >= 7")
        version_id, days = rule_drafts.create(actor, draft), (date(1900, 1, 1), today(actor.site_id))
        begun, worked = time.perf_counter(), time.process_time()
        row, pieces = _run(actor, simulations.start(actor, version_id, *days))
        took, worked = time.perf_counter() - begun, time.process_time() - worked
    return {
        "visits": row.done, "seconds": round(took, 2), "cpu_s": round(worked, 2), "per_s": round(row.done / took),
        "pieces": len(pieces), "longest_s": round(max(pieces), 2), "filled_s": round(filled, 1),
    }  # fmt: skip


def _run(actor: Actor, simulation_id: str) -> tuple[Simulation, list[float]]:
    pieces, row = list[float](), simulations.get(actor, simulation_id)
    while row.finished_at is None:
        begun = time.perf_counter()
        row = simulations.step(actor, simulation_id, row.done)
        pieces.append(time.perf_counter() - begun)
        session.remove()
    return row, pieces


def main() -> None:
    """Measure what is asked for, print it, and keep it in bench/results/rules.json."""
    parser = argparse.ArgumentParser(prog="./dev bench rules", description=__doc__)
    parser.add_argument("--only", choices=("loading", "evaluation", "command", "simulation"), help="one part")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works; nothing is kept")
    asked = parser.parse_args()
    quick = asked.quick
    parts: dict[str, Callable[[], Any]] = {
        "loading": lambda: loading(1 if quick else 7),
        "evaluation": lambda: evaluation(1 if quick else REPEATS),
        "command": lambda: command((100,) if quick else LINES),
        "simulation": lambda: simulation(100 if quick else VISITS),
    }
    found = {name: part() for name, part in parts.items() if asked.only in (None, name)}
    if not quick:
        print(f"\nkept in {measure.keep('rules', found).relative_to(measure.ROOT)}")


if __name__ == "__main__":
    main()
