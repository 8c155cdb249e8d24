"""The forms that a page shows, as a browser would send them: what is filled in, chosen and hidden, and the buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

#: What a person types into, in contrast to what is chosen or hidden.
TYPED = frozenset({"text", "date", "number", "search", "tel", "email", "textarea", "datetime-local", "time"})


@dataclass
class Form:
    """One form: where it is sent, its values by name, what may be chosen, what is typed, and the buttons."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Gathers forms; a control outside its form names it by ``form``."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.open: Form | None = None
        self.area: tuple[Form, str] | None = None
        self.select: tuple[Form, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self.open)
            self.by_id[given.get("id", "")] = self.open
        form = self.by_id.get(given["form"]) if "form" in given else self.open
        if form is not None and tag in ("input", "textarea", "select", "button", "option"):
            self._control(tag, form, given, {name for name, _ in attrs})

    def _control(self, tag: str, form: Form, given: dict[str, str], flags: set[str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text") if tag == "input" else tag
        if tag == "option":
            self._option(given, flags)
        elif tag == "button":
            form.buttons.append((name, given.get("value", ""), given.get("formaction", form.action)))
        elif not name or "disabled" in flags:
            return
        elif kind in ("checkbox", "radio"):
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in flags:
                form.values.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "select":
            self.select = form, name
        else:
            form.values.setdefault(name, []).append(given.get("value", ""))
            form.typed |= {name: kind} if kind in TYPED else {}
            self.area = (form, name) if tag == "textarea" else None

    def _option(self, given: dict[str, str], flags: set[str]) -> None:
        if self.select:
            form, name = self.select
            form.choices.setdefault(name, []).append(given.get("value", ""))
            if name not in form.values or "selected" in flags:
                form.values[name] = [given.get("value", "")]

    def handle_data(self, data: str) -> None:
        if self.area:
            form, name = self.area
            form.values[name][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None


def read(page: str) -> list[Form]:
    """Return the forms of a page that are posted."""
    reader = _Reader()
    reader.feed(page)
    return [form for form in reader.forms if form.method == "post"]
