"""What came of an examination: its images, its reports, and who has seen them."""

import re
from io import BytesIO
from typing import Any

from flask import Blueprint, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.paper_time import at_paper_time
from triage.blueprints.refresh import refreshed
from triage.blueprints.viewer import viewer_url
from triage.domain.errors import Conflict, DomainError, Invalid, Untimely
from triage.forms.results import ReportForm, SeenForm
from triage.services import images, live, order_times, results
from triage.web import actor, done, message, page, requires, sentence, status_of, toast

blueprint = Blueprint("results", __name__)


def _lists() -> dict[str, Any]:
    rev = live.page_revision(actor())  # read first: a change that comes now is shown again, never lost
    undone = results.list_undone(actor())
    within = knowledge.load().flow.examinations
    return {
        "rev": rev, "unseen": results.list_unseen(actor()), "undone": undone, "seen_within": within.seen_within,
        "done_within": within.done_within, "times": order_times.of_orders([order.id for order in undone]),
    }  # fmt: skip


@blueprint.get("/results")
@requires("imaging:view")
def index() -> Response:
    """List the results that no doctor has seen, and what was ordered and not done in its time."""
    return page("results/index.html", **_lists())


@blueprint.get("/results/rows")
@requires("imaging:view")
def rows() -> Response:
    """Answer a refresh of the lists: nothing while nothing changed."""
    return refreshed("results/_lists.html", _lists)


@blueprint.get("/imaging-orders/<order_id>/result")
@requires("imaging:view")
def show(order_id: str) -> Response:
    """Show what came of one examination."""
    return _show(results.open_(actor(), order_id), ReportForm(formdata=None))


def _show(result: results.Result, form: ReportForm, status: int = 200, error: str = "", **more: Any) -> Response:
    order = result.order
    return page(
        "results/show.html", status=status, result=result, order=order, encounter=order.encounter, form=form,
        patient=order.encounter.patient, error=error, viewer_url=viewer_url(order.encounter.patient),
        came=images.compare_all(result.studies, order.encounter.patient), **more,
    )  # fmt: skip


@blueprint.post("/imaging-orders/<order_id>/reports")
@requires("reports:write")
def report(order_id: str) -> Response:
    """Enter a report; a later one takes the place of an earlier."""
    form = ReportForm()
    try:
        if not form.validate():
            raise Invalid()
        words = form.report()
        at_paper_time(lambda: results.report(actor(), order_id, form.version.data or 0, words))
    except (Conflict, Invalid, Untimely) as error:
        return _again(order_id, form, error)
    toast(gettext("The report is kept."), None)
    return done(url_for("results.show", order_id=order_id))


def _again(order_id: str, form: ReportForm, error: DomainError) -> Response:
    for name, code in getattr(error, "fields", {}).items():
        form[name].errors = [sentence(code)]
    status = status_of(error)
    told = "" if isinstance(error, (Invalid, Untimely)) else message(error)
    return _show(results.get(actor(), order_id), form, status, told, untimely=isinstance(error, Untimely))


@blueprint.post("/imaging-orders/<order_id>/sight")
@requires("reports:see")
def see(order_id: str) -> Response:
    """Note that this doctor has seen the result."""
    form = SeenForm()
    try:
        at_paper_time(lambda: results.see(actor(), order_id, form.version.data or 0))
    except (Conflict, Untimely) as error:
        return _again(order_id, ReportForm(formdata=None), error)
    toast(gettext("Noted: you have seen this result."), None)
    return done(url_for("results.show", order_id=order_id))


@blueprint.get("/imaging-orders/<order_id>/reports/<sequence>/file")
@requires("imaging:view")
def file(order_id: str, sequence: str) -> Response:
    """Send a report's file as what it is, to be kept and never shown inside a page of ours."""
    found = results.file_of(actor(), order_id, int(sequence) if re.fullmatch("[0-9]{1,4}", sequence) else 0)
    return send_file(BytesIO(found.file or b""), found.file_type, as_attachment=True, download_name=found.file_name)
