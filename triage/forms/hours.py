"""The hours as an administrator types them: a week from a day on, days that differ, public holidays."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, IntegerField, RadioField, SelectMultipleField, ValidationError
from wtforms.validators import InputRequired, Length, NumberRange

from triage.domain import hours
from triage.domain.dates import find_date
from triage.domain.hours import Opening, Week
from triage.domain.late import read_time
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import in_one_width, storable, text


def _time(label: Any) -> Any:
    return text(label, 12, clean=in_one_width)


def _day(label: Any) -> Any:
    return text(label, 20, InputRequired(told("not_a_date")), clean=in_one_width)


def check_times(opens: Field, closes: Field) -> Opening | None:
    """Return the hours that two fields say, None for closed; say at the field what cannot be read."""
    for field in (opens, closes):
        if field.data and read_time(field.data) is None:
            field.errors = [told("not_a_time")]
    if opens.errors or closes.errors or not (opens.data or closes.data):
        return None
    if not (opens.data and closes.data):
        (closes if opens.data else opens).errors = [told("not_a_time")]
        return None
    first, last = read_time(opens.data), read_time(closes.data)
    if first is None or last is None or first >= last:
        closes.errors = [told("closes_before")]
        return None
    return Opening(first, last)


def check_day(field: Field) -> date | None:
    """Return the day that the field says; raises ValidationError where it says none."""
    found = find_date(field.data or "")
    if field.data and found is None:
        raise ValidationError(told("not_a_date"))
    return found


class WeekForm(PostedForm):
    """Seven days with two times each, both empty for a closed day; ``shown``: whose effect was shown."""

    seen = IntegerField("", [NumberRange(0, 2**31 - 1)])
    shown = HiddenField("", [Length(max=400), storable])
    valid_from = _day(_l("From which day on"))
    note = text(_l("Note (may stay empty)"), 500)

    def validate_valid_from(self, field: Field) -> None:
        """Refuse what is no date."""
        check_day(field)

    @property
    def rows(self) -> list[tuple[str, Field, Field]]:
        """Return the name and the two fields of each weekday."""
        return [(name, self[f"{name}_opens"], self[f"{name}_closes"]) for name in hours.WEEKDAYS]

    def validate(self, extra_validators: Any = None) -> bool:
        """Tell whether every day can be read, each with what is wrong at its field."""
        sound = super().validate(extra_validators)
        self.week: Week = tuple(check_times(opens, closes) for _name, opens, closes in self.rows)
        return sound and not any(field.errors for _name, *both in self.rows for field in both)

    @property
    def day(self) -> date:
        """Return the first day of the week's validity."""
        return find_date(self.valid_from.data or "") or date.max

    @property
    def summary(self) -> str:
        """Return the entry as one text, to tell whether its effect was shown."""
        return f"{self.day} " + " ".join(day.words if day else "-" for day in self.week)


for _name in hours.WEEKDAYS:
    setattr(WeekForm, f"{_name}_opens", _time(_l("Opens")))
    setattr(WeekForm, f"{_name}_closes", _time(_l("Closes")))


class DaysForm(PostedForm):
    """Days that differ from the week, from the first to the last."""

    shown = HiddenField("", [Length(max=600), storable])
    first = _day(_l("First day"))
    last = text(_l("Last day (empty: one day)"), 20, clean=in_one_width)
    kind = RadioField(
        _l("On these days the clinic is"),
        [InputRequired(told("not_a_choice"))],
        choices=[(hours.CLOSED, _l("Closed")), (hours.OTHER_HOURS, _l("Open at other hours"))],
        default=hours.CLOSED,
    )
    opens = _time(_l("Opens"))
    closes = _time(_l("Closes"))
    reason = text(_l("Why"), 200, InputRequired(told("note_needed")))

    def validate_first(self, field: Field) -> None:
        """Refuse what is no date."""
        check_day(field)

    def validate_last(self, field: Field) -> None:
        """Refuse what is no date."""
        check_day(field)

    def validate(self, extra_validators: Any = None) -> bool:
        """Tell whether the entry can be read; other hours need both times."""
        sound = super().validate(extra_validators)
        self.other: Opening | None = None
        if self.kind.data == hours.OTHER_HOURS:
            self.other = check_times(self.opens, self.closes)
            if self.other is None and not (self.opens.errors or self.closes.errors):
                self.opens.errors = [told("not_a_time")]
            sound = sound and self.other is not None
        return sound

    @property
    def days(self) -> tuple[date, date]:
        """Return the first day and the last."""
        first = find_date(self.first.data or "") or date.max
        return first, find_date(self.last.data or "") or first

    @property
    def summary(self) -> str:
        """Return the entry as one text, to tell whether its effect was shown."""
        return f"{self.days[0]} {self.days[1]} {self.kind.data} {self.other.words if self.other else '-'}"


class HolidaysForm(PostedForm):
    """Which public holidays are meant, and whether the clinic is closed on them."""

    days = SelectMultipleField(_l("Public holidays"), [InputRequired(told("not_a_choice"))], validate_choice=False)
    kind = HiddenField("", [InputRequired()])

    @property
    def chosen(self) -> list[date]:
        """Return the days that were ticked."""
        found: Iterable[date | None] = (find_date(value) for value in self.days.data or ())
        return sorted({day for day in found if day})
