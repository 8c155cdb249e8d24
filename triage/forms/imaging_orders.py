"""An order on its own page: what exactly, why and how soon; the safety questions; calling it off."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from triage import knowledge
from triage.domain.imaging import REACH, Details, levels_of
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import storable, text
from triage.knowledge.examinations import ImagingProcedure

PRIORITIES = (
    ("routine", _l("Routine")),
    ("urgent", _l("Urgent order")),
    ("asap", _l("As soon as possible")),
    ("stat", _l("At once")),
)
SIDES = (("", _l("No side")), ("right", _l("Right")), ("left", _l("Left")), ("both", _l("Both sides")))
ANSWERS = (("yes", _l("Yes")), ("no", _l("No")), ("not_known", _l("Not known")))
#: A safety question's answer and its note are posted as these, with the name of the question.
ANSWER, NOTE = "answer_", "note_"


def _version() -> IntegerField:
    return IntegerField("", [InputRequired(), NumberRange(1, 2**31 - 1)])


class DetailsForm(PostedForm):
    """What exactly is ordered; what an examination allows is checked by the service."""

    version = _version()
    procedure = SelectField(_l("Imaging examination"), validate_choice=False)
    views = SelectMultipleField(_l("Views"), validate_choice=False)
    level = SelectField(_l("Level"), validate_choice=False)
    level_to = SelectField(_l("to"), validate_choice=False)
    side = RadioField(_l("Side"), choices=SIDES, validate_choice=False)
    priority = RadioField(_l("How soon"), choices=PRIORITIES, validate_choice=False)
    justification = text(_l("Why it is needed"), 200)
    acr_variant = SelectField(_l("Situation in the ACR table"), validate_choice=False)
    scanner_id = SelectField(_l("Machine"), validate_choice=False)
    note = TextAreaField(_l("Note for the radiographer (may stay empty)"), [Length(max=1000), storable])

    def offer(
        self, modality: str, scanners: Iterable[tuple[str, str]], ratings: Iterable[tuple[str, str]], locale: str
    ) -> "DetailsForm":
        """Offer what this machine does, and the situations of the ACR table with their ratings; return the form."""
        known = knowledge.load()
        there, none = known.flow.examinations, [("", "–")]
        self.procedure.choices = [(one.id, one.label(locale)) for one in there.at(modality)]
        taken = {view for one in there.at(modality) for view in one.views}
        self.views.choices = [(one.id, one.label(locale)) for one in there.views.values() if one.id in taken]
        self.level.choices = self.level_to.choices = none + [(level, level) for level in known.levels]
        self.acr_variant.choices = none + list(ratings)
        self.scanner_id.choices = [("", _l("Any")), *scanners]
        return self

    def show(self, details: Details, version: int) -> "DetailsForm":
        """Show what is ordered; return the form."""
        first, _, last = details.level.partition(REACH)
        values = {**vars(details), "version": version, "level": first, "level_to": last}
        values |= {"acr_variant": str(details.acr_variant or ""), "scanner_id": details.scanner_id or ""}
        for name, value in values.items():
            self[name].data = list(value) if isinstance(value, tuple) else value
        return self

    def details(self, before: str) -> Details:
        """Return what was chosen; another examination than ``before`` brings its own usual views with it."""
        name, number = self.procedure.data or "", self.acr_variant.data or ""
        meant = knowledge.load().flow.examinations.procedures.get(name)
        views = tuple(self.views.data or ())
        if meant and name != before:
            views = _fitting(meant, views)
        return Details(
            name, views, levels_of(self.level.data or "", self.level_to.data or ""), self.side.data or "",
            self.priority.data or "", (self.justification.data or "").strip(),
            int(number) if number.isascii() and number.isdigit() else None if not number else -1,
            self.scanner_id.data or None, (self.note.data or "").strip(),
        )  # fmt: skip


def _fitting(meant: ImagingProcedure, views: Sequence[str]) -> tuple[str, ...]:
    return tuple(view for view in meant.views if view in views) or meant.default_views


@cache
def safety_form(names: tuple[str, ...]) -> type[PostedForm]:
    """Return the form with an answer and a note for each of these safety questions."""
    fields: dict[str, Any] = {"version": _version()}
    for name in names:
        fields[ANSWER + name] = RadioField("", choices=ANSWERS, validate_choice=False)
        fields[NOTE + name] = text(_l("Note (may stay empty)"), 200)
    return type("SafetyForm", (PostedForm,), fields)


class WordForm(PostedForm):
    """A doctor's word that it is done although a safety question is answered yes."""

    version = _version()
    question = HiddenField("", [Length(max=60), storable])
    words = text(_l("Why it is done all the same"), 300, InputRequired(told("note_needed")))


class CancelForm(PostedForm):
    """Why the examination is called off."""

    version = _version()
    reason = RadioField(_l("Why"), [InputRequired(told("reason_needed"))])
    note = text(_l("Note (may stay empty)"), 300)

    def __init__(self, locale: str = "en", **values: Any) -> None:
        super().__init__(**values)
        reasons = knowledge.load().flow.ordering.cancel_reasons
        self.reason.choices = [(one.id, one.label(locale)) for one in reasons.values()]
