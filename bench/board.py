"""``./dev bench board``: what the board, the search and the writes cost, next to a floor on the same server."""

import argparse
import gzip
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import measure
from bench.cases import BACKGROUND, cases, revision
from bench.crowd import crowd
from bench.draw import lines
from bench.growth import growth
from bench.measure import table
from bench.pairs import Case, Pair, change, compare, running, urls
from bench.search import searches
from bench.share import share
from bench.waiting import PEOPLE


def screens(quick: bool) -> dict[str, Any]:
    """Compare the processor time of each screen with the floor's, on every database there is."""
    rounds, calls = (1, 3) if quick else (21, 10)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for engine, url in urls(Path(folder)).items():
            with running(url, PEOPLE, routings=2 * (rounds + 1) * calls + 9) as pair:
                found[engine] = {case.name: _measured(pair, case, rounds, calls) for case in cases(pair)}
        _show(found)
    return found


def _measured(pair: Pair, case: Case, rounds: int, calls: int) -> dict[str, float]:
    got = compare(pair, case, rounds, calls)
    return {
        "floor_ms": round(got.floor, 3), "product_ms": round(got.product, 3), "ratio": round(got.ratio, 2),
        "target": case.target, "from": round(got.middle[0], 2), "to": round(got.middle[1], 2),
    }  # fmt: skip


def _show(found: dict[str, Any]) -> None:
    rows = [(f"{engine}: {name}", *row.values()) for engine, cases in found.items() for name, row in cases.items()]
    head = ("milliseconds of processor a request", "floor", "product", "times", "at most", "half from", "to")
    table(f"{PEOPLE} waiting, two workers, one client", head, rows)


def sizes(_quick: bool) -> dict[str, Any]:
    """Count what a browser transfers for the board: the first time with all it needs, and at a refresh."""
    with tempfile.TemporaryDirectory() as folder, running(urls(Path(folder), "sqlite")["sqlite"], PEOPLE) as pair:
        pair.browser.headers["Accept-Encoding"] = "gzip"
        page = pair.browser.get("/board")
        text = gzip.decompress(page.body).decode() if "content-encoding" in page.headers else page.text
        assets = sorted(set(re.findall(r'(?:href|src)="(/(?:static|assets)/[^"]+)"', text)))
        parts = {path: len(pair.browser.get(path).body) for path in assets}
        ids, seen = re.findall(r'<tr id="e-(\w+)"', text), revision(text)
        pair.do(change, ids[0])
        known = ",".join(f"e-{one}" for one in ids)
        row = pair.browser.get(f"/board/rows?hold=1&known={known}&rev={seen}", **BACKGROUND)
        whole = pair.browser.get("/board/rows?hold=0&known=&rev=0.0", **BACKGROUND)
        again = pair.browser.get(f"/board/rows?hold=1&known={known}&rev={seen.split('.')[0]}.0", **BACKGROUND)
    found = {
        "first load": len(page.body) + sum(parts.values()), "of it the page": len(page.body),
        "refresh, one row": len(row.body), "refresh, every wait": len(again.body),
        "refresh, a new order": len(whole.body),
    }  # fmt: skip
    rows = [(name, size / 1000, 150.0 if name.startswith("first") else 20.0) for name, size in found.items()]
    table(f"kilobytes as transferred, {PEOPLE} waiting", ("", "kB", "at most"), rows)
    return {**found, "assets": parts}


def clients(quick: bool) -> dict[str, Any]:
    """Let 1 to 32 clients ask without a pause on two workers, on every database there is."""
    steps, seconds = ((1, 4), 0.5) if quick else ((1, 2, 4, 8, 16, 32), 4.0)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for engine, url in urls(Path(folder), "sqlite" if quick else None).items():
            with running(url, PEOPLE) as pair:
                ids = re.findall(r'<tr id="e-(\w+)"', pair.browser.get("/board").text)
                found[engine] = [crowd(pair.product, ids, count, seconds) for count in steps]
    rows = [(engine, *list(row.values())[:-1]) for engine, steps_of in found.items() for row in steps_of]
    head = ("", "clients", "answers/s", "median ms", "95th ms", "worst ms", "errors")
    table("clients without a pause, the load on the same machine (target: 95th under 250 ms, no error)", head, rows)
    return found


def shares(quick: bool) -> dict[str, Any]:
    """Say where the time of a board page goes."""
    with tempfile.TemporaryDirectory() as folder:
        found = share(urls(Path(folder), "sqlite")["sqlite"], Path(folder), PEOPLE, 3 if quick else 40)
    names = list(next(iter(found.values())))
    rows = [(name, *(each[name] for each in found.values())) for name in names]
    table("where the time of a board page goes, milliseconds of processor", ("", *found), rows)
    return found


PARTS: dict[str, Callable[..., Any]] = {
    "screens": screens, "sizes": sizes, "growth": growth, "clients": clients, "share": shares,
    "search": searches,
}  # fmt: skip


def draw(found: dict[str, Any]) -> Iterator[Path]:
    """Draw how cost grows with data and with clients, beside the kept result."""
    for engine, by_size in found.get("growth", {}).items():
        names = next(iter(by_size.values()))
        series = {name: [(float(size), row[name]["ms"]) for size, row in by_size.items()] for name in names}
        title = f"{engine}: cost and past visits"
        yield _write(f"growth-{engine}", lines(title, "past visits", "milliseconds of processor a request", series))
    series = {
        engine: [(float(row["clients"]), row["p95_ms"]) for row in rows]
        for engine, rows in found.get("clients", {}).items()
    }
    if series:
        yield _write("clients", lines("95th percentile and clients", "clients", "milliseconds", series, 250.0))


def _write(name: str, drawing: str) -> Path:
    measure.RESULTS.mkdir(exist_ok=True)
    file = measure.RESULTS / f"board-{name}.svg"
    file.write_text(drawing, encoding="utf-8")
    return file


def main() -> None:
    """Measure what is asked for, print it, and keep it in bench/results/board.json with its drawings."""
    parser = argparse.ArgumentParser(prog="./dev bench board", description=__doc__)
    parser.add_argument("--only", choices=tuple(PARTS), help="one part")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works; nothing is kept")
    parser.add_argument("--full", action="store_true", help="growth to 1,000,000 past visits, on every database")
    asked = parser.parse_args()
    more = {"growth": {"full": asked.full}}
    wanted = [name for name in PARTS if asked.only in (None, name)]
    found = {name: PARTS[name](asked.quick, **more.get(name, {})) for name in wanted}
    if not asked.quick:
        kept = [measure.keep("board", found), *draw(found)]
        print("\nkept in " + ", ".join(str(file.relative_to(measure.ROOT)) for file in kept))


if __name__ == "__main__":
    main()
