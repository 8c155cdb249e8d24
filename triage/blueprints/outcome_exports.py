"""The export of outcomes: the page that says what is in it, and the file."""

from typing import Any

from flask import Blueprint, Response, stream_with_context

from triage import knowledge
from triage.adapters import csv_lines
from triage.blueprints.periods import period_form, presets
from triage.domain.outcome_export import AFTER, BEFORE, STATUSES
from triage.forms.agreement import PeriodForm, TreatedForm
from triage.services import organisations, outcome_export, outcomes
from triage.services.judgements import Period
from triage.web import actor, page, requires

blueprint = Blueprint("outcome_exports", __name__)
#: Days back of the periods to choose from; the first is chosen when none is.
PRESETS = (3 * 365, 365)


@blueprint.get("/outcomes/export")
@requires("outcomes:export")
def index() -> Response:
    """Say how many lines there are of a period, and what each column holds."""
    form = period_form(PRESETS[0], TreatedForm)
    if not form.validate():
        return _page(form, 422)
    return _page(form, count=outcome_export.count(actor(), _period(form)))


def _period(form: PeriodForm) -> Period:
    return Period(form.since.data, form.until.data)


def _page(form: PeriodForm, status: int = 200, **values: Any) -> Response:
    asked, known = outcomes.known(), knowledge.load()
    return page(
        "outcomes/export.html", status=status, form=form, presets=presets(form, PRESETS, "outcome_exports.index"),
        before=BEFORE, after=AFTER, statuses=STATUSES, asked=asked,
        codes=[known.procedures, *(list(one.values()) for one in (asked.starts, asked.points, asked.hows)),
               *(list(one.values()) for one in (asked.complications, asked.grades, asked.ends))], **values,
    )  # fmt: skip


@blueprint.get("/outcomes/export.csv")
@requires("outcomes:export")
def file() -> Response:
    """Answer the file, line by line as it is read; who took out what is on record before the first one leaves."""
    form = period_form(PRESETS[0], TreatedForm)
    if not form.validate():
        return _page(form, 422)
    number, rows = outcome_export.export(actor(), _period(form))
    answer = Response(stream_with_context(csv_lines.lines(rows)), mimetype="text/csv")
    day = organisations.today(actor().site_id)
    name = f"outcomes-{day:%Y%m%d}-{number}-lines.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
