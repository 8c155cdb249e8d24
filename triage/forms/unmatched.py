"""What a machine told and nobody could match: whose it is, or why nobody's."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, RadioField
from wtforms.validators import DataRequired, InputRequired, NumberRange

from triage import knowledge
from triage.forms import told
from triage.forms.base import PostedForm


class VersionForm(PostedForm):
    """Which state was looked at."""

    version = IntegerField("", [DataRequired(), NumberRange(1, 2**31 - 1)])


class LinkForm(VersionForm):
    """The second of two steps: both identities are shown."""

    same_person = BooleanField(_l("The numbers differ, and it is the same person: I have compared"))


class SettleForm(VersionForm):
    """Why it belongs to no order."""

    reason = RadioField(_l("Why"), [InputRequired(told("reason_needed"))])

    def __init__(self, locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        reasons = knowledge.load().flow.examinations.not_ours
        self.reason.choices = [(reason.id, reason.label(locale)) for reason in reasons.values()]
