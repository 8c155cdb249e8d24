"""The patient's form: one place for what the desk asks, and for how it is read."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional, Regexp

from triage import clock
from triage.domain import lookup
from triage.domain.dates import find_date
from triage.domain.names import katakana, normalise
from triage.forms import told
from triage.forms.base import Line, PostedForm

LANGUAGES = (
    ("ja", _l("Japanese")), ("en", _l("English")), ("zh", _l("Chinese")), ("ko", _l("Korean")),
    ("vi", _l("Vietnamese")), ("pt", _l("Portuguese")), ("es", _l("Spanish")), ("tl", _l("Tagalog")),
    ("ne", _l("Nepali")), ("id", _l("Indonesian")), ("th", _l("Thai")), ("my", _l("Burmese")),
)  # fmt: skip
SEXES = (("male", _l("Male")), ("female", _l("Female")), ("other", _l("Other")), ("unknown", _l("Not known")))
MOBILITY = (("walking", _l("Walking")), ("wheelchair", _l("Wheelchair")), ("stretcher", _l("Stretcher")))
#: Issuer of a number the patient is known by elsewhere -> label.
ISSUERS = tuple(zip(lookup.ISSUERS, (_l("Insurance number"), _l("Number at the referring hospital")), strict=True))
#: What the form carries beside the patient's own columns.
_CARRIED = {"request_id", "version", "base", *lookup.ISSUERS}
REQUEST_ID = re.compile(r"[\w-]{1,60}", re.ASCII)
#: Control characters but for tab and new line, and lone surrogates (Unicode's categories Cc and Cs).
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_OLDEST = 1868  # the first year of the receipt systems' eras


def as_typed(value: str | None) -> str:
    """Return a person's text as it was typed, without outer and doubled spaces: a name keeps its rare characters."""
    return re.sub(r"\s+", " ", value).strip() if value else ""


def in_one_width(value: object) -> str:
    """Return a number or date in one width: full-width digits are good. What cannot be stored stays, to be refused."""
    typed = "" if value is None else str(value)
    return typed if not typed or _bad(typed) else normalise(typed)


def _bad(text: str) -> bool:
    return _BAD.search(text) is not None


def storable(_form: Any, field: Field) -> None:
    """Refuse what no database keeps or no screen shows: control characters and lone surrogates."""
    if _bad(str(field.data or "")):
        raise ValidationError(told("bad_text"))


def text(label: Any, size: int = 100, *validators: Any, clean: Any = as_typed) -> StringField:
    """Return a line of text: no control characters, at most ``size`` characters."""
    checks = [*validators, storable, Length(max=size, message=told("too_long"))]
    return (StringField if validators else Line)(label, checks, filters=[clean])


def one_of(choices: Iterable[tuple[str, Any]]) -> Callable[[Any, Field], None]:
    """Return what refuses an answer that is none of the choices; the library puts their words together to see it."""
    values = {value for value, _label in choices}

    def check(_form: Any, field: Field) -> None:
        if field.data not in values:
            raise ValidationError(told("not_a_choice"))

    return check


class PatientForm(PostedForm):
    """Everything the desk knows about a person; what is not known stays empty."""

    # What is not shown has an empty label: for one that is left out the library reads its catalogue at each request.
    request_id = HiddenField("", [Optional(), Regexp(REQUEST_ID.pattern + "$")])
    version = IntegerField("", [Optional(), NumberRange(1, 2**31 - 1)])
    base = HiddenField("", [Length(max=20000)])  # the record as the page was made from it
    family_name = text(_l("Family name"), 100, DataRequired(told("name_needed")))
    given_name = text(_l("Given name"))
    family_kana = text(_l("Family name, reading"))
    given_kana = text(_l("Given name, reading"))
    birth_date = text(_l("Birth date"), 20, clean=in_one_width)
    sex = RadioField(_l("Sex"), [one_of(SEXES)], choices=SEXES, default="unknown", validate_choice=False)
    phone = text(_l("Telephone"), 40, clean=in_one_width)
    contact_name = text(_l("Contact person"))
    contact_phone = text(_l("Their telephone"), 40, clean=in_one_width)
    contact_relation = text(_l("Relation"), 40)
    language = SelectField(_l("Language"), [one_of(LANGUAGES)], choices=LANGUAGES, default="ja", validate_choice=False)
    interpreter = BooleanField(_l("Interpreter needed"))
    call_by_number = BooleanField(_l("Call by number, not by name"))
    mobility = RadioField(_l("Comes"), [one_of(MOBILITY)], choices=MOBILITY, default="walking", validate_choice=False)
    allergies = text(_l("Allergies"), 500)
    medicines = text(_l("Medicines"), 1000)
    anticoagulant = text(_l("Anticoagulant, by name"), 200)
    implants = text(_l("Pacemaker or metal"), 200)
    insurer = text(_l("Insurance number"), 60, clean=in_one_width)
    referrer = text(_l("Number at the referring hospital"), 60, clean=in_one_width)

    def validate_birth_date(self, field: Field) -> None:
        """Accept every form the desk types; refuse what is no date, or lies ahead."""
        if not field.data:
            return
        born = find_date(field.data)
        if born is None or born.year < _OLDEST:
            raise ValidationError(told("not_a_date"))
        if born > (clock.now() + timedelta(hours=14)).date():  # today already, where the day begins first
            raise ValidationError(told("future_date"))

    @property
    def born(self) -> date | None:
        """Return the birth date as read, or None."""
        return find_date(self.birth_date.data or "")

    @property
    def says_something(self) -> bool:
        """Tell whether anything was typed that would be a loss."""
        lines = (field for field in self if isinstance(field, StringField) and not isinstance(field, HiddenField))
        return any(field.data for field in lines)

    def values(self) -> dict[str, Any]:
        """Return the columns of the patient, kana in katakana, the birth date as a date."""
        found = {name: value for name, value in self.data.items() if name not in _CARRIED}
        found["family_kana"], found["given_kana"] = katakana(found["family_kana"]), katakana(found["given_kana"])
        return found | {"birth_date": self.born}

    def identifiers(self) -> dict[str, str]:
        """Return the numbers given by others, by issuer."""
        return {issuer: self[issuer].data for issuer in lookup.ISSUERS}

    def note_base(self) -> None:
        """Keep in the page what the record said when it was made."""
        self.base.data = json.dumps(self.values() | self.identifiers(), default=str)

    def merge(self, current: Mapping[str, Any]) -> list[dict[str, str]]:
        """Take over what others changed and this person did not; return what both changed, for the eye to decide."""
        mine, base = self.values() | self.identifiers(), self._base()
        clashes = []
        for name in current.keys() & mine.keys():
            if mine[name] == current[name]:
                continue
            if name in base and str(base[name] or "") == str(mine[name] or ""):
                now = current[name]
                self[name].data = now.isoformat() if isinstance(now, date) else now
            else:
                shown = {"mine": self._word(name, mine[name]), "theirs": self._word(name, current[name])}
                clashes.append({"label": str(self[name].label.text)} | shown)
        self.version.data = current["version"]
        self.note_merged(current)
        return clashes

    def note_merged(self, current: Mapping[str, Any]) -> None:
        """Make what stands now the base of the next try."""
        stands = {name: value for name, value in current.items() if name != "version"}
        self.base.data = json.dumps(stands, default=str)

    def _base(self) -> dict[str, Any]:
        try:
            found = json.loads(self.base.data or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _word(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return gettext("Yes") if value else gettext("No")
        choices = dict(getattr(self[name], "choices", None) or ())
        return str(choices.get(value, value if value is not None else ""))
