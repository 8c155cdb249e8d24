"""The time that stands on a paper, the day where it is not today, and the number of the paper slip."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import Label, ValidationError

from triage.domain import late
from triage.domain.dates import find_date
from triage.forms import told
from triage.forms.base import FormPart
from triage.forms.patients import in_one_width, text

#: The fields that stand in another form.
NAMES = ("paper_ticket", "late_time", "late_day")


class LateForm(FormPart):
    """Part of another form: empty means that it happens now. The other form brings the token."""

    paper_ticket = text(_l("Paper slip"), 10, clean=in_one_width)
    late_time = text(_l("Time on paper"), 12, clean=in_one_width)
    late_day = text(_l("Day, if not today"), 20, clean=in_one_width)

    def validate_paper_ticket(self, field: Any) -> None:
        """Refuse what is none of the pad's numbers."""
        if late.paper_ticket(field.data) is None:
            raise ValidationError(told("not_a_paper_ticket"))

    def validate_late_time(self, field: Any) -> None:
        """Refuse what is no time."""
        if late.read_time(field.data) is None:
            raise ValidationError(told("not_a_time"))

    def validate_late_day(self, field: Any) -> None:
        """Refuse what is no date."""
        if find_date(field.data) is None:
            raise ValidationError(told("not_a_date"))

    @property
    def says_something(self) -> bool:
        """Tell whether anything was typed."""
        return any(field.data for field in self)

    def reads(self, needed: bool = False) -> bool:
        """Tell whether what was typed can be read; a day or a slip alone, or what is ``needed``, lacks its time."""
        fits = self.validate()
        if not self.late_time.data and (needed or self.says_something):
            self.say("late_time", told("late_time_needed"))
            return False
        return fits

    def say(self, name: str, words: Any) -> None:
        """Put a message at a field."""
        self[name].errors = [*self[name].errors, words]

    def moment(self, zone: ZoneInfo, now: datetime) -> datetime | None:
        """Return the moment that was typed, None for now."""
        clock_time = late.read_time(self.late_time.data or "")
        return late.moment(clock_time, find_date(self.late_day.data or ""), zone, now) if clock_time else None

    def of_row(self, row_id: str) -> "LateForm":
        """Give every field an element id of its own, where a page holds several; return the form."""
        for field in self:
            field.id = f"{field.short_name}-{row_id}"
            field.label = Label(field.id, field.label.text)
        return self
