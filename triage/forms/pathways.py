"""What is typed about a step of a pathway: the day it was done, another day, why; and why a pathway ends."""

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, IntegerField, RadioField, ValidationError
from wtforms.validators import InputRequired, NumberRange, Optional

from triage import knowledge
from triage.domain.dates import find_date
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import in_one_width, text


def _version() -> IntegerField:
    return IntegerField("", [Optional(), NumberRange(1, 2**31 - 1)])


class StepForm(PostedForm):
    """Everything one step may be told; each button sends its own part of it."""

    version = _version()
    done_on = text(_l("Done on"), 20, clean=in_one_width)
    words = text(_l("Note (may stay empty)"), 500)
    day = text(_l("Day"), 20, clean=in_one_width)
    why_moved = text(_l("Why another day"), 500)
    closed_too = BooleanField(_l("On this day although the clinic is closed"))
    why_omitted = text(_l("Why it is not needed"), 500)
    why_reopened = text(_l("Why it is open again"), 500)

    def validate_done_on(self, field: Field) -> None:
        """Accept every form of a date that the desk types."""
        if field.data and find_date(field.data) is None:
            raise ValidationError(told("not_a_date"))

    validate_day = validate_done_on

    def date_of(self, name: str) -> date | None:
        """Return the date in a field, None where nothing is typed."""
        return find_date(self[name].data or "")

    def say(self, name: str, code: str) -> None:
        """Put a message at a field."""
        self[name].errors = [*self[name].errors, told(code)]


class EndForm(PostedForm):
    """Why a pathway ends early, or is taken up again."""

    version = _version()
    reason = RadioField(_l("Why"), [InputRequired(told("reason_needed"))])
    end_note = text(_l("Note"), 500)

    def __init__(self, locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        self.reason.choices = [(r.id, r.label(locale)) for r in knowledge.load().flow.pathways.end_reasons.values()]

    def say(self, name: str, code: str) -> None:
        """Put a message at a field."""
        self[name].errors = [*self[name].errors, told(code)]


class ResumeForm(PostedForm):
    """Why a cancelled pathway is taken up again."""

    version = _version()
    why = text(_l("Why it is taken up again"), 500)
