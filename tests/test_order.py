"""The order in which tests begin: the longest first, and every place that is named for it is there."""

from dataclasses import dataclass
from pathlib import Path

from tests.order import LONGEST, longest_first

TESTS = Path(__file__).parent


@dataclass
class Found:
    path: Path


def test_the_longest_begin_and_the_others_stay_as_they_were() -> None:
    names = ["test_web.py", "services/test_plans.py", "domain/test_why.py", "browser/test_board.py", LONGEST[0]]
    tests = [Found(TESTS / name) for name in names]
    longest_first(tests)  # type: ignore[arg-type]
    assert [test.path.relative_to(TESTS).as_posix() for test in tests] == [
        LONGEST[0], "services/test_plans.py", "browser/test_board.py", "test_web.py", "domain/test_why.py",
    ]  # fmt: skip


def test_every_place_that_is_named_is_there() -> None:
    assert [name for name in LONGEST if not (TESTS / name).exists()] == []
