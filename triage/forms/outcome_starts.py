"""What is typed to follow a patient up after a treatment that this program has not seen."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, ValidationError
from wtforms.validators import InputRequired

from triage import knowledge
from triage.domain.choice import REACH
from triage.domain.dates import find_date
from triage.domain.outcomes import CONSERVATIVE, PROCEDURE, Treatment
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.consults import SIDES
from triage.forms.patients import in_one_width, text

KINDS = ((PROCEDURE, _l("Procedure")), (CONSERVATIVE, _l("Conservative care")))


class StartForm(PostedForm):
    """After what, when, why by hand, and whose patient it is; what an operation needs is checked by the service."""

    start = RadioField(_l("Why it is begun by hand"), [InputRequired(told("reason_needed"))])
    kind = RadioField(_l("Treatment"), [InputRequired(told("treatment_needed"))], choices=KINDS)
    procedure = SelectField(_l("Procedure"), validate_choice=False)
    level = SelectField(_l("Level"), validate_choice=False)
    level_to = SelectField(_l("to"), validate_choice=False)
    side = SelectField(_l("Side"), validate_choice=False)
    index_day = text(
        _l("Day of the operation, or since when"), 20, InputRequired(told("not_a_date")), clean=in_one_width
    )
    surgeon = SelectField(_l("Surgeon"), [InputRequired(told("surgeon_needed"))])
    note = text(_l("Where, by whom, from what this is known"), 500)

    def __init__(self, locale: str, surgeons: Iterable[Any], **values: Any) -> None:
        super().__init__(**values)
        known, none = knowledge.load(), [("", "–")]
        self.start.choices = [(one.id, one.label(locale)) for one in known.flow.outcomes.starts.values()]
        self.procedure.choices = none + [(p.id, p.label(locale)) for p in known.procedures if p.kind == "procedure"]
        self.level.choices = self.level_to.choices = none + [(level, level) for level in known.levels]
        self.side.choices = [*none, *SIDES]
        self.surgeon.choices = none + [(one.id, one.name) for one in surgeons]

    def validate_index_day(self, field: Any) -> None:
        """Refuse what is no date; raises ValidationError."""
        if find_date(field.data or "") is None:
            raise ValidationError(told("not_a_date"))

    @property
    def on(self) -> date:
        """Return the day, once the form is valid."""
        found = find_date(self.index_day.data or "")
        if found is None:
            raise ValueError("the form was not validated")
        return found

    @property
    def treatment(self) -> Treatment:
        """Return what was typed; conservative care has no procedure, level or side."""
        words = {"surgeon_id": self.surgeon.data, "start": self.start.data, "note": (self.note.data or "").strip()}
        if self.kind.data != PROCEDURE:
            return Treatment(self.kind.data, **words)
        reach = [one for one in dict.fromkeys((self.level.data, self.level_to.data)) if one]
        named = (self.procedure.data or "", REACH.join(reach), self.side.data or "")
        return Treatment(PROCEDURE, named[0], level=named[1], side=named[2], **words)
