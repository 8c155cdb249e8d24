"""Changes one rule in the text of a draft: the rest of the text, its remarks and its order stay as they were."""

import tomllib
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from triage.knowledge.rules_text import Block, blocks

#: The parts of a rule in the order in which a new one is written.
FIELDS = (
    "id", "when", "acuity", "level", "route", "imaging", "actions", "text", "sources", "status", "note",
)  # fmt: skip
HEADER = "[[rule]]"


class CannotEdit(Exception):
    """The text is laid out in a way that one entry cannot be told from the next; it can be edited as a whole."""


def rules_in(text: str) -> list[dict[str, Any]]:
    """Return the rules of a sound text as plain values, in order."""
    found: list[dict[str, Any]] = tomllib.loads(text).get("rule", [])
    return found


def find_rule(text: str, rule_id: str) -> dict[str, Any] | None:
    """Return one rule of a sound text as plain values, or None."""
    return next((rule for rule in rules_in(text) if rule["id"] == rule_id), None)


def lines_of(text: str, rule_id: str) -> str:
    """Return the rule as it is written, with the remarks above it; raises CannotEdit."""
    found, at = _located(text, rule_id)
    return found[at].text.strip("\n")


def put_rule(text: str, rule_id: str, values: Mapping[str, Any]) -> str:
    """Return the text with this rule changed, "" for a new one at the end of the rules; raises CannotEdit.

    A value that is None, an empty text or an empty list leaves its part out.
    """
    if not rule_id:
        return _added(text, values)
    found, at = _located(text, rule_id)
    document = tomlkit.parse(found[at].text)
    (table,) = _tables(document)
    for name in FIELDS:
        _set(table, name, values.get(name))
    found[at] = Block("rule", tomlkit.dumps(document))
    return "".join(block.text for block in found)


def remove_rule(text: str, rule_id: str) -> str:
    """Return the text without this rule and the remarks right above it; raises CannotEdit."""
    found, at = _located(text, rule_id)
    return "".join(block.text for number, block in enumerate(found) if number != at)


def rename(text: str, name: str) -> str:
    """Return the text with another version in [ruleset]; raises CannotEdit."""
    found = blocks(text)
    at = [number for number, block in enumerate(found) if block.key == "ruleset"]
    if len(at) != 1:
        raise CannotEdit
    document = tomlkit.parse(found[at[0]].text)
    ruleset = document["ruleset"]
    if not isinstance(ruleset, Table):
        raise CannotEdit
    ruleset["version"] = name
    found[at[0]] = Block("ruleset", tomlkit.dumps(document))
    return "".join(block.text for block in found)


def _located(text: str, rule_id: str) -> tuple[list[Block], int]:
    found = blocks(text)
    try:
        read = {number: tomllib.loads(block.text)["rule"] for number, block in enumerate(found) if block.key == "rule"}
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise CannotEdit from error
    if any(len(rules) != 1 for rules in read.values()) or len(read) != len(rules_in(text)):
        raise CannotEdit
    at = next((number for number, rules in read.items() if rules[0]["id"] == rule_id), None)
    if at is None:
        raise CannotEdit
    return found, at


def _tables(document: tomlkit.TOMLDocument) -> list[Table]:
    rules = document["rule"]
    if not isinstance(rules, AoT):
        raise CannotEdit
    return list(rules.body)


def _added(text: str, values: Mapping[str, Any]) -> str:
    table = tomlkit.table()
    for name in FIELDS:
        _set(table, name, values.get(name))
    found = blocks(text)
    last = max((number for number, block in enumerate(found) if block.key == "rule"), default=len(found) - 1)
    before = "".join(block.text for block in found[: last + 1]).rstrip("\n")
    after = "".join(block.text for block in found[last + 1 :])
    return f"{before}\n\n{HEADER}\n{tomlkit.dumps(table)}\n{after}".rstrip("\n") + "\n"


def _set(table: Table, name: str, value: Any) -> None:
    if isinstance(value, list) and name in table:  # a form knows what was chosen, not in which order
        old = list(table[name])
        value = [*(one for one in old if one in value), *(one for one in value if one not in old)]
    if value in (None, "", []):
        table.pop(name, None)
    elif name not in table or table[name] != value:
        table[name] = _item(value)


def _item(value: Any) -> Any:
    if isinstance(value, Mapping):
        inline = tomlkit.parse('text = { en = "", ja = "" }')["text"]  # with the spaces of the shipped files
        inline.update(value)
        return inline
    if isinstance(value, str) and "\n" in value:
        escaped = tomlkit.string(f"{value.strip()}\n", multiline=True).as_string().removeprefix('"""')
        return tomlkit.parse(f'when = """\n{escaped}')["when"]
    return value
