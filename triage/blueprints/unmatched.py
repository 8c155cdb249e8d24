"""What machines told and nobody could match: a person says whose it is, in two steps, or why nobody's."""

from flask import Blueprint, flash, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage.domain.errors import Conflict, DomainError, Refused
from triage.forms.unmatched import LinkForm, SettleForm
from triage.services import encounters, unmatched
from triage.web import actor, done, locale, message, page, requires, status_of, toast

blueprint = Blueprint("unmatched", __name__)


@blueprint.get("/imaging/unmatched")
@requires("imaging:match")
def index() -> Response:
    """List what waits for a person, and what was settled a moment ago."""
    return page("unmatched/index.html", items=unmatched.list_open(actor()), settled=unmatched.list_settled(actor()))


@blueprint.get("/imaging/unmatched/<kind>/<row_id>")
@requires("imaging:match")
def show(kind: str, row_id: str) -> Response:
    """Show what the machine said beside the orders that may be meant."""
    return _show(unmatched.find(actor(), kind, row_id), SettleForm(locale(), formdata=None))


def _show(item: unmatched.Item, form: SettleForm, status: int = 200, error: str = "") -> Response:
    offers = unmatched.offers(actor(), item)
    return page("unmatched/show.html", status=status, item=item, offers=offers, form=form, error=error)


@blueprint.get("/imaging/unmatched/<kind>/<row_id>/orders/<order_id>")
@requires("imaging:match")
def compare(kind: str, row_id: str, order_id: str) -> Response:
    """Show both identities, the machine's and the order's: the first of two steps."""
    item = unmatched.find(actor(), kind, row_id)
    offer = unmatched.offer(actor(), item, order_id)
    encounters.open_(actor(), offer.order.encounter_id, "unmatched")
    return _compare(item, offer, LinkForm(formdata=None))


def _compare(item: unmatched.Item, offer: unmatched.Offer, form: LinkForm, status: int = 200, **told: str) -> Response:
    return page("unmatched/compare.html", status=status, item=item, offer=offer, order=offer.order, form=form, **told)


@blueprint.post("/imaging/unmatched/<kind>/<row_id>/orders/<order_id>")
@requires("imaging:match")
def link(kind: str, row_id: str, order_id: str) -> Response:
    """Match it to the order."""
    form = LinkForm()
    given = (kind, row_id, form.version.data or 0, order_id, bool(form.same_person.data))
    try:
        unmatched.link(actor(), *given)
    except Refused as error:
        form.same_person.errors = [message(error)]
        item = unmatched.find(actor(), kind, row_id)
        return _compare(item, unmatched.offer(actor(), item, order_id), form, 422)
    except Conflict as error:
        return _late(kind, row_id, error)
    toast(gettext("Matched to the order."), url_for("unmatched.undo", kind=kind, row_id=row_id))
    return done(url_for("unmatched.index"))


def _late(kind: str, row_id: str, error: DomainError, form: SettleForm | None = None) -> Response:
    """Show how it stands now, with why nothing was done."""
    item = unmatched.find(actor(), kind, row_id)
    status = status_of(error)
    return _show(item, form or SettleForm(locale(), formdata=None), status, message(error))


@blueprint.post("/imaging/unmatched/<kind>/<row_id>/settlement")
@requires("imaging:match")
def settle(kind: str, row_id: str) -> Response:
    """Say why it belongs to no order."""
    form = SettleForm(locale())
    if not form.validate():
        return _show(unmatched.find(actor(), kind, row_id), form, 422)
    try:
        unmatched.settle(actor(), kind, row_id, form.version.data or 0, form.reason.data or "")
    except Conflict as error:
        return _late(kind, row_id, error, form)
    toast(gettext("Settled: it belongs to no order."), url_for("unmatched.undo", kind=kind, row_id=row_id))
    return done(url_for("unmatched.index"))


@blueprint.post("/imaging/unmatched/<kind>/<row_id>/undo")
@requires("imaging:match")
def undo(kind: str, row_id: str) -> Response:
    """Take back what was settled a moment ago."""
    unmatched.undo(actor(), kind, row_id)
    flash(gettext("Undone. It waits to be matched again."))
    return done(url_for("unmatched.index"))
