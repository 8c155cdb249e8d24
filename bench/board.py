"""``./dev bench board``: what the board, the search and the writes cost, next to a floor on the same server."""

import argparse
import gzip
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import measure, waiting
from bench.crowd import HTMX, SEARCH, crowd
from bench.draw import lines
from bench.measure import table
from bench.pairs import READ, WRITE, Case, Pair, change, compare, running, urls
from bench.servers import Answer
from bench.share import share
from triage.db import session
from triage.demo.years import Size

PEOPLE = 100


def screens(quick: bool) -> dict[str, Any]:
    """Compare the processor time of each screen with the floor's, on every database there is."""
    rounds, calls = (1, 3) if quick else (7, 30)
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
        "target": case.target, "spread_ms": round(got.spread, 3),
    }  # fmt: skip


def _show(found: dict[str, Any]) -> None:
    rows = [(f"{engine}: {name}", *row.values()) for engine, cases in found.items() for name, row in cases.items()]
    head = ("milliseconds of processor a request", "floor", "product", "times", "at most", "spread")
    table(f"{PEOPLE} waiting, two workers, one client", head, rows)


def cases(pair: Pair) -> Iterator[Case]:
    """Yield the screens: reads first, for the writes change what there is to read."""
    board = pair.browser.get("/board").text
    ids = re.findall(r'<tr id="e-(\w+)"', board)
    rev = _rev(board)
    yield Case("board, unchanged", READ, lambda _n: pair.browser.get("/board"), lambda _n: pair.bare.get("/board"))
    touch = _toucher(pair, ids)
    yield Case("board, changed", READ, lambda _n: pair.browser.get("/board"), lambda _n: pair.bare.get("/board"), touch)
    yield _refresh(pair, ids, rev, touch)
    yield Case("search", READ, lambda _n: pair.browser.get(SEARCH, **HTMX), lambda _n: pair.bare.get(SEARCH))
    yield from _writes(pair, ids)


BACKGROUND = {**HTMX, "X-Background": "1"}


def _rev(text: str) -> str:
    found = re.search(r'id="rev" name="rev" value="([^"]+)"', text)
    return found[1] if found else ""


def _judged(text: str) -> str:
    found = re.search(r'id="judged" name="at" value="(\d+)"', text)
    return found[1] if found else ""


def _toucher(pair: Pair, ids: list[str]) -> Callable[[int], object]:
    return lambda number: change(pair.actor, ids[number % len(ids)])


def _refresh(pair: Pair, ids: list[str], rev: str, touch: Callable[[int], object]) -> Case:
    known, seen = ",".join(f"e-{one}" for one in ids), [rev, ""]

    def ask(_number: int) -> Answer:
        answer = pair.browser.get(f"/board/rows?hold=1&known={known}&rev={seen[0]}&at={seen[1]}", **BACKGROUND)
        seen[:] = _rev(answer.text), _judged(answer.text)
        return answer

    return Case("refresh of one row", READ, ask, lambda n: pair.bare.get(f"/board/rows?id={ids[n % 50]}"), touch)


def _writes(pair: Pair, ids: list[str]) -> Iterator[Case]:
    free = [one for one in ids if f"/encounters/{one}/claim" in pair.browser.get("/board").text]

    def clear(number: int) -> None:
        if number % len(free) == 0:
            waiting.free(pair.actor)
            session.remove()

    def claim(number: int) -> str:
        return f"/encounters/{free[number % len(free)]}/claim"

    yield Case("claim", WRITE, lambda n: pair.browser.post(claim(n), **HTMX), lambda n: pair.bare.post(claim(n)), clear)
    for url in pair.urls:
        waiting.admit(url)
    sheet = waiting.accepted(pair.actor, pair.undecided[0])  # they are copies of one
    session.remove()

    def route(number: int) -> tuple[str, dict[str, str]]:
        return f"/encounters/{pair.undecided[number]}/decision", sheet

    for encounter_id in pair.undecided[: len(pair.undecided) // 2 + 1]:  # who decides has seen the sheet
        pair.browser.get(f"/encounters/{encounter_id}/triage")
    yield Case("routing", WRITE, lambda n: _posted(pair, *route(n)), lambda n: pair.bare.post(*route(n)))
    yield Case(
        "registration", WRITE, lambda n: _posted(pair, "/patients", person(n)),
        lambda n: pair.bare.post("/patients", person(n)),
    )  # fmt: skip


def _posted(pair: Pair, path: str, form: dict[str, str]) -> Answer:
    """Send a form; a toast that nobody looks at stays in the cookie, and hundreds of them make it too long."""
    kept = dict(pair.browser.cookies)
    answer = pair.browser.post(path, form)
    pair.browser.cookies = kept
    return answer


def person(number: int) -> dict[str, str]:
    """Return the form of a new patient whom nobody could take for another."""
    return {
        "family_name": f"新井{number}", "given_name": "緑", "family_kana": f"アライ{number}", "given_kana": "ミドリ",
        "birth_date": f"{1930 + number % 70}-{1 + number % 12:02d}-{1 + number % 28:02d}", "sex": "female",
        "language": "ja", "mobility": "walking", "then": "check_in", "request_id": f"bench-{number:012d}",
    }  # fmt: skip


def sizes(_quick: bool) -> dict[str, Any]:
    """Count what a browser transfers for the board: the first time with all it needs, and at a refresh."""
    with tempfile.TemporaryDirectory() as folder, running(urls(Path(folder), "sqlite")["sqlite"], PEOPLE) as pair:
        pair.browser.headers["Accept-Encoding"] = "gzip"
        page = pair.browser.get("/board")
        text = gzip.decompress(page.body).decode() if "content-encoding" in page.headers else page.text
        assets = sorted(set(re.findall(r'(?:href|src)="(/(?:static|assets)/[^"]+)"', text)))
        parts = {path: len(pair.browser.get(path).body) for path in assets}
        ids, seen = re.findall(r'<tr id="e-(\w+)"', text), _rev(text)
        change(pair.actor, ids[0])
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


def growth(quick: bool, full: bool = False) -> dict[str, Any]:
    """Measure the product's screens with more and more past visits behind the same day."""
    steps = (100, 1000) if quick else (1_000, 10_000, 100_000, *((1_000_000,) if full else ()))
    rounds, calls = (1, 2) if quick else (5, 20)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for engine in ("sqlite", "postgresql") if full else ("sqlite",):
        for visits in steps:
            with tempfile.TemporaryDirectory() as folder:
                url = urls(Path(folder), engine).get(engine)
                if url is None:
                    continue
                days = max(1, min(3650, visits // 100))
                behind = Size(patients=max(1, visits // 10), days=days, visits=visits, whole=min(visits, 2000))
                with running(url, PEOPLE, routings=2 * (rounds + 1) * calls + 9, behind=behind) as pair:
                    measured = {case.name: compare(pair, case, rounds, calls).product for case in cases(pair)}
                found.setdefault(engine, {})[str(visits)] = {name: round(ms, 3) for name, ms in measured.items()}
        _show_growth(engine, found[engine])
    return found


def _show_growth(engine: str, found: dict[str, dict[str, float]]) -> None:
    sizes, last = list(found), list(found.values())[-1]
    rows = [(name, *(found[size][name] for size in sizes), ms / found[sizes[0]][name]) for name, ms in last.items()]
    head = ("milliseconds of processor a request", *(f"{int(size):,}" for size in sizes), "last / first")
    table(f"{engine}: past visits behind the day (target: at most 1.2 times)", head, rows)


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
}  # fmt: skip


def draw(found: dict[str, Any]) -> Iterator[Path]:
    """Draw how cost grows with data and with clients, beside the kept result."""
    for engine, by_size in found.get("growth", {}).items():
        names = next(iter(by_size.values()))
        series = {name: [(float(size), row[name]) for size, row in by_size.items()] for name in names}
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
