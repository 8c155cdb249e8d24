"""The measurement of live boards: real sessions, real streams, every change seen by every board."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import live, stored


def test_every_open_board_comes_to_show_every_change(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as beside:  # a browser of another test may hold this thread's event loop
        found = beside.submit(live.measured, stored.sqlite(tmp_path), few=3, many=5, changes=2, seconds=1.0).result()
    screens, crowd = found["to_the_screens"], found["beside_many"]
    assert (screens["boards"], screens["changes"], screens["never"], screens["errors"]) == (3, 2, 0, 0)
    assert 0 < screens["median_ms"] <= screens["max_ms"]
    assert (crowd["streams"], crowd["never"], crowd["errors"]) == (5, 0, 0)
    assert crowd["requests"] > 0
    assert [row["boards"] for row in found["idle"]] == [0, 3, 5]
    assert all(row["memory_mb"] > 0 for row in found["idle"])
