"""What a list that follows the clinic compares to know whether it still shows the present."""

from triage import clock
from triage.domain.access import Actor
from triage.services.board import current_revision


def page_revision(actor: Actor) -> str:
    """Return what a list with waiting times shows now: the site's last change, and the minute."""
    return f"{current_revision(actor)}.{int(clock.now().timestamp() // 60) % 100000}"
