"""Asking somebody to come back another day, and what a telephone call about it ended in."""

from datetime import date, time

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, IntegerField, RadioField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional

from triage import knowledge
from triage.domain.comeback import Day
from triage.domain.late import read_time
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import in_one_width, text


class _DayForm(PostedForm):
    """A day with a window that may stay empty."""

    version = IntegerField(validators=[DataRequired(), NumberRange(1, 2**31 - 1)])
    begins = text(_l("From (may stay empty)"), 12, clean=in_one_width)
    ends = text(_l("To (may stay empty)"), 12, clean=in_one_width)
    note = text(_l("Note (may stay empty)"), 500)

    def validate_begins(self, field: StringField) -> None:
        """Refuse what is no time."""
        _check_time(field)

    def validate_ends(self, field: StringField) -> None:
        """Refuse what is no time."""
        _check_time(field)

    @property
    def window(self) -> tuple[time | None, time | None]:
        """Return from when until when, None where nothing is typed."""
        return _time(self.begins), _time(self.ends)


class ReturnForm(_DayForm):
    """The day, the window and the reason of a return."""

    on = DateField(_l("Comes back on"), [InputRequired(told("return_day_needed"))])
    reason = RadioField(_l("Why"), [InputRequired(told("reason_needed"))])

    def __init__(self, locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        self.reason.choices = [(one.id, one.label(locale)) for one in knowledge.load().flow.comeback_reasons]

    @property
    def day(self) -> Day:
        """Return the day and its window as typed; only after ``validate``."""
        return Day(self.on.data or date.min, *self.window)


class CallForm(_DayForm):
    """One telephone call; the day counts only where the patient comes on another one."""

    result = HiddenField()
    on = DateField(_l("New day"), [Optional()])

    @property
    def day(self) -> Day | None:
        """Return the new day and its window, None where none is typed."""
        return Day(self.on.data, *self.window) if self.on.data else None


def _time(field: StringField) -> time | None:
    return read_time(field.data) if field.data else None


def _check_time(field: StringField) -> None:
    if field.data and read_time(field.data) is None:
        raise ValidationError(told("not_a_time"))
