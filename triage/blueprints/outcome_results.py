"""A surgeon's own results: pictures with the numbers behind them."""

from typing import Any

from flask import Blueprint, Response, request

from triage.blueprints.periods import period_form, presets
from triage.forms.agreement import TreatedForm
from triage.services import organisations, outcome_pictures, outcome_results, outcomes
from triage.services.judgements import Period
from triage.web import actor, page, requires

blueprint = Blueprint("outcome_results", __name__)
#: Days back of the periods to choose from; the first is shown when none is chosen, so that two years are told of.
PRESETS = (3 * 365, 365)


@blueprint.get("/outcomes/results")
@requires("results:own")
def index() -> Response:
    """Show what became of those whom the surgeon treated in a period; a wrong period is answered 422."""
    whose, form = request.args.get("surgeon") or actor().staff_id, period_form(PRESETS[0], TreatedForm)
    chosen = {"surgeon": whose} if whose != actor().staff_id else {}
    values: dict[str, Any] = {
        "form": form, "presets": presets(form, PRESETS, "outcome_results.index", **chosen), "whose": whose,
        "surgeons": outcome_results.surgeons(actor()), "asked": outcomes.known(),
        "today": organisations.today(actor().site_id),
    }  # fmt: skip
    if not form.validate():
        return page("outcomes/results.html", status=422, groups=None, **values)
    groups = outcome_results.results(actor(), whose, Period(form.since.data, form.until.data))
    shown = [(group, outcome_pictures.pictures_of(group)) for group in groups]
    return page("outcomes/results.html", groups=shown, **values)
