"""The rules as one text: the same rules, and a bad text is refused with its line and the reason."""

import pytest

from triage import knowledge
from triage.knowledge import KnowledgeError, load, rules_text, with_rules

SHIPPED = rules_text.shipped()
RULE = """
[[rule]]
id = "NEW-01"
when = "{when}"
acuity = "{acuity}"
{more}
text = {{ en = "A text.", ja = "文。" }}
sources = ["PROJECT"]
status = "project"
"""


def refusal(text: str) -> KnowledgeError:
    with pytest.raises(KnowledgeError) as error:
        with_rules(text)
    return error.value


def test_the_shipped_rules_as_one_text_are_the_same_rules() -> None:
    assert with_rules(SHIPPED).ruleset.hash == load().ruleset.hash
    assert with_rules(SHIPPED).ruleset.version == load().ruleset.version


def test_the_remarks_of_the_files_are_kept() -> None:
    remarks = [
        line
        for path in sorted(knowledge.FOLDER.glob("rules_*.toml"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    ]
    assert remarks
    assert all(line in SHIPPED for line in remarks)


def test_the_entries_of_a_text_joined_are_the_text_again() -> None:
    assert "".join(block.text for block in rules_text.blocks(SHIPPED)) == SHIPPED
    assert rules_text.blocks("") == []


def test_what_looks_like_a_header_inside_a_text_is_none() -> None:
    text = '[[rule]]\nwhen = """\n[[rule]]\n"""\n\n# of the next\n[[rule]]\nid = "b"\n'
    assert [block.text.count("\n") for block in rules_text.blocks(text)] == [5, 3]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"when": "back_pane"}, "unknown name: back_pane"),
        ({"when": "trauma in 5"}, "cannot read the condition"),
        ({"when": "trauma == ['a']"}, "cannot read the condition"),
        ({"when": "(" * 3000 + "back_pain" + ")" * 3000}, "cannot read the condition"),
        ({"acuity": "emergency", "more": "level = 4"}, "level 4 does not fit emergency"),
        ({"acuity": "soon", "more": "level = 2"}, "level 2 does not fit soon"),
        ({"more": 'route = "home"'}, "unknown route: home"),
    ],
)
def test_a_planted_bad_rule_is_refused_with_line_and_reason(change: dict[str, str], reason: str) -> None:
    given = {"when": "back_pain", "acuity": "soon", "more": 'route = "xray"'} | change
    error = refusal(SHIPPED + RULE.format(**given))
    assert str(error).startswith(f"draft:{SHIPPED.count(chr(10)) + 2}: ")
    assert reason in error.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "draft:1: "),
        (SHIPPED + "[[rule", "Expected ']]'"),
        (SHIPPED + "when = 1979-99-01\n", "draft:"),
        ("a = " + "[" * 5000, "draft:1: "),
        (SHIPPED + '[[finding]]\nname = "itch"\n', "finding: not part of the rules"),
        (SHIPPED.replace("[ruleset]", "[other]"), ": other: not part of the rules"),
        (SHIPPED.replace('id = "xray"', 'id = "xray2"', 1), "the routes are"),
        (SHIPPED.replace('id = "emergency"\nlevel = 2', 'id = "emergency"\nlevel = 3'), "level 3 does not fit"),
        (SHIPPED.replace('[[acuity]]\nid = "routine"', '[[acuity]]\nid = "later"'), "the acuities are"),
        (SHIPPED + '[[action]]\nid = "call_surgeon"\nlabel = { en = "a", ja = "b" }\n', "duplicate id: call_surgeon"),
    ],
)
def test_a_text_that_is_not_a_whole_ruleset_is_refused(text: str, said: str) -> None:
    assert said in str(refusal(text))
    assert str(refusal(text)).startswith("draft:")
