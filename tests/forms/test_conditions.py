"""A condition is read by people: in their language, with the words of the forms."""

import tomllib

import pytest
from flask import Flask

from triage import knowledge
from triage.forms.conditions import in_words
from triage.knowledge import rules_text

RULES = tomllib.loads(rules_text.shipped())
DEFINED = {entry["name"] for entry in RULES["definition"]}


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("back_pain and leg_pain", "{back_pain} <b>and</b> {leg_pain}"),
        (
            "back_pain and (leg_pain or fever_reported)",
            "{back_pain} <b>and</b> ({leg_pain} <b>or</b> {fever_reported})",
        ),
        ("unless(back_pain)", "unless {back_pain}"),
        ("denied(back_pain)", "{back_pain}: asked and denied"),
        (
            "at_least(2, back_pain, leg_pain, fever_reported)",
            "at least 2 of ({back_pain}, {leg_pain}, {fever_reported})",
        ),
        ("age >= 65", "{age} ≥ 65 years"),
        ("severe_pain", '<a href="#d-severe_pain">severe pain</a>'),
        ("not back_pain", "not back_pain"),
        ("no_such_name", "no_such_name"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_a_condition_is_said_in_words(app: Flask, expression: str, words: str) -> None:
    known = knowledge.load()
    labels = {name: str(spec.label("en")) for name, spec in known.findings.items()}
    with app.test_request_context():
        assert in_words(expression, known, "en", DEFINED) == words.format(**labels)


def test_units_are_said_in_the_readers_language(app: Flask) -> None:
    with app.test_request_context("/?lang=ja"):
        assert in_words("symptom_weeks <= 12", knowledge.load(), "ja").endswith("≤ 12 週")


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_every_shipped_condition_can_be_said(app: Flask, locale: str) -> None:
    with app.test_request_context(f"/?lang={locale}"):
        for key in ("rule", "definition", "restriction"):
            for when in [entry["when"] for entry in RULES[key] if "when" in entry]:
                assert "_" not in in_words(when, knowledge.load(), locale, DEFINED).striptags()
