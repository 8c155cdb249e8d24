"""The surgeon's decision, to be signed."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.validators import Length, Optional

from triage import knowledge
from triage.forms.triage import storable

KINDS = (
    ("conservative", _l("Conservative care")),
    ("imaging", _l("Further imaging")),
    ("procedure", _l("Procedure")),
    ("back_to_nurse", _l("Back to the nurse")),
    ("transfer", _l("Transfer")),
)
SIDES = (("right", _l("Right")), ("left", _l("Left")), ("both", _l("Both sides")))


class TreatmentForm(FlaskForm):
    """What is decided; what each kind needs is checked by the service, which knows the procedures."""

    version = IntegerField(validators=[Optional()])
    kind = RadioField(_l("Decision"), choices=KINDS, validate_choice=False)
    procedure = SelectField(_l("Procedure"), validate_choice=False)
    level = SelectField(_l("Level"), validate_choice=False)
    side = RadioField(_l("Side"), choices=SIDES, validate_choice=False)
    modality = RadioField(_l("Imaging"), validate_choice=False)
    note = TextAreaField(_l("Plan, reason or question"), [Length(max=2000), storable])
    identified = BooleanField(_l("Name and birth date match the patient in front of me"))

    def __init__(self, locale: str = "en", **values: Any) -> None:
        super().__init__(**values)
        known = knowledge.load()
        none = [("", "–")]
        self.procedure.choices = none + [(item.id, item.label(locale)) for item in known.procedures]
        self.level.choices = none + [(level, level) for level in known.levels]
        self.modality.choices = [(item.id, item.label(locale)) for item in known.modalities if item.on_site]
