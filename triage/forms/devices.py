"""Forms of the devices: a new one, another name, the code that is typed at the device itself."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import as_typed, storable

KINDS = (("wall", _l("Wall display of a waiting room")), ("public_desk", _l("Desk that visitors can look at")))
NAME_LENGTH = 60


def _name() -> StringField:
    checks = [InputRequired(told("name_needed")), Length(max=NAME_LENGTH, message=told("too_long")), storable]
    return StringField(_l("Name of the device"), checks, filters=[as_typed])


class DeviceForm(PostedForm):
    """A screen to be set up."""

    kind = RadioField(_l("What it is"), choices=KINDS, validators=[InputRequired(told("not_a_choice"))])
    name = _name()
    room = SelectField(_l("Calls it shows"), choices=[])

    def offer(self, rooms: Iterable[tuple[str, str]]) -> "DeviceForm":
        """Offer these rooms, id and name, and the whole clinic; return the form."""
        self.room.choices = [("", _l("of every room")), *rooms]
        return self


class RenameForm(PostedForm):
    """Another name for one row of the list; the version says which state was seen."""

    version = IntegerField(validators=[InputRequired(), NumberRange(1, 2**31 - 1)])
    name = _name()


class CodeForm(PostedForm):
    """The code, as it is read off the administrator's screen."""

    code = StringField(
        _l("Code"), [InputRequired(_l("Enter the code.")), Length(max=40, message=told("too_long")), storable]
    )
