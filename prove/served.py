"""The product as ``wsgi.py`` serves it, with a clock that the proof moves; a file holds by how much."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from triage import clock

_AHEAD = Path(os.environ["TRIAGE_INSTANCE"]) / "clock"


def _now() -> datetime:
    return clock._set.get() or datetime.now(UTC) + timedelta(seconds=float(_AHEAD.read_text()))


clock.now = _now

from wsgi import app  # noqa: E402, F401 - after the clock
