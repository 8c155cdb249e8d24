"""The board's bench runs, asks product and floor for the same screens, and fails where an answer is an error."""

from pathlib import Path

import pytest

from bench import board, pairs
from bench.pairs import Case


def test_every_screen_is_measured_beside_its_floor_and_the_page_is_small(tmp_path: Path) -> None:
    url = pairs.urls(tmp_path, "sqlite")["sqlite"]
    with pairs.running(url, 20, routings=8) as pair:
        measured = {case.name: pairs.compare(pair, case, rounds=1, calls=1) for case in board.cases(pair)}
        broken = Case("broken", 1.0, lambda _n: pair.browser.get("/nothing"), lambda _n: pair.bare.get("/board"))
        with pytest.raises(RuntimeError, match="broken: 404"):
            pairs.compare(pair, broken, rounds=1, calls=1)
    assert set(measured) == {
        "board, unchanged", "board, changed", "refresh of one row", "search", "claim", "routing", "registration",
    }  # fmt: skip
    assert all(one.floor > 0 and one.product > 0 for one in measured.values())
