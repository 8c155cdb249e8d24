"""What any form may carry from paper: the use case then runs with the time that stands there, both times kept."""

from collections.abc import Callable
from typing import TypeVar

from flask import flash, g, request
from flask_babel import gettext

from triage import clock
from triage.domain.errors import Invalid, Untimely
from triage.forms.late import NAMES, LateForm
from triage.services import late
from triage.web import message, sentence, zone

Result = TypeVar("Result")


def late_form(row_id: str = "", typed: bool = True) -> LateForm:
    """Return the fields as they were posted (or stand in the address), with their messages.

    ``row_id``: where a page holds several, of which one was typed into.
    """
    if not typed:
        return LateForm(None).of_row(row_id)
    if "late_form" not in g:
        g.late_form = LateForm(request.form if request.method == "POST" else request.args)
    found: LateForm = g.late_form
    return found.of_row(row_id) if row_id else found


def at_paper_time(act: Callable[[], Result], needed: bool = False, always: bool = False) -> Result:
    """Do it at the time from paper, now where none is typed; raises Untimely or Invalid, with a message at the field.

    ``always``: an emergency is done in any case: now, where the time cannot be.
    """
    try:
        return _at(act, needed)
    except Untimely as error:
        form = late_form()
        if not form.errors and not form.late_time.errors:
            form.say("late_time", message(error))
        if not always:
            raise
    except Invalid as wrong:
        if "paper_ticket" in wrong.fields:
            late_form().say("paper_ticket", sentence(wrong.fields["paper_ticket"]))
        raise
    flash(gettext("The time on paper could not be used. It was noted as of now."))
    return act()


def is_from_paper() -> bool:
    """Tell whether anything stands in the fields from paper, which are seldom worth being read."""
    return any(request.form.get(name, "").strip() for name in NAMES)


def _at(act: Callable[[], Result], needed: bool) -> Result:
    if not needed and not is_from_paper():
        return act()
    form = late_form()
    if (needed or form.says_something) and not form.reads(needed):
        raise Untimely("invalid")
    with late.entry(form.moment(zone(), clock.now())):
        return act()
