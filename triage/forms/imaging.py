"""Starting, completing and giving up an examination."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from triage import knowledge
from triage.domain.messages import MESSAGES
from triage.domain.names import normalise
from triage.forms.triage import storable

WHOLE = NumberRange(1, 2**31 - 1)
#: Name of the figure -> label, unit, largest plausible value.
FIGURES = {
    "kvp": (_l("Tube voltage"), "kV", 150),
    "mas": (_l("Tube current"), "mAs", 2000),
    "dose": (_l("Dose"), "", 9999),
}


def _line(value: str | None) -> str:
    return normalise(value or "")


class VersionForm(FlaskForm):
    """A press on one row: which version of it was seen."""

    version = IntegerField(validators=[InputRequired(), WHOLE])


class StartForm(VersionForm):
    """Two identifiers, and pregnancy where it is asked."""

    identity = SelectMultipleField(
        _l("Checked with the patient"),
        choices=[
            ("name", _l("Name, told by the patient")),
            ("birth_date", _l("Birth date, told by the patient")),
            ("number", _l("Patient number")),
            ("ticket", _l("Ticket")),
        ],
    )
    pregnancy = RadioField(
        _l("Could she be pregnant?"),
        [Optional()],
        choices=[("no", _l("No")), ("yes", _l("Yes")), ("not_known", _l("Not known"))],
        validate_choice=False,
    )


class CompleteForm(VersionForm):
    """The exposure record as the radiographer reads it off."""

    views = StringField(_l("Views or region"), [InputRequired(_l("Write what was imaged.")), Length(max=200), storable])
    kvp = StringField(FIGURES["kvp"][0], [Optional(), Length(max=12)], filters=[_line])
    mas = StringField(FIGURES["mas"][0], [Optional(), Length(max=12)], filters=[_line])
    dose = StringField(FIGURES["dose"][0], [Optional(), Length(max=12)], filters=[_line])
    unit = RadioField(_l("Unit"), choices=[("mGy", "mGy"), ("mGycm", "mGy·cm"), ("Gycm2", "Gy·cm²")], default="mGy")

    def validate_kvp(self, field: Any) -> None:
        """Refuse what is no number or no plausible one."""
        _check(field, "kvp")

    def validate_mas(self, field: Any) -> None:
        """Refuse what is no number or no plausible one."""
        _check(field, "mas")

    def validate_dose(self, field: Any) -> None:
        """Refuse what is no number or no plausible one."""
        _check(field, "dose")

    def exposure(self) -> dict[str, Any]:
        """Return the figures that were given, as numbers, with the unit of the dose."""
        figures = {name: float(self[name].data) for name in FIGURES if self[name].data}
        return figures | ({"unit": self.unit.data} if "dose" in figures else {})


def _check(field: Any, name: str) -> None:
    if not field.data:
        return
    high = FIGURES[name][2]
    try:
        fits = 0 < float(field.data) <= high
    except ValueError:
        raise ValidationError(_l(MESSAGES["not_a_number"])) from None
    if not fits:
        raise ValidationError(_l(MESSAGES["number_range"]) % {"low": 0, "high": high})


class CannotForm(VersionForm):
    """Why the examination could not be done."""

    reason = RadioField(_l("Why"), validate_choice=False)
    note = StringField(_l("Note (may stay empty)"), [Length(max=300), storable])

    def __init__(self, locale: str = "en", **values: Any) -> None:
        super().__init__(**values)
        self.reason.choices = [(known.id, known.label(locale)) for known in knowledge.load().not_imaged_reasons]
