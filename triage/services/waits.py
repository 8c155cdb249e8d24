"""The order of the board for lists of encounters that are not the board: no list has an order of its own."""

from collections.abc import Callable
from typing import Any

from triage import clock
from triage.domain import queue
from triage.domain.access import Actor
from triage.models import Encounter
from triage.services import limits


def in_order(actor: Actor) -> Callable[[Encounter], tuple[Any, ...]]:
    """Return the key that sorts encounters without an open alarm as the board does now."""
    goals, at = limits.in_force(actor.site_id), clock.now()

    def key(row: Encounter) -> tuple[Any, ...]:
        worse = row.worse_at is not None
        known = (row.acuity, row.suggested_level, row.arrived_at, None, row.urgent, worse, row.ticket)
        place = queue.Place(*known, row.first_arrived_at)
        return queue.sort_key(place, at, goals)

    return key
