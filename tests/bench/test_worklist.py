"""The measurement of the worklist asks with a scanner's own program for what was put there."""

import pytest
from flask import Flask

from bench import worklist
from tests.builders import Clinic
from triage.db import session


@pytest.mark.dcmtk
def test_a_rooms_day_is_measured_beside_a_list_from_memory(app: Flask, clinic: Clinic) -> None:
    found = worklist.here(waiting=40, done=5, repeats=1)
    session.remove()
    assert list(found["product"]) == [
        "a room's day, 37 items", "everything, 40 items", "ten at once, each a room's day",
    ]  # fmt: skip
    assert all(value > 0 for one in found.values() for value in one.values())
