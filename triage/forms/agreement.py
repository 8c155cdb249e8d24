"""The period of the agreement page, which stands in the URL so that a view can be passed on; words about a rule."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import TextInput

from triage.domain.dates import find_date
from triage.forms import told
from triage.forms.base import FormPart, PostedForm
from triage.forms.patients import in_one_width
from triage.forms.triage import storable


class DayField(DateField):
    """A day as text, in every way the desk may type one: the browser's own calendar speaks the browser's language."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day; raises ValueError for what is no date."""
        typed = in_one_width(valuelist[0]) if valuelist else ""
        self.data = find_date(typed)
        if typed and self.data is None:
            raise ValueError(told("not_a_date"))


class PeriodForm(FormPart):
    """A GET form: no token, nothing changes. An empty field leaves that end open."""

    since = DayField(_l("From"), [Optional()])
    until = DayField(_l("To"), [Optional()])

    def validate_until(self, field: Any) -> None:
        """Refuse a last day before the first."""
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_l("The last day lies before the first."))


class TreatedForm(PeriodForm):
    """The period in which the patients were treated whom a page tells of."""

    since = DayField(_l("Treated from"), [Optional()])
    until = DayField(_l("Treated until"), [Optional()])


class ListForm(FormPart):
    """Which pages of the lists of one rule: decisions, feedback."""

    decisions = IntegerField(validators=[Optional(), NumberRange(0, 10_000)])
    feedback = IntegerField(validators=[Optional(), NumberRange(0, 10_000)])


class FeedbackForm(PostedForm):
    """What is wrong with a rule at this patient."""

    text = TextAreaField(_l("What is wrong here"), [DataRequired(told("note_needed")), Length(max=1000), storable])


class AnswerForm(PostedForm):
    """What the clinical lead answers."""

    text = TextAreaField(_l("Answer"), [DataRequired(told("note_needed")), Length(max=1000), storable])
