"""Forms of the rules: a draft as a file, one rule of it, publication, rollback, sign-off."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, Regexp

from triage.forms.base import PostedForm
from triage.forms.triage import storable
from triage.knowledge import Knowledge

#: Characters of one document; the shipped rules have some 60,000.
MOST = 400_000
STATUSES = (
    ("verified", _l("Checked in the source")),
    ("third_party_copy", _l("Read in a copy")),
    ("recalled", _l("From memory")),
    ("project", _l("Choice of this project")),
)
STATEMENT = _l(
    "I have read these rules and their sources, and answer for their use at this clinic. "
    "They advise; a nurse or a surgeon decides."
)


class DraftForm(PostedForm):
    """The whole draft as a file, with what changes and why."""

    version = IntegerField(validators=[Optional()])
    note = TextAreaField(_l("What changes, and why"), [Length(max=2000), storable])
    content = TextAreaField(_l("The rules as a file"), [InputRequired(), Length(max=MOST), storable])

    @property
    def text(self) -> str:
        """Return the file with plain line ends."""
        return lines(self.content.data)


class BeginForm(PostedForm):
    """Begin a draft: from rules that exist, or from a file."""

    source = SelectField(_l("Begin with"), validate_choice=False)
    name = StringField(
        _l("New version"),
        [Length(max=40), storable, Optional(), Regexp(r"^[\w.+-]+$", message=_l("Letters, digits, dot, dash."))],
    )
    note = TextAreaField(_l("What changes, and why"), [Length(max=2000), storable])
    file = FileField(_l("Or a file (.toml)"))


class PublicationForm(PostedForm):
    """What the lead looked at: the draft's version and the rules then in force."""

    version = IntegerField(validators=[InputRequired()])
    seen = HiddenField(validators=[Length(max=64), storable])
    note = StringField(_l("Note (may stay empty)"), [Length(max=500), storable])


class RollbackForm(PostedForm):
    """Which rules come back, and why."""

    target = HiddenField(validators=[InputRequired(), Length(max=40), storable])
    seen = HiddenField(validators=[Length(max=64), storable])
    reason = StringField(_l("Reason"), [Length(max=500), storable])


class SignatureForm(PostedForm):
    """What is stated about rules of one content; also the reason of a withdrawal."""

    content_hash = HiddenField(validators=[InputRequired(), Length(max=64), storable])
    statement = TextAreaField(_l("Statement"), [Length(max=1000), storable])


class RuleForm(PostedForm):
    """One rule in parts."""

    version = IntegerField(validators=[Optional()])
    rule = HiddenField(validators=[Length(max=80), storable])
    id = StringField(_l("Name of the rule"), [InputRequired(_l("Enter a text.")), Length(max=40), storable])
    when = TextAreaField(_l("Condition"), [InputRequired(_l("Enter a text.")), Length(max=4000), storable])
    acuity = SelectField(_l("Acuity"))
    level = SelectField(_l("Level 1 to 5"), choices=[("", _l("as usual")), *((str(n), str(n)) for n in range(1, 6))])
    route = SelectField(_l("Where to"))
    imaging = SelectMultipleField(_l("Imaging"))
    actions = SelectMultipleField(_l("What staff do"))
    text_en = TextAreaField(_l("Text, English"), [InputRequired(_l("Enter a text.")), Length(max=1000), storable])
    text_ja = TextAreaField(_l("Text, Japanese"), [InputRequired(_l("Enter a text.")), Length(max=1000), storable])
    sources = SelectMultipleField(_l("Sources"), [InputRequired(_l("Choose at least one."))])
    status = SelectField(_l("State of the source"), choices=STATUSES)
    note = TextAreaField(_l("Remark"), [Length(max=1000), storable])

    def __init__(self, known: Knowledge, locale: str = "en", **values: Any) -> None:
        super().__init__(**values)
        named = {"acuity": known.acuities, "route": known.routes, "imaging": known.imaging, "actions": known.actions}
        choices = {name: [(one.id, one.label(locale)) for one in things.values()] for name, things in named.items()}
        choices["route"].insert(0, ("", _l("as other rules say")))
        choices["sources"] = [(source.id, f"{source.id} – {source.title}") for source in known.sources.values()]
        for name, found in choices.items():
            chosen = self[name].data or ()
            many = isinstance(self[name], SelectMultipleField)  # what is chosen there is seen without scrolling
            self[name].choices = sorted(found, key=lambda one: one[0] not in chosen) if many else found

    def values(self) -> dict[str, Any]:
        """Return the rule as the file has it; what is empty is left out there."""
        data = self.data
        plain = {name: lines(data[name]).strip() for name in ("id", "when", "acuity", "route", "status", "note")}
        return plain | {
            "level": int(data["level"]) if data["level"] else None,
            "imaging": list(data["imaging"] or ()),
            "actions": list(data["actions"] or ()),
            "sources": list(data["sources"] or ()),
            "text": {"en": lines(data["text_en"]).strip(), "ja": lines(data["text_ja"]).strip()},
        }


def rule_values(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a rule as the file has it."""
    parts = {name: rule.get(name) for name in ("id", "when", "acuity", "route", "status", "note")}
    many = {name: list(rule.get(name, ())) for name in ("imaging", "actions", "sources")}
    text, level = rule.get("text", {}), rule.get("level")
    return parts | many | {
        "when": (rule.get("when") or "").strip(), "level": str(level or ""), "route": rule.get("route") or "",
        "text_en": text.get("en"), "text_ja": text.get("ja"), "rule": rule.get("id"),
    }  # fmt: skip


def lines(text: str | None) -> str:
    """Return a text with plain line ends, as a browser does not send it."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")
