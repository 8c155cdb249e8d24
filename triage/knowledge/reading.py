"""Reads the knowledge files of a folder into one validated whole, remembering where each entry stands."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from triage.knowledge import schema
from triage.knowledge.errors import KnowledgeError


@dataclass(frozen=True)
class Document:
    """The content of all files, and the file and line of every entry."""

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[tuple[str, int], str] = field(default_factory=dict)

    def place(self, key: str, index: int = 0) -> str:
        """Return "file:line" of an entry, or the key when there is none."""
        return self.places.get((key, index), key)

    def fault(self, key: str, index: int, reason: str) -> KnowledgeError:
        """Return the error for an entry, to be raised."""
        return KnowledgeError(f"{self.place(key, index)}: {reason}")


def read(folder: Path) -> tuple[Document, schema.Knowledge]:
    """Return the document and its validated content; raise KnowledgeError at the first fault."""
    document = Document()
    for path in sorted(folder.glob("*.toml")):
        _add(document, path)
    try:
        return document, schema.Knowledge.model_validate(document.data)
    except ValidationError as error:
        first = error.errors()[0]
        raise KnowledgeError(f"{_place(document, first['loc'])}: {_words(first['loc'])}{first['msg']}") from error


def _add(document: Document, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{path.name}: {error}") from error
    for key, value in content.items():
        entries = value if isinstance(value, list) else [value]
        lines = _header_lines(text, key)
        before = len(document.data.get(key, [])) if isinstance(value, list) else 0
        if key in document.data and not (isinstance(value, list) and isinstance(document.data[key], list)):
            raise KnowledgeError(f"{path.name}:{lines[0]}: {key} is already in another file")
        for index in range(len(entries)):
            line = lines[index] if index < len(lines) else 1
            document.places[(key, before + index)] = f"{path.name}:{line}"
        document.data[key] = document.data.get(key, []) + value if isinstance(value, list) else value


def _header_lines(text: str, key: str) -> list[int]:
    headers = (f"[[{key}]]", f"[{key}]")
    lines = text.splitlines()
    return [number for number, line in enumerate(lines, 1) if line.strip().startswith(headers)] or [1]


def _place(document: Document, loc: Sequence[int | str]) -> str:
    index = loc[1] if len(loc) > 1 and isinstance(loc[1], int) else 0
    return document.place(str(loc[0]), index)


def _words(loc: Sequence[int | str]) -> str:
    path = [str(part) for part in loc[1:] if not isinstance(part, int)]
    return f"{'.'.join(path) or loc[0]}: "
