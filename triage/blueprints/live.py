"""The event stream that tells open pages that they are behind: a revision, never what has changed."""

import secrets
import time
from collections.abc import Callable, Iterator

from flask import Blueprint, Response, current_app
from flask_login import current_user
from sqlalchemy.exc import DBAPIError

from triage.domain.access import PUBLIC
from triage.services import live
from triage.services.streams import Full, Hub, Stream
from triage.web import actor, background, requires, session_limits

blueprint = Blueprint("live", __name__)

#: Seconds between two words on a stream at most: a page shows its own age in intervals of this length.
BEAT = 5.0
#: Seconds between two looks at the session of a stream.
CHECK = 15.0
#: Seconds that a stream lasts at most; the browser opens the next one by itself.
LONGEST = 1800.0


@blueprint.get("/live")
@requires("board:view")
@background
def stream() -> Response:
    """Open an event stream: each event is revision, minute and age; 503 when this process holds as many as it may."""
    hub: Hub = current_app.extensions["live"]
    token, who, limits = current_user.id, actor(), session_limits()
    try:
        line = hub.join(who.site_id)
    except Full:
        return Response(status=503, headers={"Retry-After": "30"})
    response = Response(events(line, lambda: live.may_still(token, limits, who, "board:view")))
    response.mimetype = "text/event-stream"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(line.close)
    return response


@blueprint.get("/live/here")
@requires(PUBLIC)
def here() -> tuple[str, int]:
    """Answer that the server is there: a page asks before it lets go of what was typed."""
    return "", 204


def events(line: Stream, may_still: Callable[[], bool]) -> Iterator[str]:
    """Yield an event for every change and at least one every BEAT seconds, and ``end`` when the session has ended."""
    yield f"retry: {2000 + secrets.randbelow(3000)}\n\n"  # not all at once, after a restart
    begun = checked = time.monotonic()
    while not line.is_over and time.monotonic() - begun < LONGEST:
        revision = line.wait(BEAT)
        if time.monotonic() - checked > CHECK:
            checked = time.monotonic()
            if not _allowed(may_still):
                yield "event: end\ndata:\n\n"
                return
        if revision is not None and not line.is_over:
            yield f"id: {revision}\ndata: {live.with_minute(revision)} {round(1000 * line.age)}\n\n"


def _allowed(may_still: Callable[[], bool]) -> bool:
    try:
        return may_still()
    except DBAPIError:
        return True  # the database is away: nobody sees anything through it, and the page shows how old it is
