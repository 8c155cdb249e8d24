"""Sign-in form."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from triage.forms.base import PostedForm


class SignInForm(PostedForm):
    """Staff ID and password; ``next`` is the page that was asked for."""

    user_name = StringField(_l("Staff ID"), [InputRequired(_l("Enter your staff ID.")), Length(max=100)])
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password.")), Length(max=500)])
    next = HiddenField()
