"""What advice follows from besides the findings: the knowledge as it was read, and the program that judges by it."""

import hashlib
from functools import cache
from pathlib import Path

from triage.knowledge import schema

#: The packages that read knowledge and judge by it, with the files that it stands in.
PACKAGES = ("domain", "knowledge")


def basis_of(raw: schema.Knowledge) -> str:
    """Return a sha256 that is another one as soon as rules, machines on site or the program are others."""
    return hashlib.sha256((program() + raw.model_dump_json()).encode()).hexdigest()


@cache
def program() -> str:
    """Return the sha256 of the program's own files."""
    whole, here = hashlib.sha256(), Path(__file__).parent.parent
    for file in sorted(file for package in PACKAGES for file in (here / package).rglob("*.*")):
        if file.suffix in {".py", ".toml"}:
            content = file.read_bytes()
            whole.update(f"{file.relative_to(here)} {len(content)} ".encode() + content)
    return whole.hexdigest()
