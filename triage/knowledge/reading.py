"""Reads the knowledge files of a folder into one validated whole, remembering where each entry stands."""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from triage.knowledge import schema
from triage.knowledge.errors import KnowledgeError


@dataclass(frozen=True)
class Instead:
    """A text that takes the place of every entry of these keys: a draft of the rules, say."""

    name: str
    text: str
    keys: Collection[str]


@dataclass(frozen=True)
class Document:
    """The content of all files, and the file and line of every entry."""

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[tuple[str, int], str] = field(default_factory=dict)
    instead: Instead | None = None

    def place(self, key: str, index: int = 0) -> str:
        """Return "file:line" of an entry, or the key when there is none."""
        missing = f"{self.instead.name}:1" if self.instead and key in self.instead.keys else key
        return self.places.get((key, index), missing)

    def fault(self, key: str, index: int, reason: str, where: str = "") -> KnowledgeError:
        """Return the error for an entry, to be raised; ``where`` names the part of it that is wrong."""
        return KnowledgeError(f"{self.place(key, index)}: {reason}", key, index, where)


def read(folder: Path, instead: Instead | None = None) -> tuple[Document, schema.Knowledge]:
    """Return the document and its validated content; raise KnowledgeError at the first fault."""
    document = Document(instead=instead)
    for path in sorted(folder.glob("*.toml")):
        _add(document, path.name, path.read_text(encoding="utf-8"), skip=instead.keys if instead else ())
    if instead:
        _add(document, instead.name, instead.text, only=instead.keys)
    try:
        return document, schema.Knowledge.model_validate(document.data)
    except ValidationError as error:
        first = error.errors()[0]
        raise _fault(document, first["loc"], first["msg"]) from error


def _add(
    document: Document, name: str, text: str, skip: Collection[str] = (), only: Collection[str] | None = None
) -> None:
    for key, value in _parsed(name, text).items():
        entries, lines = value if isinstance(value, list) else [value], _header_lines(text, key)
        if key in skip:
            continue
        if only is not None and key not in only:
            raise KnowledgeError(f"{name}:{lines[0]}: {key}: not part of the rules", key)
        before = len(document.data.get(key, [])) if isinstance(value, list) else 0
        if key in document.data and not (isinstance(value, list) and isinstance(document.data[key], list)):
            raise KnowledgeError(f"{name}:{lines[0]}: {key} is already in another file", key)
        for index in range(len(entries)):
            line = lines[index] if index < len(lines) else 1
            document.places[(key, before + index)] = f"{name}:{line}"
        document.data[key] = document.data.get(key, []) + value if isinstance(value, list) else value


@lru_cache(maxsize=64)
def _parsed(name: str, text: str) -> Mapping[str, Any]:
    """Return what a text says; of a draft and the shipped files around it only the draft is new."""
    try:
        return MappingProxyType(tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # a date that does not exist, or a thousand brackets
        words, said = str(error), re.search(r" \(at line (\d+), column \d+\)$", str(error))
        line = int(said[1]) if said else len(text.splitlines()) or 1
        raise KnowledgeError(f"{name}:{line}: {words[: said.start()] if said else words}") from error


def _header_lines(text: str, key: str) -> list[int]:
    headers = (f"[[{key}]]", f"[{key}]")
    lines = text.splitlines()
    return [number for number, line in enumerate(lines, 1) if line.strip().startswith(headers)] or [1]


def _fault(document: Document, loc: Sequence[int | str], reason: str) -> KnowledgeError:
    index = loc[1] if len(loc) > 1 and isinstance(loc[1], int) else 0
    path = ".".join(str(part) for part in loc[1:] if not isinstance(part, int))
    return document.fault(str(loc[0]), index, f"{path or loc[0]}: {reason}", path)
