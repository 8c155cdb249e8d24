"""Starting, completing and giving up an examination."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import InputRequired, Length, Optional

from triage import knowledge
from triage.domain.names import normalise
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.triage import storable

#: Name of the figure -> largest plausible value, in kV, mAs and the unit chosen beside the dose.
FIGURES = {"kvp": 150, "mas": 2000, "dose": 9999}
IDENTIFIERS = {
    "name": _l("Name, told by the patient"),
    "birth_date": _l("Birth date, told by the patient"),
    "number": _l("Patient number"),
    "ticket": _l("Ticket"),
}
PREGNANT = "pregnancy"
PREGNANCY = [("no", _l("No")), ("yes", _l("Yes")), ("not_known", _l("Not known"))]
UNITS = [("mGy", "mGy"), ("mGycm", "mGy·cm"), ("Gycm2", "Gy·cm²")]


def _line(value: str | None) -> str:
    return normalise(value or "")


class StepForm(PostedForm):
    """A press on one row of the list: which version of it was seen."""

    version = IntegerField(validators=[Optional()])

    def of_row(self, row_id: str) -> "StepForm":
        """Give every field an element id of its own, since the list holds one form per row; return the form."""
        for field in self:
            field.id = field.label.field_id = f"{field.short_name}-{row_id}"
        return self


class OrderForm(StepForm):
    """A doctor's order: which earlier examinations were shown, and why it is done again."""

    seen = HiddenField("", [Length(max=2000), storable])
    why = StringField(_l("Why it is needed twice"), [Length(max=200, message=told("too_long")), storable])


class StartForm(StepForm):
    """Two identifiers, and pregnancy where it is asked."""

    identity = SelectMultipleField(_l("Checked with the patient: two"), validate_choice=False)
    pregnancy = RadioField(_l("Could the patient be pregnant?"), choices=PREGNANCY, validate_choice=False)

    def offer(self, values: Iterable[tuple[str, str]]) -> "StartForm":
        """Offer the identifiers that are recorded, each with what the patient should answer; return the form."""
        self.identity.choices = [(name, f"{IDENTIFIERS[name]}: {value}") for name, value in values]
        return self

    def ask(self, asked: Iterable[tuple[str, str, str, str]], typed: bool) -> "StartForm":
        """Name the questions of this examination: id, words, what the record says, what is likely; return the form."""
        for name, words, hint, likely in asked:
            if name != PREGNANT:
                self[name].label.text = words
            self[name].description = f"{_l('In the record')}: {hint}" if hint else ""
            if not typed:
                self[name].data = likely
        return self

    def said(self) -> dict[str, str]:
        """Return what was answered, pregnancy apart."""
        return {name: self[name].data or "" for name in questions() if name != PREGNANT}


@cache
def start_form(names: tuple[str, ...]) -> type[StartForm]:
    """Return the form with a field for each of these safety questions, pregnancy has its own."""
    asked = {name: RadioField("", choices=PREGNANCY, validate_choice=False) for name in names if name != PREGNANT}
    return type("StartForm", (StartForm,), asked)


def questions() -> tuple[str, ...]:
    """Return the names of every safety question there is."""
    return tuple(knowledge.load().flow.examinations.safety)


class CompleteForm(StepForm):
    """The exposure record as the radiographer reads it off."""

    views = StringField(_l("Views or region"), [InputRequired(_l("Write what was imaged.")), Length(max=200), storable])
    kvp = StringField(_l("Tube voltage"), [Optional(), Length(max=12)], filters=[_line])
    mas = StringField(_l("Tube current × time"), [Optional(), Length(max=12)], filters=[_line])
    dose = StringField(_l("Dose"), [Optional(), Length(max=12)], filters=[_line])
    unit = RadioField(_l("Unit of the dose"), choices=UNITS, default="mGy")

    def validate_kvp(self, field: Any) -> None:
        """Refuse what is no number or no plausible one."""
        _check(field)

    def validate_mas(self, field: Any) -> None:
        """Refuse what is no number or no plausible one."""
        _check(field)

    def validate_dose(self, field: Any) -> None:
        """Refuse what is no number or no plausible one."""
        _check(field)

    def exposure(self) -> dict[str, Any]:
        """Return the figures that were given, as numbers, with the unit of the dose."""
        figures = {name: float(self[name].data) for name in FIGURES if self[name].data}
        return figures | ({"unit": self.unit.data} if "dose" in figures else {})


def _check(field: Any) -> None:
    high = FIGURES[field.short_name]
    if not re.fullmatch(r"[0-9]+([.][0-9]+)?", field.data, re.ASCII):
        raise ValidationError(told("not_a_number"))
    if not 0 < float(field.data) <= high:
        raise ValidationError(told("number_range") % {"low": 0, "high": high})


class LookedForm(StepForm):
    """What somebody found who looked at what a machine did."""

    note = StringField(_l("Note (may stay empty)"), [Length(max=300), storable])


class CannotForm(StepForm):
    """Why the examination could not be done."""

    reason = RadioField(_l("Why"), validate_choice=False)
    note = StringField(_l("Note (may stay empty)"), [Length(max=300), storable])

    def __init__(self, locale: str = "en", **values: Any) -> None:
        super().__init__(**values)
        self.reason.choices = [(known.id, known.label(locale)) for known in knowledge.load().not_imaged_reasons]
