"""The longest tests begin and short ones fill up the end: no worker waits for another that still has a long one."""

from pathlib import Path
from typing import Protocol

#: Where they are, the longest first. While those that drive a browser wait for it, another worker computes.
LONGEST = (
    "browser/test_every_page.py", "prove/test_wall.py", "bench/", "services/test_plans.py",
    "blueprints/test_bad_input.py", "browser/", "live/", "test_dev_run.py", "test_preflight.py", "cli/test_demo.py",
    "knowledge/test_rules_editing.py", "services/test_snapshots_machine.py", "services/test_streams.py",
)  # fmt: skip
_TESTS = Path(__file__).parent


class Test(Protocol):
    """What is known of a test before it runs."""

    __test__ = False
    path: Path


def longest_first(tests: "list[Test]") -> None:
    """Put the tests in the order in which they begin; among those of one place it stays as it was."""
    tests.sort(key=lambda test: _place(test.path))


def _place(path: Path) -> int:
    name = path.relative_to(_TESTS).as_posix() if path.is_relative_to(_TESTS) else ""
    return next((number for number, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))
