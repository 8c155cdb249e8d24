"""What the auditor filters by; everything stands in the URL so that a view can be passed on."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from triage.domain.event_labels import LABELS
from triage.forms.base import FormPart


class AuditFilterForm(FormPart):
    """A GET form: no token, nothing changes."""

    patient = StringField(_l("Patient number"), [Optional(), Length(max=50)])
    staff = StringField(_l("Staff ID"), [Optional(), Length(max=100)])
    name = SelectField(
        _l("Event"),
        [Optional()],
        choices=[("", _l("All events")), *((name, _l(text)) for name, text in LABELS.items())],
    )
    since = DateField(_l("From"), [Optional()])
    until = DateField(_l("To"), [Optional()])
    before = IntegerField(validators=[Optional(), NumberRange(1, 2**31 - 1)])
