"""The door of enrolled devices: which screen holds the token, what it opens, how often it may ask.

It is a door of its own: a device is never a person, and a person's session opens nothing here.
"""

import time
from dataclasses import dataclass, field

from flask import current_app, g, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from triage.domain.access import Screen
from triage.services import devices

COOKIE = "triage_device"
#: Says on which browsers names hide themselves. It opens nothing, so pages read it without asking the database.
MARK = "desk"
#: Browsers keep no cookie for longer; a wall's is renewed as long as it hangs there.
LASTS = 400 * 86400
#: Requests a minute that any device may make; one that refreshes faster by its settings may make ten times its own.
LEAST_ALLOWED = 120


@dataclass
class Throttle:
    """Counts the requests of each device in the running minute, in this process."""

    minute: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def asks(self, device_id: str, most: float) -> bool:
        """Count one request and tell whether it is still allowed."""
        minute = int(time.monotonic() // 60)
        if minute != self.minute:
            self.minute, self.counts = minute, {}
        self.counts[device_id] = self.counts.get(device_id, 0) + 1
        return self.counts[device_id] <= most


_throttle = Throttle()


def current() -> Screen | None:
    """Return the device that this browser is, or None; asked for once a request."""
    if "screen" not in g:
        token = request.cookies.get(COOKIE, "")
        g.screen = devices.find(token) if token else None
    found: Screen | None = g.screen
    return found


def screen() -> Screen:
    """Return the device that asks; only for views behind the door."""
    found = current()
    if found is None:
        raise LookupError("no device")
    return found


def refusal(permission: str) -> Response | None:
    """Return why this browser may not pass, as an answer, or None: the way to set it up, 401, or 429."""
    held = current()
    if held is None or not held.may(permission):
        if request.method == "GET" and not request.headers.get("X-Background"):
            return redirect(url_for("devices.set_up"), 303)
        return make_response("", 401)
    most = max(LEAST_ALLOWED, 600 / current_app.config["WALL_SECONDS"])
    if not _throttle.asks(held.device_id, most):
        answer = make_response("", 429)
        answer.headers["Retry-After"] = "60"
        return answer
    return None


def remember(answer: Response, token: str, held: Screen) -> None:
    """Give this browser the token of the device it is now."""
    _set(answer, COOKIE, token)
    mark(answer, held)


def renew(answer: Response) -> None:
    """Let the token's cookie last anew."""
    _set(answer, COOKIE, request.cookies[COOKIE])


def mark(answer: Response, held: Screen | None) -> None:
    """Mark the browser of a public desk; take the mark away where there is none, or no longer."""
    if held is not None and held.kind == "public_desk":
        _set(answer, MARK, "public")
    elif MARK in request.cookies:
        answer.delete_cookie(MARK)


def _set(answer: Response, name: str, value: str) -> None:
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie(name, value, max_age=LASTS, httponly=True, secure=secure, samesite="Lax")
