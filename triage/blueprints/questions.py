"""Questions between surgeon and nurse: asked, answered and ended, on the page of the patient or on the list."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, make_response, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage.blueprints.paper_time import at_paper_time
from triage.blueprints.refresh import refreshed
from triage.domain.errors import Conflict, DomainError, Invalid, Refused, Untimely
from triage.domain.questions import ASKED_BY, may_ask
from triage.forms.questions import AnswerForm, AskForm, EndForm
from triage.models import Encounter, Question
from triage.services import encounters, live, questions
from triage.web import actor, done, htmx, inside, message, page, requires, status_of

blueprint = Blueprint("questions", __name__)
Form = AskForm | AnswerForm | EndForm


def asked_here(encounter: Encounter) -> dict[str, Any]:
    """Return what the part of a patient's page about questions needs."""
    who = actor()
    asked = questions.list_of(who, encounter)
    return {
        "asked": asked, "asked_rev": "-".join(f"{one.id}.{one.version}" for one in asked),
        "ask_of": [role for role in ASKED_BY if may_ask(who.roles, role)],
    }  # fmt: skip


def _lists() -> dict[str, Any]:
    who = actor()
    rev = live.page_revision(who)  # read first: a change that comes now is shown again, never lost
    found = questions.list_open(who)
    mine = [one for one in found if questions.is_turn_of(who, one)]
    return {"rev": rev, "mine": mine, "theirs": [one for one in found if one not in mine]}


def waiting() -> dict[str, Any]:
    """Return what a list of patients shows of questions: those this person is to act on, and all by their visit."""
    found = questions.list_open(actor())
    by_visit: dict[str, list[Question]] = {}
    for one in found:
        by_visit.setdefault(one.encounter_id, []).append(one)
    return {"asked": [one for one in found if questions.is_turn_of(actor(), one)], "asked_by_visit": by_visit}


@blueprint.get("/questions")
@requires("questions:view")
def index() -> Response:
    """List every question that has no end yet."""
    return page("questions/index.html", **_lists())


@blueprint.get("/questions/rows")
@requires("questions:view")
def rows() -> Response:
    """Answer a refresh of the list: nothing while it would look the same."""
    return refreshed("questions/_lists.html", _lists)


@blueprint.get("/encounters/<encounter_id>/questions")
@requires("questions:view")
def of_visit(encounter_id: str) -> Response:
    """Answer a refresh of one patient's questions: nothing while they are the same."""
    encounter = encounters.get(actor(), encounter_id)
    values = asked_here(encounter)
    if request.args.get("asked_rev") == values["asked_rev"]:
        return make_response("", 204)
    return page("questions/_asked.html", encounter=encounter, **values)


@blueprint.post("/encounters/<encounter_id>/questions")
@requires("questions:ask")
def ask(encounter_id: str) -> Response:
    """Ask the other role about a patient who is here."""
    form, encounter = AskForm(), encounters.get(actor(), encounter_id)
    given = (form.to_role.data or "", form.words.data or "", form.request_id.data or "")
    said = gettext("%(ticket)s: asked.", ticket=encounter.ticket)
    return _do(form, encounter, lambda: questions.ask(actor(), encounter_id, *given), said, asking=encounter)


@blueprint.post("/questions/<question_id>/answer")
@requires("questions:ask")
def answer(question_id: str) -> Response:
    """Answer a question; who asked sees it at once."""
    form, here = AnswerForm(), questions.get(actor(), question_id).encounter
    given = (question_id, form.version.data or 0, form.words.data or "")
    said = gettext("%(ticket)s: answered.", ticket=here.ticket)
    return _do(form, here, lambda: questions.answer(actor(), *given), said, row=question_id)


@blueprint.post("/questions/<question_id>/end")
@requires("questions:ask")
def end(question_id: str) -> Response:
    """End a question: the answer is read, or it is taken back."""
    form, here = EndForm(), questions.get(actor(), question_id).encounter
    given = (question_id, form.version.data or 0)
    said = gettext("%(ticket)s: the question is ended.", ticket=here.ticket)
    return _do(form, here, lambda: questions.end(actor(), *given), said, row=question_id)


def _do(form: Form, here: Encounter, act: Callable[[], object], said: str, **place: Any) -> Response:
    """Act and go on; on a patient's page only the part about questions is drawn anew, and other typed words stay."""
    try:
        if not form.validate():
            raise Invalid()
        at_paper_time(act)
    except (Conflict, Invalid, Refused) as error:
        return _again(form, here, error, place)
    if htmx:
        here = encounters.get(actor(), here.id)
        return page("questions/_here.html", encounter=here, said=said, **asked_here(here))
    flash(said)
    return done(inside(request.form.get("next")) or url_for("questions.index"))


def _again(form: Form, here: Encounter, error: DomainError, place: dict[str, Any]) -> Response:
    status = status_of(error)
    told = message(error) if isinstance(error, Conflict) else ""  # what is wrong with a field stands at the field
    values = {"form": form, "error": told, "typed": form["words"].data if "words" in form else "", **place}
    values["untimely"] = isinstance(error, Untimely)
    if htmx:
        here = encounters.get(actor(), here.id)
        return page("questions/_here.html", status=status, encounter=here, **asked_here(here), **values)
    return page("questions/index.html", status=status, **_lists(), **values)
