"""A row of the board as HTML: a pure function of the row and of what its reader may do, so its result can be kept.

What is kept is found again by the whole row and the whole viewer, ids among them: it can be neither old nor another's.
"""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, request, url_for
from flask_babel import force_locale
from markupsafe import Markup, escape

from triage import knowledge, web
from triage.domain.access import Actor
from triage.services.board import Board, Filters, offered
from triage.services.lines import Line
from triage.services.presence import Visitor
from triage.services.tally import Tally
from triage.wording import LOCALES, spoken

#: Rows kept in each process, a few kB each: all of a large clinic, for every role, in both languages.
KEPT = 2048
#: Counts and filters kept in each process.
AROUND_KEPT = 256
#: Where a part goes in that is not kept. No value can hold it: in HTML every "<" of theirs is escaped.
CUT = Markup("<!>")
#: An id that no encounter has.
PLACE = "-encounter-"
SWAP = Markup(' hx-swap-oob="true"')


@dataclass(frozen=True)
class Viewer:
    """What of the reader decides how a row looks: language, the site's zone, permissions, and where the links begin."""

    locale: str
    zone: str
    may_claim: bool
    may_take_over: bool
    may_raise: bool
    root: str = ""
    may_create: bool = False
    may_end_day: bool = False
    may_hold: bool = False

    @classmethod
    def of(cls, actor: Actor) -> "Viewer":
        """Return the viewer that the signed-in person is."""
        may = actor.may
        return cls(
            web.locale(), actor.time_zone, may("encounters:claim"), may("claims:take_over"),
            may("emergencies:raise"), request.script_root, may("patients:create"), may("days:end"),
            may("claims:hold"),
        )  # fmt: skip


@dataclass(frozen=True)
class Own:
    """What of the row is the reader's own: the patient, the name in it, an act to undo; who else has the page open."""

    is_mine: bool
    is_named: bool
    undo: str
    visitors: tuple[Visitor, ...]

    @classmethod
    def of(cls, line: Line, staff_id: str) -> "Own":
        """Return what of the row is this person's own."""
        undo = line.undo.step_id if line.undo and line.undo.by == staff_id else ""
        here = tuple(v for v in line.visitors if v.staff_id not in (staff_id, line.holder_id))
        named = (line.answerer_id or line.holder_id) == staff_id
        return cls(line.holder_id == staff_id, named, undo, here)


def row_values(who: Actor, told: Mapping[str, str]) -> dict[str, Any]:
    """Return what a template of the board draws rows with; ``told`` is what was refused, by the row's id."""
    return _row_values(Viewer.of(who), who, told)


def _row_values(viewer: Viewer, who: Actor, told: Mapping[str, str]) -> dict[str, Any]:
    return {"row": partial(row, viewer, who.staff_id, told), "wait": partial(wait, viewer)}


def board_values(
    who: Actor, state: Board, filters: Filters, told: Mapping[str, str] | None = None
) -> dict[str, Any]:  # fmt: skip
    """Return what the board and its refreshes are drawn with; ``told`` is what was refused, by the row's id."""
    viewer = Viewer.of(who)
    tabs = _tabs(*offered(who, state, filters), filters, viewer)
    around = {"counts": _counts(state.tally, viewer), "tabs": tabs}
    values = _row_values(viewer, who, told or {})

    def all_rows() -> Markup:
        return joined(*map(values["row"], state.shown))

    said = {"told": told or {}, "all_rows": all_rows}
    return {"board": state, "filters": filters, "viewer": viewer, **said, **around, **values}


def part(template: str, **values: Any) -> str:
    """Draw a part of a page from these values alone: nothing is worked out for a frame that is not there."""
    return current_app.jinja_env.get_template(template).render(values)


def row(viewer: Viewer, staff_id: str, told: Mapping[str, str], line: Line, swap: bool = False) -> Markup:
    """Return the row; with ``swap`` as one that takes the place of the same row on the screen."""
    start, data, owner, end = _parts(line, viewer, Own.of(line, staff_id))
    said = Markup('<span class="told" role="alert">{}</span>').format(told[line.id]) if line.id in told else ""
    return joined(start, SWAP if swap else "", data, wait(viewer, line, swap=False), owner, said, end)


def wait(viewer: Viewer, line: Line, swap: bool = True) -> Markup:
    """Return the cell that changes with every minute; with ``swap`` as one that takes its own place on the screen."""
    start, attributes, whole, end = _wait(line.minutes, line.target, viewer.locale)
    here = _here(line.here, line.stage_limit, viewer.locale) if line.stage_limit is not None else ""
    return joined(start, escape(line.id), attributes, SWAP if swap else "", whole, here, end)


def held(pieces: Iterable[Markup], news: tuple[int, int, int], values: Mapping[str, Any]) -> Markup:
    """Return an answer that leaves the rows in their places: what takes a place, what waits, and what stands around.

    ``news``: how many rows came, would move and left.
    """
    locale = values["viewer"].locale
    start, middle, low, end = _held(locale)
    shown = [f"<template>{piece}</template>" for piece in pieces]
    return joined(start, *shown, middle, _news(locale, *news), low, _around(locale, values), end)


def _around(locale: str, values: Mapping[str, Any]) -> str:
    if values["with_views"] or values["alerts"]:
        return part("board/_around.html", **values)
    start, judged, counts, tabs, end = _plain(locale)
    rev, at = escape(values["rev"]), escape(values["judged"])
    return joined(start, rev, judged, at, counts, values["counts"], tabs, values["tabs"], end)


@lru_cache(maxsize=len(LOCALES))
def _held(locale: str) -> list[Markup]:
    return drawn("board/_held.html", locale, {"cut": CUT}, 4)


@lru_cache(maxsize=len(LOCALES))
def _plain(locale: str) -> list[Markup]:
    return drawn("board/_around.html", locale, {"rev": CUT, "judged": CUT, "counts": CUT, "tabs": CUT}, 5)


@lru_cache(maxsize=AROUND_KEPT)
def _news(locale: str, new: int, moved: int, left: int) -> Markup:
    return drawn("board/_news.html", locale, {"news": {"new": new, "moved": moved, "left": left}}, 1)[0]


def joined(*parts: str) -> Markup:
    """Return pieces of markup as one."""
    return Markup("".join(parts))  # noqa: S704 - each is markup already: escaped once, not a hundred times a page


@lru_cache(maxsize=KEPT)
def _parts(line: Line, viewer: Viewer, own: Own) -> list[Markup]:
    zone, words = ZoneInfo(viewer.zone), knowledge.load()
    feared = " · ".join([words.findings[name].label(viewer.locale) for name in line.flags[:3]])
    values = {
        "line": line, "viewer": viewer, "locale": viewer.locale, "words": words, "feared": feared, "cut": CUT,
        "mine": own.is_mine, "named": own.is_named, "undo": own.undo,
        "visitors": own.visitors, "hour": partial(_hour, zone),
        "url_for": partial(_url, viewer.root),
    }  # fmt: skip
    return drawn("board/_row.html", viewer.locale, values, 4)


def _url(root: str, endpoint: str, encounter_id: str) -> str:
    return encounter_id.join(_address(root, endpoint))


@lru_cache(maxsize=AROUND_KEPT)
def _address(_root: str, endpoint: str) -> list[str]:
    """Return an encounter's address, cut where its id stands: to put one together takes as long as to ask a query."""
    return url_for(endpoint, encounter_id=PLACE).split(PLACE)


@lru_cache(maxsize=KEPT)
def _wait(minutes: int, target: int, locale: str) -> list[Markup]:
    return drawn("board/_wait.html", locale, {"minutes": minutes, "target": target, "cut": CUT}, 4)


@lru_cache(maxsize=KEPT)
def _here(minutes: int, limit: int, locale: str) -> Markup:
    return drawn("board/_here.html", locale, {"minutes": minutes, "limit": limit}, 1)[0]


@lru_cache(maxsize=AROUND_KEPT)
def _counts(tally: Tally, viewer: Viewer) -> Markup:
    return drawn("board/_counts.html", viewer.locale, {"tally": tally, "viewer": viewer}, 1)[0]


@lru_cache(maxsize=AROUND_KEPT)
def _tabs(tally: Tally, mine: int, filters: Filters, viewer: Viewer) -> Markup:
    values = {"tally": tally, "mine": mine, "filters": filters, "viewer": viewer, "locale": viewer.locale}
    return drawn("board/_filters.html", viewer.locale, values, 1)[0]


def drawn(template: str, locale: str, values: Mapping[str, Any], parts: int) -> list[Markup]:
    """Return what a template says of these values alone, cut into so many parts."""
    # The template alone, without what the application gives every page: nothing of the request can slip in.
    with nullcontext() if spoken() == locale else force_locale(locale):
        html = current_app.jinja_env.get_template(template).render(values)
    found = [Markup(part) for part in html.split(CUT)]  # noqa: S704 - the template's own, escaped as any
    if len(found) != parts:
        raise RuntimeError(f"{template} has {len(found)} parts, not {parts}")
    return found


def _hour(zone: ZoneInfo, moment: datetime) -> str:
    here = moment.astimezone(zone)
    return f"{here.hour:02}:{here.minute:02}"
