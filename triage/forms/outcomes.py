"""What is typed into a follow-up: the numbers of a point, an attempt, an end, a complication."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField, ValidationError
from wtforms.validators import DataRequired, InputRequired, NumberRange

from triage import knowledge
from triage.domain.dates import find_date
from triage.domain.outcomes import Measure
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import in_one_width, text
from triage.knowledge.types import Labelled

_VERSION = [DataRequired(), NumberRange(1, 2**31 - 1)]


def _named(things: Mapping[str, Labelled], locale: str, blank: bool = False) -> list[tuple[str, str]]:
    return [("", "–")] * blank + [(one.id, one.label(locale)) for one in things.values()]


class DayForm(PostedForm):
    """A form with one day on it."""

    version = IntegerField("", _VERSION)
    day = text(_l("Day"), 20, InputRequired(told("not_a_date")), clean=in_one_width)

    def validate_day(self, field: Any) -> None:
        """Refuse what is no date; raises ValidationError."""
        if find_date(field.data or "") is None:
            raise ValidationError(told("not_a_date"))

    @property
    def on(self) -> date:
        """Return the day, once the form is valid."""
        found = find_date(self.day.data or "")
        if found is None:
            raise ValueError("the form was not validated")
        return found


class AnswersForm(DayForm):
    """The numbers of one point, as the patient gave them on a day; an empty field says nothing was answered."""

    how = SelectField(_l("How"))

    def __init__(self, locale: str = "en", **values: Any) -> None:
        super().__init__(**values)
        self.how.choices = _named(knowledge.load().flow.outcomes.hows, locale)

    def numbers(self) -> list[tuple[Measure, Any]]:
        """Return each measure with its field."""
        measures = knowledge.load().flow.outcomes.measures.values()
        return [(measure, self[f"m_{measure.id}"]) for measure in measures]

    @property
    def read(self) -> dict[str, float | None]:
        """Return the numbers by measure, None for an empty field."""
        return {measure.id: measure.read(field.data or "")[0] for measure, field in self.numbers()}


def _check_number(form: Any, field: Any) -> None:
    measure = knowledge.load().flow.outcomes.measures[field.name.removeprefix("m_")]
    _value, code = measure.read(field.data or "")
    if code:
        bounds = {"low": f"{measure.minimum:g}", "high": f"{measure.maximum:g}"}
        raise ValidationError(told(code) % bounds if code == "number_range" else told(code))


for _measure in knowledge.load().flow.outcomes.measures.values():
    setattr(AnswersForm, f"m_{_measure.id}", text(_measure.text["en"], 20, _check_number))


class ContactForm(PostedForm):
    """One attempt to get the answers of a point."""

    version = IntegerField("", _VERSION)
    result = SelectField(_l("What happened"))
    note = text(_l("Note (may stay empty)"), 500)

    def __init__(self, locale: str = "en", **values: Any) -> None:
        super().__init__(prefix="contact", **values)
        self.result.choices = _named(knowledge.load().flow.outcomes.contacts, locale)


class EndForm(PostedForm):
    """Why a patient is not asked any more."""

    version = IntegerField("", _VERSION)
    reason = SelectField(_l("Why"), [InputRequired(told("reason_needed"))])
    note = text(_l("Note (may stay empty)"), 500)

    def __init__(self, locale: str = "en", **values: Any) -> None:
        super().__init__(prefix="end", **values)
        ends = {name: end for name, end in knowledge.load().flow.outcomes.ends.items() if end.by_hand}
        self.reason.choices = _named(ends, locale, blank=True)


class ComplicationForm(DayForm):
    """What went wrong, when, how gravely, and whether it led to another operation."""

    kind = SelectField(_l("Complication"), [InputRequired(told("not_a_choice"))])
    grade = SelectField(_l("How grave"), [InputRequired(told("not_a_choice"))])
    reoperation = BooleanField(_l("It led to another operation"))
    note = text(_l("Note (may stay empty)"), 500)

    def __init__(self, locale: str = "en", **values: Any) -> None:
        super().__init__(prefix="wrong", **values)
        known = knowledge.load().flow.outcomes
        self.kind.choices = _named(known.complications, locale, blank=True)
        self.grade.choices = _named(known.grades, locale, blank=True)
