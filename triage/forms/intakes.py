"""What the desk notes beside the answers: the complaint, papers brought along, and the consent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from flask_babel import lazy_gettext as _l

from triage.forms.entry import Conflict, Field
from triage.forms.findings import Form, Item

NAME, WAS = "d.", "v."
LONGEST = 4000
#: The version of the consent text that intakes/_consent.html shows.
CONSENT_VERSION = "1"
#: Detail -> how it is answered, and its label.
DETAILS: dict[str, tuple[str, Any]] = {
    "complaint": ("words", _l("Complaint, in the patient's own words")),
    "referral_letter": ("flag", _l("Referral letter")),
    "outside_images": ("flag", _l("Images from another clinic")),
    "consent": ("flag", _l("The patient agrees")),
}
FLAGS = {"": None, "yes": True, "no": False}


class DetailField(Field):
    """A detail of the encounter, drawn like an answer."""

    @property
    def input(self) -> str:
        """Return the name of the input."""
        return NAME + self.name

    @property
    def was_input(self) -> str:
        """Return the name of the hidden field that keeps what the page was made with."""
        return WAS + self.name

    @property
    def params(self) -> str:
        """Return the names that one saved detail posts."""
        return f"{self.input},{self.was_input},revision,place"

    @property
    def widget(self) -> str:
        """Return how the detail is drawn: words or flag."""
        return self.item.kind


@dataclass(frozen=True)
class PostedDetails:
    """The touched details, what the page held of each, the typed text, and message codes of what cannot be kept."""

    values: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, tuple[str, dict[str, object]]] = field(default_factory=dict)


def parse(form: Form) -> PostedDetails:
    """Return the touched details of a posted form; absent means unchanged."""
    posted = PostedDetails()
    for name in DETAILS:
        text, was = _last(form, NAME + name), _last(form, WAS + name)
        if text is None or text.replace("\r\n", "\n") == (was or "").replace("\r\n", "\n") and was is not None:
            continue
        posted.typed[name] = text
        code = _refusal(name, text)
        if code:
            posted.errors[name] = (code, {})
            continue
        posted.values[name] = _value(name, text)
        if was is not None and not _refusal(name, was):
            posted.seen[name] = _value(name, was)
    if "consent" in posted.values:
        posted.values["consent_version"] = CONSENT_VERSION if posted.values["consent"] is not None else ""
    return posted


def wire(value: object) -> str:
    """Return a stored detail as the form posts it."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    return str(value)


def fields(
    encounter: Any, typed: Mapping[str, str], errors: Mapping[str, str], conflicts: Mapping[str, Conflict]
) -> dict[str, DetailField]:
    """Return the details of the encounter as the page shows them."""
    return {name: _field(name, encounter, typed, errors, conflicts) for name in DETAILS}


def _field(
    name: str, encounter: Any, typed: Mapping[str, str], errors: Mapping[str, str], conflicts: Mapping[str, Conflict]
) -> DetailField:
    kind, label = DETAILS[name]
    was = wire(getattr(encounter, name))
    item = Item(name, kind, "desk", SimpleNamespace(unit="", id=name))
    return DetailField(
        item=item, label=str(label), question=str(label), value=typed.get(name, was), was=was,
        error=errors.get(name, ""), conflict=conflicts.get(name),
    )  # fmt: skip


def _refusal(name: str, text: str) -> str | None:
    if "\x00" in text:
        return "bad_text"
    if DETAILS[name][0] == "flag":
        return None if text in FLAGS else "not_a_choice"
    return "too_long" if len(text) > LONGEST else None


def _value(name: str, text: str) -> Any:
    return FLAGS[text] if DETAILS[name][0] == "flag" else text.replace("\r\n", "\n").strip()


def _last(form: Form, key: str) -> str | None:
    values = form.getlist(key)
    return values[-1] if values else None
