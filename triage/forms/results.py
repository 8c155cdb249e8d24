"""A report of an examination, and the press that says a doctor has seen it."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange

from triage.domain.results import LARGEST, Report
from triage.forms.base import PostedForm
from triage.forms.triage import storable


class SeenForm(PostedForm):
    """Which state of the order was looked at."""

    version = IntegerField("", [DataRequired(), NumberRange(1, 2**31 - 1)])


class ReportForm(SeenForm):
    """Words, a file, or both."""

    text = TextAreaField(_l("What the images show"), [Length(max=10_000), storable])
    reader = StringField(_l("Read by, if somebody else"), [Length(max=120), storable])
    reason = StringField(_l("Why it takes the place of the one before"), [Length(max=300), storable])
    file = FileField(_l("File (PDF, PNG or JPEG, up to 900 kB)"))

    def report(self) -> Report:
        """Return what was typed and chosen; of a file that is too large, enough to say so."""
        chosen = self.file.data.read(LARGEST + 1) if self.file.data else b""
        return Report(self.text.data or "", self.reader.data or "", self.reason.data or "", chosen)
