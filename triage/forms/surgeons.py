"""A surgeon's week and absence, and the share kept free, as they are typed."""

from collections.abc import Mapping
from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange

from triage.domain import surgeon_days as rules
from triage.domain.dates import find_date
from triage.domain.hours import WEEKDAYS, Opening
from triage.domain.surgeon_days import Plan, Plans
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.hours import check_day, check_times
from triage.forms.patients import in_one_width, storable, text
from triage.knowledge.types import Labelled

CONSULTS = (
    (rules.AS_CLINIC, _l("As the clinic")),
    (rules.OWN_HOURS, _l("At these hours")),
    (rules.NONE, _l("None")),
)


class SurgeonWeekForm(PostedForm):
    """Seven days: when patients are seen, and whether it is an operating day."""

    seen = IntegerField("", [NumberRange(0, 2**31 - 1)])
    valid_from = text(_l("From which day on"), 20, InputRequired(told("not_a_date")), clean=in_one_width)
    note = text(_l("Note (may stay empty)"), 500)

    def validate_valid_from(self, field: Field) -> None:
        """Refuse what is no date."""
        check_day(field)

    @property
    def rows(self) -> list[tuple[Field, Field, Field, Field]]:
        """Return the four fields of each weekday."""
        names = ("consults", "opens", "closes", "operates")
        return [tuple(self[f"{day}_{name}"] for name in names) for day in WEEKDAYS]

    def validate(self, extra_validators: object = None) -> bool:
        """Tell whether every day can be read, each with what is wrong at its field."""
        sound = super().validate(extra_validators)
        self.plans: Plans = tuple(self._plan(*row) for row in self.rows)
        return sound and not any(field.errors for row in self.rows for field in row)

    def _plan(self, consults: Field, opens: Field, closes: Field, operates: Field) -> Plan:
        own: Opening | None = None
        if consults.data == rules.OWN_HOURS:
            own = check_times(opens, closes)
            if own is None and not (opens.errors or closes.errors):
                opens.errors = [told("not_a_time")]
        return Plan(consults.data or "", own, bool(operates.data))

    @property
    def day(self) -> date:
        """Return the first day of the week's validity."""
        return find_date(self.valid_from.data or "") or date.max


for _name in WEEKDAYS:
    _field = SelectField(_l("Sees patients"), choices=CONSULTS, default=rules.AS_CLINIC)
    setattr(SurgeonWeekForm, f"{_name}_consults", _field)
    setattr(SurgeonWeekForm, f"{_name}_opens", text(_l("From"), 12, clean=in_one_width))
    setattr(SurgeonWeekForm, f"{_name}_closes", text(_l("Until"), 12, clean=in_one_width))
    setattr(SurgeonWeekForm, f"{_name}_operates", BooleanField(_l("Operates")))


def filled(plans: Plans, seen: int, day: date) -> SurgeonWeekForm:
    """Return the form with a week in it."""
    values: dict[str, object] = {}
    for name, plan in zip(WEEKDAYS, plans, strict=True):
        opens, closes = (f"{plan.hours.opens:%-H:%M}", f"{plan.hours.closes:%-H:%M}") if plan.hours else ("", "")
        values |= {f"{name}_consults": plan.consults, f"{name}_opens": opens, f"{name}_closes": closes}
        values[f"{name}_operates"] = plan.operates
    return SurgeonWeekForm(formdata=None, seen=seen, valid_from=day.isoformat(), **values)


class AbsenceForm(PostedForm):
    """A surgeon is away from a day to a day, and why; ``shown``: whose effect was shown."""

    shown = HiddenField("", [Length(max=200), storable])
    first = text(_l("First day"), 20, InputRequired(told("not_a_date")), clean=in_one_width)
    last = text(_l("Last day (empty: one day)"), 20, clean=in_one_width)
    reason = SelectField(_l("Why"), [InputRequired(told("reason_needed"))])
    note = text(_l("Note (may stay empty)"), 500)

    def __init__(self, reasons: Mapping[str, Labelled], locale: str = "en", **values: object) -> None:
        super().__init__(prefix="away-", **values)
        self.reason.choices = [("", "–"), *((one.id, one.label(locale)) for one in reasons.values())]

    def validate_first(self, field: Field) -> None:
        """Refuse what is no date."""
        check_day(field)

    def validate_last(self, field: Field) -> None:
        """Refuse what is no date."""
        check_day(field)

    @property
    def days(self) -> tuple[date, date]:
        """Return the first day and the last."""
        first = find_date(self.first.data or "") or date.max
        return first, find_date(self.last.data or "") or first

    @property
    def summary(self) -> str:
        """Return the days as one text, to tell whether their effect was shown."""
        return f"{self.days[0]} {self.days[1]}"


class ShareForm(PostedForm):
    """How many slots of each hour are kept free for today's patients."""

    per_hour = RadioField(
        _l("Of each hour"),
        [InputRequired(told("not_a_choice"))],
        choices=[(0, _l("none")), (1, _l("15 min")), (2, _l("30 min"))],
        coerce=int,
    )
