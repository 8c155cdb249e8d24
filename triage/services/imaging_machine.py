"""What a machine told of an examination that it reported done, as far as an exposure record asks for it."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from triage.db import session
from triage.models import ProcedureStep

#: The figures of an exposure record.
FIGURES = ("kvp", "mas", "dose", "unit")


def told(order_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return by order the figures that the scanner gave; the last step that says one counts."""
    if not order_ids:
        return {}
    query = select(ProcedureStep.order_id, ProcedureStep.received).where(ProcedureStep.order_id.in_(order_ids))
    found: dict[str, dict[str, Any]] = {}
    for order_id, received in session.execute(query.order_by(ProcedureStep.began_at, ProcedureStep.id)):
        given = {name: received[name] for name in FIGURES if isinstance(received.get(name), int | float | str)}
        found[order_id or ""] = found.get(order_id or "", {}) | given
    return found
