"""Limits in whole minutes, one field a limit, and what the clinical lead says to them."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from triage.domain import limits
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.triage import storable

LABELS = {
    "1": _l("Level 1"),
    "2": _l("Level 2"),
    "untriaged": _l("Not triaged"),
    "3": _l("Level 3"),
    "4": _l("Level 4"),
    "5": _l("Level 5"),
    "registered": _l("At the desk"),
    "waiting": _l("Waiting for the nurse"),
    "imaging": _l("Imaging"),
    "review": _l("Surgeon's list"),
    "confirmation": _l("Doctor to confirm"),
}


class MinutesField(IntegerField):
    """Whole minutes as people type them, full-width digits included; nothing else is a number here."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the digits; raises ValueError for anything else, an empty field included."""
        self.data = None
        typed = unicodedata.normalize("NFKC", valuelist[0] if valuelist else "").strip()
        if not re.fullmatch(r"[0-9]{1,5}", typed):
            raise ValueError(told("not_whole"))
        self.data = int(typed)


class LimitsForm(PostedForm):
    """The limits, which ones were in force when the page was made, and which ones its effect was shown for."""

    seen = HiddenField(validators=[Length(max=40), storable])
    shown = HiddenField(validators=[Length(max=400), storable])
    note = TextAreaField(_l("What changes, and why"), [Length(max=1000), storable])

    @property
    def minutes(self) -> dict[str, int]:
        """Return the limits by name."""
        return {name: self[f"limit_{name}"].data for name in limits.NAMES}

    @property
    def summary(self) -> str:
        """Return the limits as one text, to tell whether they are those whose effect was shown."""
        return " ".join(str(self[f"limit_{name}"].data) for name in limits.NAMES)

    def rows(self, names: tuple[str, ...]) -> list[Any]:
        """Return the fields of these limits."""
        return [self[f"limit_{name}"] for name in names]

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Tell whether the limits are sound, each with what is wrong at its field."""
        sound = super().validate(extra_validators)
        faults = limits.faults({name: minutes for name, minutes in self.minutes.items() if minutes is not None})
        for name, code in faults.items():
            values = {"low": limits.least(name), "high": limits.MOST}
            self[f"limit_{name}"].errors = [told(code) % values]
        return sound and not faults


for _name, _label in LABELS.items():
    setattr(LimitsForm, f"limit_{_name}", MinutesField(_label, [InputRequired(told("not_whole"))]))


class VerdictForm(PostedForm):
    """What the clinical lead decides on: the limits in force as seen, and why where it is a no."""

    seen = HiddenField(validators=[Length(max=40), storable])
    reason = StringField(_l("Reason"), [Length(max=1000), storable])
