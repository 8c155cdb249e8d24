"""Taking times and memory, and keeping what was found."""

import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Spread:
    """How long a call takes over all cases, in milliseconds of one processor; each case counts with its median."""

    mean: float
    p95: float
    worst: float


def spread(call: Callable[[Any], object], cases: Sequence[Any], repeats: int) -> Spread:
    """Time the call on every case; the median of the repeats leaves out what the machine did meanwhile."""
    gc.collect()
    gc.disable()
    try:
        times = sorted(1000 * statistics.median(_times(call, case, repeats)) for case in cases)
    finally:
        gc.enable()
    return Spread(statistics.mean(times), times[int(0.95 * (len(times) - 1))], times[-1])


def _times(call: Callable[[Any], object], case: Any, repeats: int) -> Iterable[float]:
    for _ in range(repeats):
        begun = time.thread_time()
        call(case)
        yield time.thread_time() - begun


def seconds(call: Callable[[], object]) -> float:
    """Return how long one call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


@dataclass(frozen=True)
class Process:
    """What a program took: seconds on the clock, seconds of one processor, megabytes at the peak."""

    seconds: float
    cpu: float
    peak: float


#: Linux counts the peak of whoever starts a program as the program's own, so a small one starts it and reports.
STARTER = """
import json, os, sys, time
begun = time.perf_counter()
child = os.fork()
if not child:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
status, used = os.wait4(child, 0)[1:]
code = os.waitstatus_to_exitcode(status)
print(json.dumps([code, time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def process(*arguments: str) -> Process:
    """Run Python with these arguments from the project's folder; raises RuntimeError when it fails."""
    command = [sys.executable, "-I", "-S", "-c", STARTER, *arguments]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    code, taken, cpu, peak = json.loads(said)
    if code:
        raise RuntimeError(f"{' '.join(arguments)} ended with {code}")
    return Process(taken, cpu, peak / 1024 / (1024 if sys.platform == "darwin" else 1))


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table, numbers to the right."""
    lines = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    print(f"\n{title}")
    for first, *rest in lines:
        print("  ".join(["", first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=True))]))


def _cell(value: object) -> str:
    return (
        f"{value:,.3f}"
        if isinstance(value, float) and value < 10
        else (f"{value:,.0f}" if isinstance(value, float | int) else str(value))
    )


def keep(name: str, found: Mapping[str, Any]) -> Path:
    """Write what was measured, part by part with its hour, its machine and how busy that was; return the file.

    Parts that were not measured this time stay as they were.
    """
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    machine = {"system": platform.system(), "processors": os.cpu_count(), "python": platform.python_version()}
    said = {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": machine,
        "load": round(os.getloadavg()[0], 1),
    }
    kept |= {part: {**said, "found": value} for part, value in found.items()}
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return file
