"""The patient's form: one place for what the desk asks, and for how it is read."""

import unicodedata
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
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
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from triage import clock
from triage.domain.dates import find_date
from triage.domain.messages import MESSAGES
from triage.domain.names import katakana, normalise

LANGUAGES = (
    ("ja", _l("Japanese")), ("en", _l("English")), ("zh", _l("Chinese")), ("ko", _l("Korean")),
    ("vi", _l("Vietnamese")), ("pt", _l("Portuguese")), ("es", _l("Spanish")), ("tl", _l("Tagalog")),
    ("ne", _l("Nepali")), ("id", _l("Indonesian")), ("th", _l("Thai")), ("my", _l("Burmese")),
)  # fmt: skip
SEXES = (("male", _l("Male")), ("female", _l("Female")), ("other", _l("Other")), ("unknown", _l("Not known")))
MOBILITY = (("walking", _l("Walking")), ("wheelchair", _l("Wheelchair")), ("stretcher", _l("Stretcher")))
#: Issuer of a number the patient is known by elsewhere -> label.
ISSUERS = (("insurer", _l("Insurance number")), ("referrer", _l("Number at the referring hospital")))


def _clean(value: str | None) -> str:
    return normalise(value or "")


def _storable(_form: FlaskForm, field: Field) -> None:
    """Refuse what no database keeps or no screen shows: control characters and lone surrogates."""
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\r\n\t" for c in str(field.data or "")):
        raise ValidationError(_l(MESSAGES["bad_text"]))


def text(label: Any, size: int = 100, *validators: Any) -> StringField:
    """Return a line of text: one width, no control characters, at most ``size`` characters."""
    return StringField(label, [*(validators or (Optional(),)), _storable, Length(max=size)], filters=[_clean])


class PatientForm(FlaskForm):
    """Everything the desk knows about a person; what is not known stays empty."""

    request_id = HiddenField(validators=[Optional(), Regexp(r"^[\w-]{1,64}$")])
    version = IntegerField(validators=[Optional(), NumberRange(1, 2**31 - 1)])
    family_name = text(_l("Family name"), 100, InputRequired(_l("Enter the name.")))
    given_name = text(_l("Given name"), 100, InputRequired(_l("Enter the name.")))
    family_kana = text(_l("Family name, reading"))
    given_kana = text(_l("Given name, reading"))
    birth_date = text(_l("Birth date"), 20)
    sex = RadioField(_l("Sex"), choices=SEXES, default="unknown")
    phone = text(_l("Telephone"), 40)
    contact_name = text(_l("Contact person"))
    contact_phone = text(_l("Their telephone"), 40)
    contact_relation = text(_l("Relation"), 40)
    language = SelectField(_l("Language"), choices=LANGUAGES, default="ja")
    interpreter = BooleanField(_l("Interpreter needed"))
    call_by_number = BooleanField(_l("Call by number, not by name"))
    mobility = RadioField(_l("Comes"), choices=MOBILITY, default="walking")
    allergies = text(_l("Allergies"), 500)
    medicines = text(_l("Medicines"), 1000)
    anticoagulant = text(_l("Anticoagulant, by name"), 200)
    implants = text(_l("Pacemaker or metal"), 200)
    insurer = text(_l("Insurance number"), 60)
    referrer = text(_l("Number at the referring hospital"), 60)

    def validate_birth_date(self, field: Field) -> None:
        """Accept every form the desk types; refuse what is no date, or lies ahead."""
        if not field.data:
            return
        born = find_date(field.data)
        if born is None or born.year < 1868:
            raise ValidationError(_l(MESSAGES["not_a_date"]))
        if born > clock.now().date():
            raise ValidationError(_l(MESSAGES["future_date"]))

    def values(self) -> dict[str, Any]:
        """Return the columns of the patient, kana in katakana, the birth date as a date."""
        skipped = {"request_id", "version", "csrf_token", "birth_date", "insurer", "referrer"}
        found = {name: value for name, value in self.data.items() if name not in skipped}
        found["family_kana"], found["given_kana"] = katakana(found["family_kana"]), katakana(found["given_kana"])
        return found | {"birth_date": self.born}

    @property
    def born(self) -> date | None:
        """Return the birth date as read, or None."""
        return find_date(self.birth_date.data or "")

    def identifiers(self) -> dict[str, str]:
        """Return the numbers given by others, by issuer."""
        return {issuer: self[issuer].data for issuer, _label in ISSUERS}
