"""One rule of a draft is changed in a form, and everything else in the text stays as somebody wrote it."""

import difflib

import pytest

from triage.knowledge import rules_text, with_rules
from triage.knowledge.rules_editing import CannotEdit, find_rule, lines_of, put_rule, remove_rule, rename, rules_in

SHIPPED = rules_text.shipped()
NAMES = [rule["id"] for rule in rules_in(SHIPPED)]
NEW = {
    "id": "NEW-01", "when": "back_pain", "acuity": "soon", "route": "xray", "imaging": ["xray_lumbar"], "actions": [],
    "text": {"en": 'A "quoted" text.', "ja": "文。"}, "sources": ["PROJECT"], "status": "project", "note": "",
}  # fmt: skip


def changed_lines(text: str) -> list[str]:
    compared = list(difflib.unified_diff(SHIPPED.splitlines(), text.splitlines(), n=0))[2:]
    return [f"{line[0]} {line[1:]}" for line in compared if line[0] in "+-"]


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_saved_as_it_is_changes_no_character(name: str) -> None:
    assert put_rule(SHIPPED, name, find_rule(SHIPPED, name) or {}) == SHIPPED


@pytest.mark.parametrize("name", NAMES)
def test_removing_a_rule_removes_its_lines_alone(name: str) -> None:
    text = remove_rule(SHIPPED, name)
    assert not [line for line in changed_lines(text) if line.startswith("+")]
    assert [rule["id"] for rule in rules_in(text)] == [other for other in NAMES if other != name]
    remarks = [line for line in changed_lines(text) if line.startswith("- #")]
    assert all(line[2:] in lines_of(SHIPPED, name) for line in remarks)
    assert with_rules(text)


def test_changing_a_value_changes_its_line_alone() -> None:
    rule = find_rule(SHIPPED, NAMES[3]) or {}
    text = put_rule(SHIPPED, NAMES[3], rule | {"note": "Because.", "text": rule["text"] | {"en": "Said otherwise."}})
    assert [line[:10] for line in changed_lines(text)] == ["- text = {", "+ text = {", '+ note = "']
    assert find_rule(text, NAMES[3]) == rule | {"note": "Because.", "text": rule["text"] | {"en": "Said otherwise."}}


def test_a_condition_over_several_lines_stays_readable() -> None:
    rule = find_rule(SHIPPED, NAMES[0]) or {}
    text = put_rule(SHIPPED, NAMES[0], rule | {"when": "back_pain\nor leg_pain"})
    assert 'when = """\nback_pain\nor leg_pain\n"""' in text


def test_an_empty_part_is_left_out() -> None:
    rule = next(rule for rule in rules_in(SHIPPED) if rule.get("actions") and rule.get("imaging"))
    text = put_rule(SHIPPED, rule["id"], rule | {"imaging": [], "actions": None})
    assert (find_rule(text, rule["id"]) or {}).keys() == rule.keys() - {"imaging", "actions"}


def test_the_order_of_what_was_chosen_before_stays() -> None:
    rule = next(rule for rule in rules_in(SHIPPED) if len(rule["sources"]) > 1)
    assert put_rule(SHIPPED, rule["id"], rule | {"sources": rule["sources"][::-1]}) == SHIPPED
    more = put_rule(SHIPPED, rule["id"], rule | {"sources": ["PROJECT", *rule["sources"][::-1]]})
    assert (find_rule(more, rule["id"]) or {})["sources"] == [*rule["sources"], "PROJECT"]


def test_a_new_rule_stands_behind_the_others() -> None:
    text = put_rule(SHIPPED, "", NEW)
    assert [rule["id"] for rule in rules_in(text)] == [*NAMES, "NEW-01"]
    assert not [line for line in changed_lines(text) if line.startswith("-")]
    assert find_rule(text, "NEW-01") == {name: value for name, value in NEW.items() if value not in ("", [])}
    assert with_rules(text).ruleset.hash != with_rules(SHIPPED).ruleset.hash


def test_a_new_version_name_is_no_other_content() -> None:
    text = rename(SHIPPED, "2027.1-test")
    assert with_rules(text).ruleset.version == "2027.1-test"
    assert with_rules(text).ruleset.hash == with_rules(SHIPPED).ruleset.hash
    assert len(changed_lines(text)) == 2


def test_a_text_in_which_the_rules_cannot_be_told_apart_is_left_alone() -> None:
    odd = 'rule = [{ id = "a" }, { id = "b" }]\nruleset = { version = "1" }\n'
    for edit in (
        lambda: put_rule(odd, "a", NEW),
        lambda: remove_rule(odd, "b"),
        lambda: rename(odd, "2"),
        lambda: put_rule(SHIPPED, "NOT-THERE", NEW),
    ):
        with pytest.raises(CannotEdit):
            edit()
