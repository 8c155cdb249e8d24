"""The board's bench runs, asks product and floor for the same screens, and fails where an answer is an error."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench import board, cases, compare, measure, pairs, search
from bench.crowd import crowd
from bench.draw import lines
from bench.pairs import Case
from bench.share import share


def test_every_screen_is_measured_beside_its_floor_and_the_page_is_small(tmp_path: Path) -> None:
    url = pairs.urls(tmp_path, "sqlite")["sqlite"]
    with pairs.running(url, 20, routings=8) as pair:
        measured = {case.name: pairs.compare(pair, case, rounds=1, calls=1) for case in cases.cases(pair)}
        together = crowd(pair.product, re.findall(r'id="e-(\w+)"', pair.browser.get("/board").text), 2, 0.2)
        broken = Case("broken", 1.0, lambda _n: pair.browser.get("/nothing"), lambda bare, _n: bare.get("/board"))
        with pytest.raises(RuntimeError, match="broken: 404"):
            pairs.compare(pair, broken, rounds=1, calls=1)
    assert (together["clients"], together["errors"], together["first_error"]) == (2, 0, "")
    assert set(measured) == {
        "board, unchanged", "board, changed", "refresh of one row", "search", "claim", "routing", "registration",
    }  # fmt: skip
    assert all(one.floor > 0 and one.product > 0 for one in measured.values())


def test_where_the_time_of_a_page_goes_adds_up(tmp_path: Path) -> None:
    found = share(pairs.urls(tmp_path, "sqlite")["sqlite"], tmp_path, 30, 2)
    assert set(found) == {"unchanged", "after a change", "a new minute", "nothing kept"}
    assert found["nothing kept"]["template"] > found["unchanged"]["template"]
    assert found["after a change"]["queries"] > found["unchanged"]["queries"] == 0
    assert found["a new minute"]["rows judged and in order"] > found["unchanged"]["rows judged and in order"]


def test_searches_are_timed_in_a_file_where_they_find_somebody(capsys: pytest.CaptureFixture[str]) -> None:
    found = search.searches(quick=True)["sqlite"]
    assert tuple(found) == search.WORDS
    assert found["佐藤"]["shown"] > 0 == found["ヌヌヌ"]["shown"]
    assert all(row["worker_ms"] > 0 and 0 < row["median_ms"] <= row["p95_ms"] for row in found.values())
    assert "200 patients on file" in capsys.readouterr().out


def test_the_drawing_shows_every_series_and_its_target() -> None:
    series = {"board & rows": [(1_000, 2.0), (10_000, 2.1)], "search": [(1_000, 5.0), (10_000, 6.0)]}
    drawn = ET.fromstring(lines("cost", "past visits", "ms", series, target=8.0))
    words = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"board & rows", "search", "10,000", "at most 8"} <= set(words)
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}polyline"))) == 2


def test_two_results_are_compared_number_by_number_and_noise_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    kept = [
        json.loads(measure.keep(name, {"screens": {"sqlite": {"board": {"ms": ms, "floor": 1.0}}}}).read_text())
        for name, ms in (("a", 4.0), ("b", 2.0))
    ]
    assert compare.differences(*kept) == [("screens: sqlite / board / ms", 4.0, 2.0, 0.5)]
    monkeypatch.setattr("sys.argv", ["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")])
    compare.main()
    assert "sqlite / board / ms" in capsys.readouterr().out


def test_what_is_drawn_lies_beside_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    rows = [{"clients": 1, "p95_ms": 9.0}, {"clients": 32, "p95_ms": 90.0}]
    found = {
        "growth": {"sqlite": {"1000": {"board": {"ms": 2.0}}, "10000": {"board": {"ms": 2.2}}}},
        "clients": {"sqlite": rows},
    }
    assert [file.name for file in board.draw(found)] == ["board-growth-sqlite.svg", "board-clients.svg"]
