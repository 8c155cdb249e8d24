"""``./dev bench compare OLD NEW``: what differs between two kept results, number by number."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import RESULTS, table

#: Smaller differences are the machine's.
NOISE = 0.1


def numbers(found: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield each number of a result with the way to it."""
    if isinstance(found, bool):
        return
    if isinstance(found, int | float):
        yield path, float(found)
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from numbers(value, f"{path} / {key}" if path else str(key))
    elif isinstance(found, list):
        for at, value in enumerate(found):
            yield from numbers(value, f"{path} {at}")


def differences(
    old: dict[str, Any], new: dict[str, Any], noise: float = NOISE
) -> list[tuple[str, float, float, float]]:
    """Return the numbers of both that differ by more than the noise: the way, both values, and new over old."""
    before = {name: dict(numbers(part["found"])) for name, part in old.items()}
    after = {name: dict(numbers(part["found"])) for name, part in new.items()}
    rows = []
    for part in before.keys() & after.keys():
        for path in before[part].keys() & after[part].keys():
            was, now = before[part][path], after[part][path]
            if abs(now - was) > noise * max(abs(was), 1e-9):
                rows.append((f"{part}: {path}", was, now, now / was if was else float("inf")))
    return sorted(rows)


def main() -> None:
    """Print the differences of two files; one alone is compared with the kept result of the same name."""
    parser = argparse.ArgumentParser(prog="./dev bench compare", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path, nargs="?", help="the kept result of the same name, if not given")
    asked = parser.parse_args()
    old, new = (
        json.loads(file.read_text(encoding="utf-8")) for file in (asked.old, asked.new or RESULTS / asked.old.name)
    )
    rows = differences(old, new)
    table(f"{len(rows)} numbers differ by more than {NOISE:.0%}", ("", "old", "new", "times"), rows)


if __name__ == "__main__":
    main()
