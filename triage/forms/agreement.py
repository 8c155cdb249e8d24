"""The period of the agreement page; it stands in the URL so that a view can be passed on."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form
from wtforms.validators import Optional, ValidationError


class PeriodForm(Form):
    """A GET form: no token, nothing changes. An empty field leaves that end open."""

    since = DateField(_l("From"), [Optional()])
    until = DateField(_l("To"), [Optional()])

    def validate_until(self, field: Any) -> None:
        """Refuse a last day before the first."""
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_l("The last day lies before the first."))
