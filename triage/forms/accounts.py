"""Sign-in form."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length


class SignInForm(FlaskForm):
    """Staff ID and password; ``next`` is the page that was asked for."""

    user_name = StringField(_l("Staff ID"), [InputRequired(_l("Enter your staff ID.")), Length(max=100)])
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password.")), Length(max=500)])
    next = HiddenField()
