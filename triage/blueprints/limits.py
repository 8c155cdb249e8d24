"""The limits page: in force, proposed, decided; the effect on today's queue before anybody proposes or approves."""

from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from triage.domain import limits as names
from triage.domain.errors import Conflict, NotAllowed, Refused
from triage.domain.limits import as_targets, as_values
from triage.forms.limits import LABELS, LimitsForm, VerdictForm
from triage.services import limits
from triage.web import actor, done, message, page, requires, sentence, status_of

blueprint = Blueprint("limits", __name__)


@blueprint.get("/limits")
@requires("limits:view")
def index() -> Response:
    """Show the limits in force, what is proposed with its effect on today's queue, and what was decided."""
    return _page()


def _page(status: int = 200, form: LimitsForm | None = None, **more: Any) -> Response:
    who = actor()
    now, approval, proposal = limits.in_force(who.site_id), limits.find_approval(who), limits.find_open(who)
    seen = approval.proposal_id if approval else ""
    values = {
        "now": as_values(now), "approval": approval, "proposal": proposal, "labels": LABELS, "names": names,
        "shipped": as_values(limits.shipped()), "effect": limits.effect(who, now), "tried": None,
        "with_proposal": limits.effect(who, as_targets(proposal.minutes)) if proposal else None,
        "decisions": limits.list_decisions(who), "form": form or _fresh(as_values(now), seen),
        "error": "", "kept": False, "verdict": VerdictForm(formdata=None, seen=seen),
    }  # fmt: skip
    return page("limits/index.html", status=status, **(values | more))


def _fresh(now: dict[str, int], seen: str) -> LimitsForm:
    return LimitsForm(formdata=None, seen=seen, **{f"limit_{name}": minutes for name, minutes in now.items()})


@blueprint.post("/limits")
@requires("limits:propose")
def propose() -> Response:
    """Show the effect of the limits typed, or propose those whose effect was shown."""
    form = LimitsForm()
    if not form.validate():
        return _page(422, form)
    if limits.find_open(actor()) is not None:
        return _page(409, form, error=sentence("limits_wait"), kept=True)
    if request.form.get("act") != "propose" or form.shown.data != form.summary:
        form.shown.data = form.summary
        return _page(200, form, tried=limits.effect(actor(), as_targets(form.minutes)))
    try:
        limits.propose(actor(), form.minutes, form.seen.data or "", form.note.data or "")
    except (Conflict, Refused) as error:
        return _page(status_of(error), form, error=message(error), kept=True)
    return done(url_for("limits.index"))


@blueprint.post("/limits/<proposal_id>/approval")
@requires("limits:approve")
def approve(proposal_id: str) -> Response:
    """Put the proposed limits in force."""
    form = VerdictForm()
    if not form.validate():
        return _page(422)
    try:
        limits.approve(actor(), proposal_id, form.seen.data or "")
    except (Conflict, NotAllowed) as error:
        return _page(status_of(error), error=message(error))
    return done(url_for("limits.index"))


@blueprint.post("/limits/<proposal_id>/refusal")
@requires("limits:approve")
def refuse(proposal_id: str) -> Response:
    """Refuse the proposed limits, with the reason."""
    form = VerdictForm()
    if not form.validate():
        return _page(422, verdict=form)
    try:
        limits.refuse(actor(), proposal_id, form.reason.data or "")
    except (Conflict, NotAllowed, Refused) as error:
        return _page(status_of(error), verdict=form, error=message(error))
    return done(url_for("limits.index"))


@blueprint.post("/limits/<proposal_id>/withdrawal")
@requires("limits:propose")
def withdraw(proposal_id: str) -> Response:
    """Take one's own proposal back."""
    try:
        limits.withdraw(actor(), proposal_id)
    except (Conflict, NotAllowed) as error:
        return _page(status_of(error), error=message(error))
    return done(url_for("limits.index"))
