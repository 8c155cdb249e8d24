"""Live lists: what a page compares to know whether it still shows the present, and who may go on listening."""

import threading

from triage import clock
from triage.db import session
from triage.domain.access import Actor
from triage.services import accounts
from triage.services.board import current_revision

#: So many streams of one process are checked at once: however many are open, no request waits for a connection.
_checks = threading.Semaphore(2)


def page_revision(actor: Actor) -> str:
    """Return what a list with waiting times shows now: the site's last change, and the minute."""
    return with_minute(current_revision(actor))


def with_minute(revision: int) -> str:
    """Return a revision together with the present minute: both make a list with waiting times look different."""
    return f"{revision}.{int(clock.now().timestamp() // 60)}"


def may_still(token: str, limits: accounts.Limits, who: Actor, permission: str) -> bool:
    """Tell whether this session still stands for this person at this site with this permission; never extends it."""
    with _checks:
        try:
            found = accounts.find_actor(token, limits, extend=False)
        finally:
            session.remove()
    return found is not None and found.site_id == who.site_id and found.may(permission)
