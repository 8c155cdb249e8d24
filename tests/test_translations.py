"""English and Japanese: no string lands untranslated, no text stands in a template outside the catalogue."""

import importlib.util
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "triage" / "templates"
_spec = importlib.util.spec_from_file_location("translations", ROOT / "scripts" / "translations.py")
assert _spec is not None
assert _spec.loader is not None
translations = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(translations)

#: Text that is the same in every language: units, key names, abbreviations the clinic writes in Latin letters.
SAME = {
    "A4", "API", "Alt", "BMI", "CSV", "CT", "Ctrl", "Enter", "English", "Esc", "MRC", "MRI", "NRS", "PDF", "SLR",
    "SpO", "X", "bpm", "cm", "kV", "kVp", "kg", "mAs", "mGy", "min", "ml", "mmHg", "x",
}  # fmt: skip
SPOKEN = ("aria-label", "title", "placeholder", "alt")


class Texts(HTMLParser):
    """Collects the words a person would read or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"script", "style", "code", "kbd"}
        self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"script", "style", "code", "kbd"} and self.silent > 0

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def literal_words(source: str) -> list[str]:
    """Return the words of a template that stand outside every expression and that no catalogue translates."""
    parts = []
    source = re.sub(r"{% block \w+_class %}[^{]*{% endblock %}", "", source)  # the name of a class is no text
    for _line, kind, value in Environment().lex(source):
        if kind == "data":
            parts.append(value)
        elif kind == "variable_begin":
            parts.append("x\u200b")  # stands for a value, or for the name of a tag; too short to be a word
        elif kind == "block_begin":
            parts.append(" ")
    reader = Texts()
    reader.feed("".join(parts))
    words = re.findall(r"[A-Za-z]{2,}", " ".join(reader.found))
    return [word for word in words if word not in SAME]


PAGES = sorted(TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("template", PAGES, ids=lambda p: p.relative_to(TEMPLATES).as_posix())
def test_a_template_holds_no_text_outside_the_catalogue(template: Path) -> None:
    assert literal_words(template.read_text(encoding="utf-8")) == []


def test_the_guard_against_untranslated_text_bites() -> None:
    assert literal_words("<p>{{ _('Fine') }} not fine</p>") == ["not", "fine"]
    assert literal_words('<a aria-label="Close">{{ x }}</a>') == ["Close"]
    assert literal_words("<kbd>Enter</kbd><script>let word</script>") == []


def test_the_japanese_catalogue_is_complete_and_in_step() -> None:
    assert list(translations.problems(translations.extract(), translations.read())) == []


def test_the_catalogue_guard_bites(tmp_path: Path) -> None:
    folder = tmp_path / "triage" / "templates"
    folder.mkdir(parents=True)
    (folder / "planted.html").write_text("{{ _('A string nobody translated') }}")
    found = list(translations.problems(translations.extract(tmp_path), translations.read()))
    assert "missing: 'A string nobody translated'" in found


def test_the_japanese_texts_are_japanese() -> None:
    latin = [
        message.id
        for message in translations.read()
        if message.id and isinstance(message.string, str)
        if not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", message.string)
        if not set(re.findall(r"[A-Za-z]{2,}", re.sub(r"%\(\w+\)s", "", message.string))) <= SAME
    ]
    assert latin == []
