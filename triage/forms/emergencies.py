"""The emergency panel: a step of the transfer, and taking the emergency back."""

from datetime import time

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Optional, Regexp

from triage.domain.transfers import STEPS
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.triage import storable


class StepForm(PostedForm):
    """One step, now or at a time of the clock; the hospital goes with the call."""

    step = HiddenField(validators=[AnyOf(STEPS)])
    version = IntegerField(validators=[Optional()])
    hospital = RadioField(_l("Receiving hospital"), validate_choice=False)
    at = StringField(_l("Time"), [Optional(), Regexp(r"^([01]?\d|2[0-3])[:：]?[0-5]\d$", message=told("not_a_time"))])

    @property
    def clock_time(self) -> time | None:
        """Return the typed time, None for "now"."""
        digits = (self.at.data or "").replace(":", "").replace("：", "").zfill(4)
        return time(int(digits[:2]), int(digits[2:])) if self.at.data else None


class ProposalForm(PostedForm):
    """Why it should not be an emergency."""

    reason = StringField(_l("Why it is no emergency"), [InputRequired(told("note_needed")), Length(max=1000), storable])


class AgreementForm(PostedForm):
    """A second person's answer to the proposal, on what the page showed."""

    answer = HiddenField(validators=[AnyOf(("agree", "refuse"))])
    proposal = HiddenField(validators=[InputRequired()])
    version = IntegerField(validators=[InputRequired()])
