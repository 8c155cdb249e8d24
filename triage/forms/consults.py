"""The surgeon's decision, to be signed, and its amendment."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, NumberRange, Optional

from triage import knowledge
from triage.domain import operation
from triage.domain.choice import ABSENT, ACCEPTED, FIRST, Choice
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.triage import storable

KINDS = (
    ("conservative", _l("Conservative care")),
    ("imaging", _l("Further imaging")),
    ("nerve_block", _l("Nerve block")),
    ("procedure", _l("Procedure")),
    ("not_now", _l("Not now")),
    ("back_to_nurse", _l("Back to the nurse")),
    ("transfer", _l("Transfer")),
)
SIDES = (("right", _l("Right")), ("left", _l("Left")), ("both", _l("Both sides")))
ANSWERS = ((ABSENT, _l("asked: not so")), (FIRST, _l("settle first")), (ACCEPTED, _l("known, goes ahead")))
#: The answer to a point is posted as ``answer-<criterion>``.
ANSWER = "answer-"


def _line(label: Any, size: int = 500) -> StringField:
    return StringField(label, [Length(max=size, message=told("too_long")), storable])


class TreatmentForm(PostedForm):
    """What is decided; what each kind needs is checked by the service, which knows the procedures."""

    version = IntegerField("", [Optional()])
    kind = RadioField(_l("Decision"), choices=KINDS, validate_choice=False)
    procedure = SelectField(_l("Procedure"), validate_choice=False)
    step = RadioField(_l("Step"), validate_choice=False)
    block = SelectField(_l("Kind of nerve block"), validate_choice=False)
    level = SelectField(_l("Level"), validate_choice=False)
    level_to = SelectField(_l("to"), validate_choice=False)
    side = RadioField(_l("Side"), choices=SIDES, validate_choice=False)
    indications = SelectMultipleField(_l("Indication"), validate_choice=False)
    indication_note = _line(_l("Indication in your own words"))
    answers = HiddenField(_l("What speaks against it"), id="answered")
    alternatives = SelectMultipleField(_l("Alternatives considered"), validate_choice=False)
    implants = SelectMultipleField(_l("Implants"), validate_choice=False)
    grafts = SelectMultipleField(_l("Bone"), validate_choice=False)
    implant_note = _line(_l("Sizes, number, remarks"))
    modality = RadioField(_l("Imaging"), validate_choice=False)
    examination = SelectField(_l("Imaging examination"), validate_choice=False)
    measures = SelectMultipleField(_l("What is done"), validate_choice=False)
    weeks = IntegerField(_l("For how long"), [Optional(), NumberRange(1, 104, message=told("weeks_needed"))])
    review_on = DateField(_l("Seen again on"), [Optional()])
    if_needed = BooleanField(_l("only if needed"))
    note = TextAreaField(_l("Plan, reason or question"), [Length(max=2000), storable])
    told = _line(_l("In plain words, for the patient's sheet"), 1000)
    reason = _line(_l("Why it is amended"))
    identified = BooleanField(_l("Name and birth date match the patient in front of me"))

    def __init__(self, locale: str = "en", given: Mapping[str, str] | None = None, **values: Any) -> None:
        super().__init__(**values)
        self.given = given or {}
        known = knowledge.load()
        none, parts = [("", "–")], known.decisions
        self.procedure.choices = none + [(p.id, p.label(locale)) for p in known.procedures if p.kind == "procedure"]
        self.level.choices = self.level_to.choices = none + [(level, level) for level in known.levels]
        self.modality.choices = [(item.id, item.label(locale)) for item in known.modalities if item.on_site]
        here = [item.id for item in known.modalities if item.on_site]
        there = known.flow.examinations.procedures.values()
        self.examination.choices = [("", _l("The usual one"))]
        self.examination.choices += [(item.id, item.label(locale)) for item in there if item.modality in here]
        self.block.choices = none + _labelled(parts.blocks, locale)
        self.measures.choices = _labelled(parts.measures, locale)
        self.alternatives.choices = [(item.id, item.short[locale]) for item in known.candidacy.treatments]
        self.step.choices, self.implants.choices, self.grafts.choices = (
            _labelled(listed, locale) for listed in (parts.steps, parts.implants, parts.grafts)
        )
        self.indications.choices = [
            (item.id, item.text[locale]) for p in known.procedures for item in operation.indications_of(known, p.id)
        ]

    def choice(self) -> Choice:
        """Return what was chosen, as it was posted; the domain drops what the kind has no use for."""
        values = {item.name: self[item.name].data for item in fields(Choice) if item.name != "answers"}
        for name, value in values.items():
            if isinstance(value, list):
                values[name] = tuple(value)
            elif value is None and name not in ("weeks", "review_on"):
                values[name] = ""
        return Choice(**values, answers=self.given)

    def only_kinds(self, kinds: Collection[str]) -> None:
        """Offer only these kinds of decision."""
        self.kind.choices = [item for item in KINDS if item[0] in kinds]

    def narrow(self, named: Any) -> None:
        """Offer only what the chosen procedure has: its steps, implants and bone."""
        for field, ids in ((self.step, named.steps), (self.implants, named.implants), (self.grafts, named.grafts)):
            field.choices = [(code, word) for code, word, *_ in field.iter_choices() if code in ids]


def _labelled(listed: Mapping[str, Any], locale: str) -> list[tuple[str, str]]:
    return [(item.id, item.label(locale)) for item in listed.values()]


def given(posted: Mapping[str, str]) -> dict[str, str]:
    """Return the posted answers to points, by criterion."""
    return {name.removeprefix(ANSWER): value for name, value in posted.items() if name.startswith(ANSWER)}


def answers_of(point: Any) -> list[tuple[str, Any]]:
    """Return the answers that a point can have: what is known is not absent."""
    return [item for item in ANSWERS if item[0] != ABSENT or point.state == "unknown"]
