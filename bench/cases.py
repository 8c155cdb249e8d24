"""The screens that are measured: the board, the search and the writes, asked of the product and of its floor."""

import re
from collections.abc import Callable, Iterator

from bench import waiting
from bench.crowd import HTMX, SEARCH
from bench.pairs import READ, WRITE, Case, Clinic, change
from bench.servers import Answer

BACKGROUND = {**HTMX, "X-Background": "1"}


def cases(at: Clinic) -> Iterator[Case]:
    """Yield the screens: reads first, for the writes change what there is to read."""
    board = at.browser.get("/board").text
    ids = re.findall(r'<tr id="e-(\w+)"', board)
    rev = revision(board)
    yield Case("board, unchanged", READ, lambda _n: at.browser.get("/board"), lambda bare, _n: bare.get("/board"))
    touch = _toucher(at, ids)
    yield Case("board, changed", READ, lambda _n: at.browser.get("/board"), lambda bare, _n: bare.get("/board"), touch)
    yield _refresh(at, ids, rev, touch)
    yield Case("search", READ, lambda _n: at.browser.get(SEARCH, **HTMX), lambda bare, _n: bare.get(SEARCH))
    yield from _writes(at, ids)


def revision(text: str) -> str:
    """Return which revision of the board a page or its rows show."""
    found = re.search(r'id="rev" name="rev" value="([^"]+)"', text)
    return found[1] if found else ""


def _judged(text: str) -> str:
    found = re.search(r'id="judged" name="at" value="(\d+)"', text)
    return found[1] if found else ""


def _toucher(at: Clinic, ids: list[str]) -> Callable[[int], object]:
    return lambda number: at.do(change, ids[number % len(ids)])


def _refresh(at: Clinic, ids: list[str], rev: str, touch: Callable[[int], object]) -> Case:
    known, seen = ",".join(f"e-{one}" for one in ids), [rev, ""]

    def ask(_number: int) -> Answer:
        answer = at.browser.get(f"/board/rows?hold=1&known={known}&rev={seen[0]}&at={seen[1]}", **BACKGROUND)
        seen[:] = revision(answer.text), _judged(answer.text)
        return answer

    return Case("refresh of one row", READ, ask, lambda bare, n: bare.get(f"/board/rows?id={ids[n % 50]}"), touch)


def _writes(at: Clinic, ids: list[str]) -> Iterator[Case]:
    board = at.browser.get("/board").text
    free = [one for one in ids if f"/encounters/{one}/claim" in board]

    def clear(number: int) -> None:
        if number % len(free) == 0:
            at.do(waiting.free)

    def claim(number: int) -> str:
        return f"/encounters/{free[number % len(free)]}/claim"

    yield Case(
        "claim", WRITE, lambda n: at.browser.post(claim(n), **HTMX), lambda bare, n: bare.post(claim(n)), clear
    )  # fmt: skip
    for url in at.urls:
        waiting.admit(url)
    sheet = at.do(waiting.accepted, at.undecided[0])  # they are copies of one

    def route(number: int) -> tuple[str, dict[str, str]]:
        return f"/encounters/{at.undecided[number]}/decision", sheet

    for encounter_id in at.undecided[: len(at.undecided) // 2 + 1]:  # who decides has seen the sheet
        at.browser.get(f"/encounters/{encounter_id}/triage")
    yield Case("routing", WRITE, lambda n: _posted(at, *route(n)), lambda bare, n: bare.post(*route(n)))
    yield Case(
        "registration", WRITE, lambda n: _posted(at, "/patients", person(n)),
        lambda bare, n: bare.post("/patients", person(n)),
    )  # fmt: skip


def _posted(at: Clinic, path: str, form: dict[str, str]) -> Answer:
    """Send a form; a toast that nobody looks at stays in the cookie, and hundreds of them make it too long."""
    kept = dict(at.browser.cookies)
    answer = at.browser.post(path, form)
    at.browser.cookies = kept
    return answer


def person(number: int) -> dict[str, str]:
    """Return the form of a new patient whom nobody could take for another."""
    return {
        "family_name": f"新井{number}", "given_name": "緑", "family_kana": f"アライ{number}", "given_kana": "ミドリ",
        "birth_date": f"{1930 + number % 70}-{1 + number % 12:02d}-{1 + number % 28:02d}", "sex": "female",
        "language": "ja", "mobility": "walking", "then": "check_in", "request_id": f"bench-{number:012d}",
    }  # fmt: skip
