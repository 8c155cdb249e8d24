"""The decision on the triage sheet: accept the suggestion as shown, or choose another way and say why."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from triage import knowledge
from triage.domain.gate import LEVELS
from triage.forms import told
from triage.forms.base import PostedForm

#: The reason why an urgent question is not known is posted as ``why-<question>``.
WHY = "why-"


def storable(_form: Any, field: Any) -> None:
    """Refuse the one character that PostgreSQL cannot store; raises ValidationError."""
    if isinstance(field.data, str) and "\x00" in field.data:
        raise ValidationError(told("bad_text"))


class DecisionForm(PostedForm):
    """``act`` says which half counts: "accept" the suggestion as the page showed it, or "override" it."""

    # What is not shown has an empty label: for one that is left out the library reads its catalogue at each request.
    act = HiddenField("")
    version = IntegerField("", [Optional()])
    shown_level = IntegerField("", [Optional()])
    shown_route = HiddenField("", [Length(max=40), storable])
    shown_modality = HiddenField("", [Length(max=40), storable])
    acuity = RadioField(_l("Acuity"), coerce=str, validate_choice=False)
    route = RadioField(_l("Where to"), validate_choice=False)
    modality = RadioField(_l("Imaging"), validate_choice=False)
    reason = RadioField(_l("Why another way"), validate_choice=False)
    note = TextAreaField(_l("Note (may stay empty)"), [Length(max=1000), storable])
    without = StringField(_l("Why it goes without the rest"), [Length(max=500), storable])

    def offer(self, locale: str) -> None:
        """Give the choices their words, for a page that shows them; to read what was posted needs none."""
        known = knowledge.load()
        self.acuity.choices = [(str(level), str(level)) for level in LEVELS]
        self.route.choices = [(route.id, route.label(locale)) for route in known.routes.values()]
        self.modality.choices = [(m.id, m.label(locale)) for m in known.modalities if m.on_site]
        self.reason.choices = [(reason.id, reason.label(locale)) for reason in known.override_reasons]

    @property
    def level(self) -> int:
        """Return the chosen level, 0 when none of 1 to 5 was chosen."""
        if self.act.data == "accept":
            return self.shown_level.data or 0
        return next((level for level in LEVELS if str(level) == self.acuity.data), 0)

    @property
    def way(self) -> str:
        """Return the chosen route, "" when none was."""
        return (self.shown_route.data if self.act.data == "accept" else self.route.data) or ""

    @property
    def imaging(self) -> str:
        """Return the chosen modality, "" when none was; the one of the override also answers an open suggestion."""
        shown = self.shown_modality.data if self.act.data == "accept" else ""
        return shown or self.modality.data or ""

    @property
    def words(self) -> str:
        """Return the note as it can be stored; an emergency is not held up by it."""
        return (self.note.data or "").replace("\x00", "")[:1000]

    @property
    def why(self) -> str:
        """Return the coded reason of an override; accepting needs none."""
        return "" if self.act.data == "accept" else self.reason.data or ""


class TaskForm(PostedForm):
    """The question was put again and is still not known: why."""

    version = IntegerField(validators=[InputRequired()])
    reason = StringField(
        _l("Why it is still not known"), [InputRequired(told("note_needed")), Length(max=500), storable]
    )


def whys(posted: Any) -> dict[str, str]:
    """Return the reasons written for urgent questions that are not known, by question."""
    known = {question.id for question in knowledge.load().urgent_questions}
    return {
        key.removeprefix(WHY): text[:500].replace("\x00", "")
        for key, text in posted.items()
        if key.startswith(WHY) and key.removeprefix(WHY) in known
    }
