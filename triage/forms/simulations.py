"""Which visits a draft is tried on."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField
from wtforms.validators import InputRequired

from triage.forms.base import PostedForm


class PeriodForm(PostedForm):
    """The first and the last day; that they can be, the service decides."""

    since = DateField(_l("From"), [InputRequired(_l("Enter a date."))])
    until = DateField(_l("To"), [InputRequired(_l("Enter a date."))])
