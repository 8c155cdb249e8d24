"""Every reader sees every sentence in the language they chose, whether it stands in the page or comes from a table."""

import pytest
from flask import Flask
from flask_babel import force_locale
from jinja2 import DictLoader
from markupsafe import Markup

from triage import wording
from triage.wording import ByLanguage, catalogue

PAGES = {
    "word.html": "{{ _('Board') }}",
    "label.html": "{% for label in ('Board', 'Patient') %}{{ _(label) }} {% endfor %}",
    "value.html": "{{ _('age %(years)s', years=years) }}",
    "number.html": "{{ ngettext('emergency', 'emergencies', count) }}",
    "whole.html": "{% include 'word.html' %}",
    "macro.html": "{% macro name() %}{{ _('Board') }}{% endmacro %}",
    "caller.html": "{% from 'macro.html' import name %}{{ name() }}",
    "sets.html": "{% set x = 1 %}{% include 'setter.html' %}{{ x }}",
    "setter.html": "{% set x = 2 %}{{ x }}{{ years }}",
    "rounds.html": "{% for years in (1, 2) %}{% include 'setter.html' %} {% endfor %}",
    "again.html": "{{ depth }}{% if depth %}{% set depth = depth - 1 %}{% include 'again.html' %}{% endif %}",
    "inside.html": "{{ _('Name') ~ ': ' ~ years }}",
}


def drawn(app: Flask, name: str, language: str, **values: object) -> str:
    """Draw one of the pages in a language."""
    app.jinja_env.loader = ByLanguage(DictLoader(PAGES))
    with app.test_request_context(), force_locale(language):
        return app.jinja_env.get_template(name).render(values)


@pytest.mark.parametrize("page", ["word.html", "whole.html", "caller.html"])
def test_a_word_is_in_the_readers_language_in_a_page_its_parts_and_its_macros(own_app: Flask, page: str) -> None:
    japanese = catalogue("ja").gettext("Board")
    assert japanese != "Board"
    assert [drawn(own_app, page, language) for language in ("en", "ja", "en")] == ["Board", japanese, "Board"]


def test_a_label_from_a_table_is_in_the_readers_language(own_app: Flask) -> None:
    assert drawn(own_app, "label.html", "en") == "Board Patient "
    assert (
        drawn(own_app, "label.html", "ja") == " ".join(catalogue("ja").gettext(w) for w in ("Board", "Patient")) + " "
    )


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("page", ["value.html", "inside.html"])
def test_what_somebody_typed_is_escaped_inside_a_sentence(own_app: Flask, page: str, language: str) -> None:
    html = drawn(own_app, page, language, years="<script>")
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_a_small_part_that_is_kept_tells_what_was_typed_from_what_is_markup(own_app: Flask) -> None:
    with own_app.test_request_context():
        macros = own_app.jinja_env.get_template("_macros.html").module
        for _ in range(2):
            assert "<b>" in macros.chip(Markup("<b>"))  # type: ignore[attr-defined]
            assert "<b>" not in macros.chip("<b>")  # type: ignore[attr-defined]
            assert macros.icon("warning") != macros.icon("check")  # type: ignore[attr-defined]


def test_a_number_of_things_has_its_own_word(own_app: Flask) -> None:
    assert [drawn(own_app, "number.html", "en", count=count) for count in (1, 2)] == ["emergency", "emergencies"]
    assert drawn(own_app, "number.html", "ja", count=2) == catalogue("ja").ngettext("emergency", "emergencies", 2)


@pytest.mark.parametrize("reload", [False, True])
@pytest.mark.parametrize(
    ("page", "said"),
    [("sets.html", "2<1>1".replace("<1>", "&lt;1&gt;")), ("rounds.html", "21 22 "), ("again.html", "210")],
)
def test_a_part_says_in_its_place_what_it_says_by_itself(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch, page: str, said: str, reload: bool
) -> None:
    monkeypatch.setattr(wording, "ROWS", frozenset(PAGES))
    own_app.jinja_env.auto_reload = reload
    assert drawn(own_app, page, "en", years="<1>", depth=2) == said


def test_a_part_stands_in_a_row_and_not_where_a_developer_changes_it(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled() -> str:
        with own_app.app_context():
            whole = own_app.jinja_env._parse(PAGES["whole.html"], None, None)
            return own_app.jinja_env._generate(whole, "en/whole.html", None)

    own_app.jinja_env.loader = ByLanguage(DictLoader(PAGES))
    assert "word.html" in compiled()  # a page
    monkeypatch.setattr(wording, "ROWS", frozenset(PAGES))
    assert "word.html" not in compiled()
    own_app.jinja_env.auto_reload = True
    assert "word.html" in compiled()
