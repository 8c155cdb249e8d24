"""A period that stands in the URL: read from it, and the usual ones to choose from."""

from datetime import timedelta
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from triage import clock
from triage.forms.agreement import PeriodForm
from triage.web import zone


def period_form(days: int, form: type[PeriodForm] = PeriodForm) -> PeriodForm:
    """Return the period of the URL; without any word about it, the last so many days."""
    if {"since", "until"} & set(request.args):
        return form(request.args)
    return form(MultiDict(_preset(days)))


def _preset(days: int) -> dict[str, Any]:
    today = clock.now().astimezone(zone()).date()
    return {"since": (today - timedelta(days=days - 1)).isoformat(), "until": today.isoformat()}


def presets(form: PeriodForm, days: tuple[int, ...], endpoint: str, **values: Any) -> list[dict[str, Any]]:
    """Return links to the usual periods, so many days each and all, for the tabs of a page."""
    chosen = {"since": form.since.raw_data, "until": form.until.raw_data}
    choices = [(_length(count), _preset(count)) for count in days]
    return [
        {
            "url": url_for(endpoint, **values, **period),
            "label": label,
            "current": chosen == {name: [value] for name, value in period.items()},
        }
        for label, period in [*choices, (_("All"), {"since": "", "until": ""})]
    ]


def _length(days: int) -> str:
    return _("%(count)s years", count=round(days / 365)) if days > 365 else _("%(count)s days", count=days)
