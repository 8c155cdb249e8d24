"""Who has a patient: taken, given back, handed over, taken over, undone; call next; and leaving a patient's page."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, flash, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from triage import clock
from triage.blueprints import board
from triage.domain import leases
from triage.domain.errors import Conflict, DomainError, Refused
from triage.forms.patients import REQUEST_ID
from triage.services import call_next, claims, colleagues, encounters, presence
from triage.services.leases import steps_of
from triage.web import actor, background, done, htmx, inside, message, page, requires, status_of, toast

blueprint = Blueprint("claims", __name__)
PATH = "/encounters/<encounter_id>/claim"
#: Characters of a reason or a note for the colleague, as its form says.
MOST_WORDS = 300


@blueprint.get(PATH)
@requires("claims:hold")
def show(encounter_id: str) -> Response:
    """Show who has the patient and had it before, and what may be done about it."""
    return _show(encounters.open_(actor(), encounter_id, "claim"))


def _show(encounter: Any, status: int = 200, error: str = "", typed: dict[str, str] | None = None) -> Response:
    steps, held = steps_of(encounter), encounter.claim
    last = steps[0] if steps and steps[0].staff_id == actor().staff_id else None
    act = leases.Act(last.act, last.staff_id, last.at) if last else None
    return page(
        "claims/show.html", status=status, encounter=encounter, patient=encounter.patient, steps=steps, error=error,
        typed=typed or {}, colleagues=colleagues.list_active(actor(), encounter.stage, _active()),
        mine=held is not None and held.staff_id == actor().staff_id,
        idle=held is not None and leases.has_lapsed(held.active_at, clock.now(), board.lapses()),
        undo=last if act and not leases.undo_refusal(act, actor().staff_id, clock.now(), False, None) else None,
    )  # fmt: skip


def _active() -> timedelta:
    return timedelta(minutes=current_app.config["SESSION_IDLE_MINUTES"])


@blueprint.post(PATH)
@requires("encounters:claim")
def claim(encounter_id: str) -> AnyResponse:
    """Take the patient; who comes second is shown the row as it stands now, and who was first."""
    try:
        step = claims.claim(actor(), encounter_id, board.lapses(), _lease())
    except Conflict as faster:
        return _refused(encounter_id, faster)
    return _done(encounter_id, gettext("taken"), step.id if step else "")


@blueprint.post(f"{PATH}/release")
@requires("claims:hold")
def release(encounter_id: str) -> AnyResponse:
    """Give the patient back to the queue."""
    try:
        step = claims.release(actor(), encounter_id, _lease())
    except Conflict as other:
        return _refused(encounter_id, other)
    return _done(encounter_id, gettext("released"), step.id)


@blueprint.post(f"{PATH}/takeover")
@requires("claims:take_over")
def take_over(encounter_id: str) -> AnyResponse:
    """Take the patient from whoever has it, with the reason."""
    try:
        step = claims.take_over(actor(), encounter_id, _words("reason"), _lease())
    except (Conflict, Refused) as error:
        return _again(encounter_id, error)
    return _done(encounter_id, gettext("taken over"), step.id if step else "")


@blueprint.post(f"{PATH}/handover")
@requires("claims:hold")
def hand_over(encounter_id: str) -> AnyResponse:
    """Give the patient to a colleague who is at work now."""
    to = request.form.get("to", "")
    try:
        step = claims.hand_over(actor(), encounter_id, to, _words("note"), _lease(), _active())
    except (Conflict, Refused) as error:
        return _again(encounter_id, error)
    return _done(encounter_id, gettext("handed over"), step.id)


@blueprint.post(f"{PATH}/undo")
@requires("claims:hold")
def undo(encounter_id: str) -> AnyResponse:
    """Take back one's own last act upon the claim."""
    try:
        claims.undo(actor(), encounter_id, request.values.get("step", ""))
    except Conflict as refusal:
        return _refused(encounter_id, refusal)
    return _done(encounter_id, gettext("undone"))


@blueprint.post("/claims/next")
@requires("claims:hold")
def take_next() -> AnyResponse:
    """Take the most urgent free patient for the person's role and go on to the page to work on."""
    key = request.form.get("request_id", "")
    try:
        found = call_next.call_next(actor(), key if REQUEST_ID.fullmatch(key) else "", board.lapses())
    except Conflict as nobody:
        return board.shown(409, {"": message(nobody)})
    if found.is_emergency:
        flash(gettext("%(ticket)s: you answer for this emergency.", ticket=found.ticket))
        return done(url_for("emergencies.show", encounter_id=found.encounter_id))
    _flash(found.encounter_id, found.ticket, gettext("taken"), found.step_id)
    to_images = not actor().may("encounters:claim")
    return done(url_for("imaging.index") if to_images else url_for("encounters.show", encounter_id=found.encounter_id))


@blueprint.post("/encounters/<encounter_id>/presence/end")
@requires("patients:open")
@background
def leave(encounter_id: str) -> AnyResponse:
    """Note that the person has left the patient's page that was shown at a moment."""
    try:
        shown_at = datetime.fromisoformat(request.args.get("at", ""))
    except ValueError:
        shown_at = clock.now()
    presence.leave(actor(), encounter_id, shown_at if shown_at.tzinfo else clock.now())
    return Response(status=204)


def _words(name: str) -> str:
    typed = request.form.get(name, "")
    if len(typed) > MOST_WORDS:
        raise Refused("too_long")
    if "\x00" in typed:
        raise Refused("bad_text")
    return typed


def _lease() -> str:
    return request.form.get("lease", "")


def _refused(encounter_id: str, refusal: Conflict) -> AnyResponse:
    """Answer with the row as it stands now and who was faster: alone for htmx, without it on the board."""
    if htmx:
        return board.row(encounter_id, message(refusal))
    return board.shown(409, {encounter_id: message(refusal)})


def _again(encounter_id: str, error: DomainError) -> AnyResponse:
    """Show the form again with what was typed, why it was refused, and who has the patient now."""
    return _show(encounters.get(actor(), encounter_id), status_of(error), message(error), request.form.to_dict())


def _done(encounter_id: str, what: str, step_id: str = "") -> AnyResponse:
    """Answer what was done: the row for htmx, else the page the person came from; both with the way to undo it."""
    back = inside(request.form.get("next"))
    if htmx and back != url_for("claims.show", encounter_id=encounter_id):
        return board.row(encounter_id, done=what, undo_url=_undo_url(encounter_id, step_id))
    _flash(encounter_id, encounters.ticket_of(actor(), encounter_id), what, step_id)
    return done(back or url_for("board.index"))


def _flash(encounter_id: str, ticket: str, what: str, step_id: str) -> None:
    toast(f"{ticket}: {what}", _undo_url(encounter_id, step_id))


def _undo_url(encounter_id: str, step_id: str) -> str:
    return url_for("claims.undo", encounter_id=encounter_id, step=step_id) if step_id else ""
