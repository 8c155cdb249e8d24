"""A question about a patient, and its answer."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange

from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.triage import storable


class AskForm(PostedForm):
    """What is asked of which role; ``request_id`` makes a second press ask nothing twice."""

    request_id = HiddenField("", [Length(max=60), storable])
    to_role = HiddenField("", [Length(max=20), storable])
    words = TextAreaField(_l("Question"), [DataRequired(told("question_needed")), Length(max=1000), storable])


class AnswerForm(PostedForm):
    """What is answered."""

    version = IntegerField("", [DataRequired(), NumberRange(1, 2**31 - 1)])
    words = TextAreaField(_l("Answer"), [DataRequired(told("answer_needed")), Length(max=1000), storable])


class EndForm(PostedForm):
    """The question whose answer is read, or that is taken back."""

    version = IntegerField("", [DataRequired(), NumberRange(1, 2**31 - 1)])
