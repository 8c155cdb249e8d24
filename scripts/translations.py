"""Brings the catalogues in step with the source: ``python scripts/translations.py [--check]``."""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "triage" / "translations" / "ja" / "LC_MESSAGES" / "messages.po"
METHODS = [("triage/templates/**.html", "jinja2"), ("triage/**.py", "python")]
KEYWORDS = {"_": None, "_l": None, "N_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def extract(root: Path = ROOT) -> Catalog:
    """Return every message that the templates and the Python files mark for translation."""
    template = Catalog(project="Spine Triage", charset="utf-8")
    for name, line, message, comments, context in extract_from_dir(root, METHODS, keywords=KEYWORDS):
        if name.startswith("triage/"):
            template.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return template


def read(path: Path = CATALOGUE) -> Catalog:
    """Return the catalogue as it stands."""
    with path.open("rb") as file:
        return read_po(file, locale="ja")


def problems(template: Catalog, catalogue: Catalog) -> Iterator[str]:
    """Yield what is missing, empty, fuzzy, no longer used, or has other placeholders than its source."""
    for message in template:
        if not message.id:
            continue
        found = catalogue.get(message.id)
        if found is None:
            yield f"missing: {message.id!r}"
        elif not found.string or found.fuzzy or (isinstance(found.string, tuple) and not all(found.string)):
            yield f"not translated: {message.id!r}"
        else:
            yield from (f"{error}: {message.id!r}" for error in found.check(catalogue))
    for message in catalogue:
        if message.id and template.get(message.id) is None:
            yield f"no longer used: {message.id!r}"


def update() -> None:
    """Write the catalogue anew: new messages empty, unused ones dropped, translations kept."""
    catalogue = read() if CATALOGUE.is_file() else Catalog(locale="ja", project="Spine Triage", charset="utf-8")
    catalogue.update(extract(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False  # a fuzzy header keeps the whole catalogue from being compiled
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, sort_output=True, no_location=True, omit_header=False, width=0)
    write_mo(io.BytesIO(), catalogue)  # fails here rather than at the first page


def main() -> int:
    """Update the catalogue, or with --check say what is out of step and return 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when something is out of step")
    if not parser.parse_args().check:
        update()
    found = list(problems(extract(), read()))
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
