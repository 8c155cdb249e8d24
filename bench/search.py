"""How soon a search in a large file answers: from the question to the answer, the database's work included."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.crowd import HTMX
from bench.measure import table
from bench.pairs import Clinic, filled, served, urls
from triage.demo.years import Size

#: What the desk types: the beginning and the inside of names, in every script, one letter, two words, a day, a number.
WORDS = ("佐", "佐藤", "タ", "モトカ", "a", "tanak", "tanaka", "anak", "ヤマモト カズ", "1980-09-01", "4711", "ヌヌヌ")
#: Milliseconds that one of them may take with a hundred thousand patients on file.
TARGET = 5.0


def searches(quick: bool) -> dict[str, Any]:
    """Measure each search in a file of 100,000 patients with a visit each, on every database there is."""
    size, repeats = (Size(200, 7, 200, 100), 3) if quick else (Size(100_000, 3650, 100_000, 2000), 200)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for engine, url in urls(Path(folder), "sqlite" if quick else None).items():
            undecided = filled(url, 1, behind=size)
            with served(Path(folder), undecided, url, workers=1) as clinic:
                found[engine] = {words: asked(clinic, words, repeats) for words in WORDS}
    rows = [(f"{engine}: {words}", *row.values(), TARGET) for engine, by in found.items() for words, row in by.items()]
    head = ("milliseconds from question to answer", "median", "95th", "of them processor", "shown", "at most")
    table(f"{size.patients:,} patients on file, one client", head, rows)
    return found


def asked(clinic: Clinic, words: str, repeats: int) -> dict[str, float]:
    """Ask so many times for these words; return how long it took and how many were shown; RuntimeError for an error."""
    path = f"/patients/search?q={quote(words)}"
    shown = clinic.browser.get(path, **HTMX).text.count('id="p-')  # the first builds the query
    begun_cpu, times = clinic.product.cpu(), []
    for _ in range(repeats):
        begun = time.perf_counter()
        answer = clinic.browser.get(path, **HTMX)
        times.append(1000 * (time.perf_counter() - begun))
        if answer.status != 200:
            raise RuntimeError(f"{words}: {answer.status}")
    worked = 1000 * (clinic.product.cpu() - begun_cpu) / repeats
    late = sorted(times)[int(0.95 * (repeats - 1))]
    return {
        "median_ms": round(statistics.median(times), 2), "p95_ms": round(late, 2), "worker_ms": round(worked, 2),
        "shown": shown,
    }  # fmt: skip
