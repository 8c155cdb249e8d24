"""Tests whose real program is not on this machine are left out, and the summary names it; with CI set they fail."""

import gc
import os

import pytest

from tests.order import longest_first
from tests.peers.find import MARKERS, PeerMissing, excused, missing

_MISSING = pytest.StashKey[list[PeerMissing]]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need a missing peer; under CI they run and fail by themselves, unless it is excused."""
    longest_first(items)
    asked = {mark for mark in MARKERS if any(item.get_closest_marker(mark) for item in items)}
    absent = {mark: error for mark in sorted(asked) if (error := missing(MARKERS[mark]))}
    config.stash[_MISSING] = list(absent.values())
    if os.environ.get("CI"):
        absent = {mark: error for mark, error in absent.items() if excused(MARKERS[mark])}
    if not absent:
        return
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in absent)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_sessionstart() -> None:
    """Let the garbage collector come seldom: of the time that tests computed it took a twelfth, for 20 MB."""
    gc.set_threshold(20_000, 20, 100)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what lives to the end: fourteen thousand tests, every module they import.

    Walking through them again and again was a third of the whole run.
    """
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what did not run, and how to get it."""
    for error in config.stash.get(_MISSING, []):
        terminalreporter.write_line(str(error), yellow=True)
