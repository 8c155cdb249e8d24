"""The way after a decision: the board of all patients on it, what is due, one patient's view, the printed schedule."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, make_response, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.paper_time import at_paper_time, late_form
from triage.domain import pathways as way
from triage.domain.errors import Conflict, DomainError, Invalid, Refused, Untimely
from triage.forms.pathways import EndForm, ResumeForm, StepForm
from triage.services import live, milestones, organisations, pathway_lists, pathways, step_times
from triage.services import pathway_counts as counting
from triage.web import actor, done, in_language, locale, message, page, requires, status_of, toast

blueprint = Blueprint("pathways", __name__)
SHOWN = ("", *way.PHASES, "alarm", "ended")
OWNERS = ("reception", "nurse", "radiographer", "surgeon")


@blueprint.get("/pathways")
@requires("pathways:view")
def index() -> Response:
    """Show every patient on the way, one row each, by phase."""
    show, words = request.args.get("show", ""), request.args.get("q", "")[:100]
    filters = pathway_lists.Filters(show if show in SHOWN else "", words)
    return _live("pathways/index.html", "pathways/_lists.html", lambda: _board(filters))


def _board(filters: pathway_lists.Filters) -> dict[str, Any]:
    lines, counts = pathway_lists.board(actor(), filters)
    return {"lines": lines, "counts": counts, "filters": filters, "shown": SHOWN}


def _live(whole: str, part: str, found: Callable[[], dict[str, Any]]) -> Response:
    """Show a list, or answer its refresh: nothing while it would look the same."""
    rev = live.page_revision(actor())  # read first: a change that comes now is shown again, never lost
    if "rev" in request.args:
        seen = request.args.get("told" if request.args.get("hold") == "1" else "rev")
        if rev in (seen, request.args["rev"]):
            return make_response("", 204)
    day = organisations.today(actor().site_id)
    return page(part if "rev" in request.args else whole, rev=rev, today=day, **found())


@blueprint.get("/pathways/due")
@requires("pathways:view")
def due() -> Response:
    """List the steps that are due today or late, of everybody or of one role."""
    owner = request.args.get("owner", "")
    owner = owner if owner in OWNERS else ""
    return _live("pathways/due.html", "pathways/_due_lists.html", lambda: _due(owner))


def _due(owner: str) -> dict[str, Any]:
    steps = pathway_lists.list_due(actor(), owner)
    return {"steps": steps, "owner": owner, "owners": OWNERS, "days_late": way.days_late}


@blueprint.get("/pathways/<pathway_id>")
@requires("pathways:view")
def show(pathway_id: str) -> Response:
    """Show one patient's way: every step with its days, the chosen one to work on, and the history."""
    seen = pathway_lists.open_(actor(), pathway_id)
    return _show(seen, request.args.get("step", ""))


def _show(seen: pathway_lists.View, step_id: str, status: int = 200, error: str = "", **forms: Any) -> Response:
    chosen = next((step for step in seen.steps if step.id == step_id), None) or way.next_step(seen.steps)
    return page(
        "pathways/show.html", status=status, error=error, step=chosen,
        **vars(seen) | {"patient": seen.pathway.patient} | _forms() | forms | _rights(seen, chosen),
    )  # fmt: skip


def _forms() -> dict[str, Any]:
    return {
        "form": StepForm(formdata=None), "end_form": EndForm(locale(), formdata=None),
        "resume_form": ResumeForm(formdata=None),
    }  # fmt: skip


def _rights(seen: pathway_lists.View, step: Any) -> dict[str, Any]:
    who, today = actor(), organisations.today(seen.pathway.site_id)
    late = {one.id: way.days_late(one, today) for one in seen.steps}
    if step is None:
        return {"today": today, "late": late}
    return {
        "today": today, "late": late, "missing": way.missing(seen.steps, step),
        "kinds": step_times.kinds_of(step, seen.pathway.procedure), "unticked": way.unticked(step, step.ticks),
        "may_complete": milestones.may_complete(who, step), "may_omit": milestones.may_omit(who, seen.steps, step),
    }  # fmt: skip


@blueprint.get("/pathways/<pathway_id>/print")
@requires("pathways:view")
def print_(pathway_id: str) -> Response:
    """Show the schedule for the printer, in the patient's language."""
    seen = pathway_lists.print_(actor(), pathway_id)
    values = vars(seen) | {"patient": seen.pathway.patient, "actor": actor(), "known": knowledge.load()}
    values["site"] = organisations.site_of(actor())
    sheet = in_language(seen.pathway.patient.language, "pathways/_schedule.html", values)
    back = url_for("pathways.show", pathway_id=pathway_id)
    return page("pathways/print.html", sheet=sheet, pathway=seen.pathway, back_url=back)


Act = Callable[[StepForm], Any]


def _step(
    pathway_id: str, step_id: str, act: Act, words: str, day: str = "day", why: str = "", may_undo: bool = False
) -> Response:
    """Do it, or show the step again with the message at the field ``day`` or ``why``, and what was typed."""
    form = StepForm()
    if not form.validate():
        return _again(pathway_id, step_id, 422, "", form=form)
    try:
        at_paper_time(lambda: act(form))
    except (Invalid, Refused, Conflict) as error:
        return _refused(pathway_id, step_id, form, error, day, why)
    may_undo = may_undo and not late_form().says_something  # what happened a while ago is taken back with a reason
    undo = url_for("pathways.reopen", pathway_id=pathway_id, step_id=step_id) if may_undo else None
    toast(words, undo)
    to_list = request.form.get("then") == "due"
    return done(url_for("pathways.due") if to_list else url_for("pathways.show", pathway_id=pathway_id))


def _refused(
    pathway_id: str, step_id: str, form: StepForm, error: DomainError, day: str, why: str
) -> Response:  # fmt: skip
    status = status_of(error)
    if isinstance(error, Invalid):
        form.say(day, error.fields["day"])
    elif isinstance(error, Untimely):
        pass  # said at the time on paper
    elif error.code == "note_needed" and why:
        form.say(why, error.code)
    else:
        return _again(pathway_id, step_id, status, message(error), form=form)
    return _again(pathway_id, step_id, status, "", form=form)


def _again(pathway_id: str, step_id: str, status: int, error: str, **forms: Any) -> Response:
    return _show(pathway_lists.view(actor(), pathway_id), step_id, status, error, **forms)


@blueprint.post("/pathways/<pathway_id>/steps/<step_id>/completion")
@requires("pathways:work")
def complete(pathway_id: str, step_id: str) -> Response:
    """Note a step as done."""

    def act(form: StepForm) -> None:
        milestones.complete(
            actor(), step_id, form.version.data or 0, form.date_of("done_on"), form.words.data or ""
        )  # fmt: skip

    return _step(pathway_id, step_id, act, gettext("Carried out: noted."), day="done_on", may_undo=True)


@blueprint.post("/pathways/<pathway_id>/steps/<step_id>/reopening")
@requires("pathways:work")
def reopen(pathway_id: str, step_id: str) -> Response:
    """Take back that a step is done or not needed; the undo of a moment ago carries no version."""

    def act(form: StepForm) -> None:
        milestones.reopen(actor(), step_id, form.version.data, form.why_reopened.data or "")

    return _step(pathway_id, step_id, act, gettext("The step is open again."), why="why_reopened")


@blueprint.post("/pathways/<pathway_id>/steps/<step_id>/omission")
@requires("pathways:work")
def omit(pathway_id: str, step_id: str) -> Response:
    """Say that a step is not needed."""

    def act(form: StepForm) -> None:
        milestones.omit(actor(), step_id, form.version.data or 0, form.why_omitted.data or "")

    return _step(pathway_id, step_id, act, gettext("Not needed: noted."), why="why_omitted")


@blueprint.post("/pathways/<pathway_id>/steps/<step_id>/day")
@requires("pathways:plan")
def move(pathway_id: str, step_id: str) -> Response:
    """Give a step another day; what follows moves with it."""

    def act(form: StepForm) -> None:
        closed_too = bool(form.closed_too.data)
        given = (form.date_of("day"), form.why_moved.data or "", closed_too)
        milestones.move(actor(), step_id, form.version.data or 0, *given)

    return _step(pathway_id, step_id, act, gettext("Noted. What follows has moved with it."), why="why_moved")


@blueprint.post("/pathways/<pathway_id>/steps/<step_id>/checklist")
@requires("pathways:work")
def tick(pathway_id: str, step_id: str) -> Response:
    """Answer the items of a checklist."""
    answers = {key.removeprefix("item-"): value for key, value in request.form.items() if key.startswith("item-")}

    def act(form: StepForm) -> None:
        milestones.tick(actor(), step_id, form.version.data or 0, answers)

    return _step(pathway_id, step_id, act, gettext("Checklist saved."))


@blueprint.post("/pathways/<pathway_id>/end")
@requires("pathways:end")
def end(pathway_id: str) -> Response:
    """Cancel a pathway, with a reason."""
    form = EndForm(locale())
    if not form.validate():
        return _again(pathway_id, "", 422, "", end_form=form)
    try:
        given = (form.version.data or 0, form.reason.data or "", form.end_note.data or "")
        at_paper_time(lambda: pathways.cancel(actor(), pathway_id, *given))
    except Untimely:
        return _again(pathway_id, "", 422, "", end_form=form)
    except Refused as error:
        form.say("end_note", error.code)
        return _again(pathway_id, "", 422, "", end_form=form)
    except Conflict as error:
        return _again(pathway_id, "", 409, message(error), end_form=form)
    flash(gettext("The pathway has ended. Its history stays."))
    return done(url_for("pathways.show", pathway_id=pathway_id))


@blueprint.post("/pathways/<pathway_id>/resumption")
@requires("pathways:end")
def resume(pathway_id: str) -> Response:
    """Take a cancelled pathway up again."""
    form = ResumeForm()
    if not form.validate():
        return _again(pathway_id, "", 422, "", resume_form=form)
    try:
        pathways.resume(actor(), pathway_id, form.version.data or 0, form.why.data or "")
    except (Refused, Conflict) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return _again(pathway_id, "", status, message(error), resume_form=form)
    flash(gettext("The pathway goes on. Look at its days."))
    return done(url_for("pathways.show", pathway_id=pathway_id))


def pathway_counts() -> counting.Counts:
    """Return what is late and who is not ready: a nurse's and a surgeon's view is of all, another role's of its own."""
    who = actor()
    return counting.count(who, *(() if who.may("pathways:end") else sorted(who.roles)))
