"""The rules as one TOML text: the form in which they are drafted, compared, published and kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from triage.knowledge.ruling import KEYS

_HEADER = re.compile(r"^\[{1,2}\s*([A-Za-z0-9_]+)\s*\]{1,2}\s*(#.*)?$")
#: The order of one whole document: what a rule may name stands before the rules.
ORDER = ("ruleset", "acuity", "route", "imaging", "action", "combination", "narrowing", "definition", "rule")


@dataclass(frozen=True)
class Block:
    """One entry as written, with the remarks above it; key "" for what stands before the first entry."""

    key: str
    text: str


def blocks(text: str) -> list[Block]:
    """Return the entries of a TOML text in order; joined together they are the text again."""
    return list(_blocks(text.splitlines(keepends=True)))


def _blocks(lines: list[str]) -> Iterator[Block]:
    key, begun, inside = "", 0, False
    for number, line in enumerate(lines):
        header = None if inside else _HEADER.match(line.strip())
        if line.count('"""') % 2:
            inside = not inside
        if header is None:
            continue
        start = _remarks_before(lines, number, begun)
        if start > begun:
            yield Block(key, "".join(lines[begun:start]))
        key, begun = header[1], start
    if begun < len(lines):
        yield Block(key, "".join(lines[begun:]))


def _remarks_before(lines: list[str], header: int, begun: int) -> int:
    """Return where the remarks over this header begin; the head of a shipped file belongs to its first entry."""
    start = header
    while start > begun and (not lines[start - 1].strip() or lines[start - 1].startswith("#")):
        start -= 1
    while not lines[start].strip():
        start += 1
    return start


@cache
def shipped(folder: Path = Path(__file__).parent) -> str:
    """Return the rules that came with the program as one text, with their remarks."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.toml")):
        for block in blocks(path.read_text(encoding="utf-8")):
            if block.key in KEYS:
                found.setdefault(block.key, []).append(block.text.strip("\n"))
    keys = [*ORDER, *(key for key in KEYS if key not in ORDER)]
    return "\n\n".join(text for key in keys for text in found.get(key, ())) + "\n"
