"""The product as ``wsgi.py`` serves it, with a clock that the proof moves and a count of the wall's refreshes.

Both are files of the instance: ``clock`` holds the seconds the clinic is ahead, ``refreshes`` one byte for each.
"""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from triage import clock

_HERE = Path(os.environ["TRIAGE_INSTANCE"])
_ASKED = os.open(_HERE / "refreshes", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)


def _now() -> datetime:
    return clock._set.get() or datetime.now(UTC) + timedelta(seconds=float((_HERE / "clock").read_text()))


clock.now = _now

from wsgi import app  # noqa: E402 - after the clock

_served = app.wsgi_app


def _counted(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    def note(status: str, *rest: Any) -> Any:
        if environ["PATH_INFO"] == "/wall/now" and status[:3] in ("200", "204"):
            os.write(_ASKED, b".")
        return start(status, *rest)

    return _served(environ, note)


app.wsgi_app = _counted
