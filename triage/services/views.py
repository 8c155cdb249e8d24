"""Saved views: the filters of the board that a person uses often, under names of their own."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from sqlalchemy import func, select

from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import NotFound, Refused
from triage.models import SavedView
from triage.services.board import Board, Filters

#: More tabs than these nobody reads.
MOST = 12


def list_views(actor: Actor) -> Sequence[SavedView]:
    """Return the actor's own views, the oldest first."""
    mine = select(SavedView).where(SavedView.staff_id == actor.staff_id, SavedView.site_id == actor.site_id)
    return session.scalars(mine.order_by(SavedView.created_at, SavedView.id)).all()


def tabs(actor: Actor, state: Board) -> list[tuple[SavedView, Filters, int]]:
    """Return the actor's views, each with its filters and how many rows of the board they would show now."""
    found = [(view, Filters.read(dict(parse_qsl(view.query)))) for view in list_views(actor)]
    return [(view, own, sum(own.admits(line, actor.staff_id) for line in state.lines)) for view, own in found]


@verb
def save(actor: Actor, name: str, query: str) -> None:
    """Keep a filter under a name; raises Refused for no name, one that is taken, no filter, or too many views."""
    if not query:
        raise Refused("view_empty")
    count = select(func.count()).where(SavedView.staff_id == actor.staff_id, SavedView.site_id == actor.site_id)
    if (session.scalar(count) or 0) >= MOST:
        raise Refused("too_many_views", most=MOST)
    view = SavedView(site_id=actor.site_id, staff_id=actor.staff_id, query=query, created_at=clock.now())
    _name(actor, view, name)
    session.add(view)


@verb
def rename(actor: Actor, view_id: str, name: str) -> None:
    """Give an own view another name; raises NotFound for somebody else's, Refused for a name that is taken."""
    _name(actor, _own(actor, view_id), name)


@verb
def remove(actor: Actor, view_id: str) -> tuple[str, str]:
    """Remove an own view; return its name and its filter, from which it can be kept again."""
    view = _own(actor, view_id)
    session.delete(view)
    return view.name, view.query


def _own(actor: Actor, view_id: str) -> SavedView:
    view = session.get(SavedView, view_id)
    if view is None or (view.staff_id, view.site_id) != (actor.staff_id, actor.site_id):
        raise NotFound("view")
    return view


def _name(actor: Actor, view: SavedView, name: str) -> None:
    if not name.strip():
        raise Refused("name_needed")
    if any(other.name == name.strip() and other is not view for other in list_views(actor)):
        raise Refused("view_name_taken")
    view.name = name.strip()
