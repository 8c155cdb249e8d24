"""The end of the day: everybody still here, one choice for each, nobody closed in silence or in bulk."""

from typing import Any

from flask import Blueprint, flash, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.departures import told_undo
from triage.domain import leaving
from triage.domain.errors import Conflict, DomainError, Refused
from triage.forms.departures import DayEndForm
from triage.services import calls, days, departures, drafts, encounters
from triage.web import actor, done, locale, message, page, requires

blueprint = Blueprint("days", __name__)


@blueprint.get("/day/end")
@requires("days:end")
def end() -> Response:
    """List everybody still here with stage and why, and what else the day leaves open."""
    return _page()


def _page(status: int = 200, form: DayEndForm | None = None, row: str = "", error: str = "") -> Response:
    who, flow = actor(), knowledge.load().flow
    labelled = (*flow.leave_reasons, *flow.end_reasons, *flow.carry_reasons)
    here, unseen = days.still_here(who), departures.list_unseen(who)
    return page(
        "days/end.html", status=status, here=here, form=form or _blank(), blank=_blank(), row=row, error=error,
        ended=days.ended_today(who), missing=calls.list_missing(who), unsaved=len(drafts.list_new_patients(who)),
        to_call=[one for one in unseen if one.status == leaving.TO_CALL],
        reasons={reason.id: reason.label(locale()) for reason in labelled},
    )  # fmt: skip


def _blank() -> DayEndForm:
    return DayEndForm(locale(), formdata=None)


@blueprint.post("/encounters/<encounter_id>/day-end")
@requires("days:end")
def note(encounter_id: str) -> Response:
    """Note how one visit stands: left, was finished, or stays open; each is an event of its own."""
    form, encounter = DayEndForm(locale()), encounters.get(actor(), encounter_id)
    if not form.validate():
        return _page(422, form, encounter_id)
    try:
        _note(encounter, form)
    except (Conflict, Refused) as error:
        return _again(form, encounter_id, error)
    return done(url_for("days.end"))


def _again(form: DayEndForm, encounter_id: str, error: DomainError) -> Response:
    return _page(409 if isinstance(error, Conflict) else 422, form, encounter_id, message(error))


def _note(encounter: Any, form: DayEndForm) -> None:
    words = form.note.data or ""
    if form.way == "carry":
        days.carry_over(actor(), encounter.id, form.reason, words)
        return
    version = form.version.data or 0
    made = departures.leave(actor(), encounter.id, version, form.reason, words, form.seen, form.way)
    unseen = form.way == leaving.UNSEEN
    told_undo(encounter.ticket, gettext("Left without being seen") if unseen else gettext("Finished"), made)


@blueprint.post("/encounters/<encounter_id>/day-end/undo")
@requires("days:end")
def undo(encounter_id: str) -> Response:
    """Take today's note on a visit that stays open back."""
    days.undo_carry(actor(), encounter_id)
    flash(gettext("Undone."))
    return done(url_for("days.end"))
