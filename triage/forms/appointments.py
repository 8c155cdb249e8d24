"""What the desk types about appointments: a request, a booking, a move, a cancellation."""

from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from triage import clock, knowledge
from triage.domain.appointments import Wish
from triage.domain.dates import find_date
from triage.domain.late import moment, read_time
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import REQUEST_ID, in_one_width, storable, text
from triage.knowledge.types import Labelled

CHANNELS = (
    ("telephone", _l("Telephone")),
    ("email", _l("E-mail")),
    ("online", _l("Online")),
    ("desk", _l("At the desk")),
)
URGENT = (("yes", _l("Yes")), ("no", _l("No")), ("not_asked", _l("Not known or not asked")))


def choices(entries: Mapping[str, Labelled], locale: str) -> list[tuple[str, str]]:
    """Return coded entries as choices in a language."""
    return [(one.id, one.label(locale)) for one in entries.values()]


def _key() -> Any:
    return HiddenField("", [Optional(), Regexp(REQUEST_ID.pattern + "$")])


def _id() -> Any:
    return HiddenField("", [Optional(), Regexp(r"[a-z0-9]{1,40}$")])


class RequestForm(PostedForm):
    """A request as it came in; empty times mean now and today."""

    request_id = _key()
    patient = _id()
    name = text(_l("Name"), 100, InputRequired(told("name_needed")))
    contact = text(_l("Telephone or e-mail"), 200)
    channel = RadioField(_l("Came by"), choices=CHANNELS, default="telephone")
    received_time = text(_l("Received at (empty: now)"), 12, clean=in_one_width)
    received_day = text(_l("Day, if not today"), 20, clean=in_one_width)
    kind = SelectField(_l("What for"))
    urgent = RadioField(_l("Any urgent sign?"), [InputRequired(told("not_a_choice"))], choices=URGENT)
    same_day = BooleanField(_l("For today"))
    wishes = TextAreaField(_l("Wishes (days, times, surgeon)"), [Length(max=1000), storable])

    def __init__(self, locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        self.kind.choices = choices(knowledge.load().flow.hours.kinds, locale)

    def validate_received_time(self, field: Field) -> None:
        """Refuse what is no time."""
        if read_time(field.data) is None:
            raise ValidationError(told("not_a_time"))

    def validate_received_day(self, field: Field) -> None:
        """Refuse what is no date."""
        if find_date(field.data) is None:
            raise ValidationError(told("not_a_date"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Tell whether the request can be read; a day alone lacks its time."""
        sound = super().validate(extra_validators)
        if self.received_day.data and not self.received_time.data:
            self.received_time.errors = [told("not_a_time")]
            return False
        return sound

    def received_at(self, zone: ZoneInfo) -> datetime:
        """Return when it was received."""
        at = read_time(self.received_time.data or "")
        return moment(at, find_date(self.received_day.data or ""), zone, clock.now()) if at else clock.now()


class CloseForm(PostedForm):
    """Why a request is closed without an appointment."""

    version = IntegerField("", [InputRequired(), NumberRange(1, 2**31 - 1)])
    reason = SelectField(_l("Why"), [InputRequired(told("reason_needed"))])
    note = text(_l("Note (may stay empty)"), 500)

    def __init__(self, entries: Mapping[str, Labelled], locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        self.reason.id = self.reason.label.field_id = "close-reason"  # beside a form that asks why too
        self.reason.choices = [("", "–"), *choices(entries, locale)]


class TimeForm(PostedForm):
    """One of the free times that the page offers."""

    kind = HiddenField("", [Length(max=40), storable])
    what = HiddenField("", [Length(max=60), storable])
    start = RadioField(_l("Time"), [InputRequired(told("not_a_time"))], validate_choice=False)

    def offer(self, free: Iterable[datetime], zone: ZoneInfo) -> None:
        """Offer these moments."""
        local = [one.astimezone(zone) for one in free]
        self.start.choices = [(f"{one:%Y-%m-%dT%H:%M}", f"{one:%-H:%M}") for one in local]

    def starts_at(self, zone: ZoneInfo) -> datetime | None:
        """Return the moment chosen, None for what is none; at the ends of the calendar nobody can be booked."""
        try:
            found = datetime.strptime(self.start.data or "", "%Y-%m-%dT%H:%M").replace(tzinfo=zone)
        except ValueError:
            return None
        return found if MINYEAR < found.year < MAXYEAR else None


class BookForm(TimeForm):
    """A time for a patient; why this one goes before others, where a request is answered out of its order."""

    request_id = _key()
    patient = _id()
    asked = _id()
    decision = _id()
    step = _id()
    procedure = SelectField(_l("Procedure"), validate_choice=False)
    skip_reason = SelectField(_l("Why before the others"), validate_choice=False)
    why = text(_l("Why the urgent patient waits"), 500)
    note = text(_l("Note (may stay empty)"), 500)

    def __init__(self, procedures: Mapping[str, Labelled], locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        self.procedure.choices = [("", "–"), *choices(procedures, locale)]
        self.skip_reason.choices = [("", "–"), *choices(knowledge.load().flow.hours.skip_reasons, locale)]

    def wish(self, starts_at: datetime) -> Wish:
        """Return what is to be booked at the time chosen."""
        said = (field.data or "" for field in (self.note, self.procedure, self.decision, self.step))
        return Wish(self.kind.data or "", self.what.data or "", starts_at, *said)

    def drop_unreadable(self) -> None:
        """Leave out ids that are none: a page that only looks further says nothing of a field."""
        for field in (self.request_id, self.patient, self.asked, self.decision, self.step):
            if not field.validate(self):
                field.data, field.errors = "", []

    @property
    def words(self) -> tuple[str, str, str, str]:
        """Return which request it answers, why before others, the form's key, and why somebody urgent waits."""
        asked, skipped, key, why = (f.data or "" for f in (self.asked, self.skip_reason, self.request_id, self.why))
        return asked, skipped, key, why


class MoveForm(TimeForm):
    """Another time, and why."""

    version = IntegerField("", [InputRequired(), NumberRange(1, 2**31 - 1)])
    reason = SelectField(_l("Why"), [InputRequired(told("reason_needed"))])

    def __init__(self, locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        self.reason.choices = [("", "–"), *choices(knowledge.load().flow.hours.cancel_reasons, locale)]
