"""The imaging table of the American College of Radiology, as a page shows it."""

import re
import tomllib

import pytest
from flask import Flask, render_template
from flask_babel import force_locale

from triage.knowledge import load
from triage.knowledge.rules_text import shipped

CONTENT = tomllib.loads(shipped())


@pytest.mark.parametrize(("lang", "word"), [("en", "may be appropriate"), ("ja", "適切な場合がある")])
def test_every_rating_is_said_in_words_and_what_was_not_read_is_marked(app: Flask, lang: str, word: str) -> None:
    with app.test_request_context(), force_locale(lang):
        html = render_template("rulesets/_acr.html", known=load(), content=CONTENT, locale=lang)
    assert len(re.findall(r"<td", html)) == 77
    assert html.count(f'<span class="sr">{word}</span>') == 15
    assert html.count("–*") == 29
    for variant in load().acr.variants:
        assert variant.title.in_(lang) in html
        for rule in load().acr.rules[variant.number]:
            assert f">{rule}</code>" in html
