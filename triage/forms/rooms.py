"""A room, as an administrator names it."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import DataRequired

from triage import knowledge
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import text


class RoomForm(PostedForm):
    """The names in both languages, and which machine stands there."""

    name = text(_l("Room name"), 60, DataRequired(told("name_needed")))
    name_ja = text(_l("Name in Japanese"), 60)
    modality = SelectField(_l("Machine in it"), validate_choice=False)

    def __init__(self, locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        machines = [(known.id, known.label(locale)) for known in knowledge.load().modalities if known.on_site]
        self.modality.choices = [("", "–"), *machines]

    @property
    def machine(self) -> str:
        """Return the chosen modality, "" for none or one that is not here."""
        chosen = self.modality.data or ""
        return chosen if chosen in {known.id for known in knowledge.load().modalities if known.on_site} else ""
