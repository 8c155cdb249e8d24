"""The auditor's page: who did or saw what, when; and whether the chain is whole."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from triage.domain.event_labels import LABELS
from triage.forms.audit import AuditFilterForm
from triage.services import audit
from triage.web import actor, page, requires, zone

blueprint = Blueprint("audit", __name__)
EARLIEST, LATEST = date(1, 1, 3), date(9999, 12, 29)


@blueprint.app_template_global()
def event_word(name: str) -> str:
    """Return what an event is called in the reader's language."""
    return gettext(LABELS[name]) if name in LABELS else name


@blueprint.get("/audit")
@requires("audit:view")
def index() -> Response:
    """List the site's events that fit the filters in the URL, newest first; wrong filters are answered 422."""
    form = AuditFilterForm(request.args)
    if not form.validate():
        return page("audit/index.html", status=422, form=form, events=[], numbers={}, older=None)
    events = audit.list_events(actor(), _filters(form), before=form.before.data)
    older = None
    if len(events) == audit.PAGE:
        kept: dict[str, Any] = {
            key: value for key, value in request.args.items() if key not in {"before", "lang"} and value
        }
        older = url_for("audit.index", **kept, before=events[-1].sequence)
    return page("audit/index.html", form=form, events=events, numbers=audit.patient_numbers(events), older=older)


@blueprint.get("/audit/verification")
@requires("audit:view")
def verification() -> Response:
    """Walk the chain now and show the result."""
    return page("audit/verification.html", partial="audit/_verification.html", result=audit.verify_own(actor()))


def _filters(form: AuditFilterForm) -> audit.Filters:
    until = form.until.data
    return audit.Filters(
        patient=(form.patient.data or "").strip(),
        staff=(form.staff.data or "").strip(),
        name=form.name.data or "",
        since=_midnight(form.since.data),
        until=_midnight(until + timedelta(days=1) if until and until < date.max else until),
    )


def _midnight(day: date | None) -> datetime | None:
    # The first and the last day of the calendar have no moment in UTC; nothing was recorded there.
    return datetime.combine(min(max(day, EARLIEST), LATEST), time(), zone()) if day else None
