"""The templates' compiled forms on the disk: nobody who opens a page first waits while it is compiled.

All of them in both languages take some seconds, once for each release; read from here a page's own take milliseconds.
"""

import hashlib
import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import jinja2
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from triage import wording
from triage.wording import CATALOGUES, LOCALES

log = logging.getLogger(__name__)

#: Written when a folder holds every template.
WHOLE = "whole"
#: Letters of a seal.
SEAL = 20


class Kept(FileSystemBytecodeCache):
    """Compiled templates in a folder; a disk that fails costs time, never an answer."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Find what was kept; what cannot be read counts as not there."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # a file cut short by a power failure raises whatever its last bytes happen to mean
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, if the disk takes it."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def prepare(app: Flask) -> None:
    """Let the application find its templates compiled, and compile what no process before it has.

    Not for a developer, whose templates change while they are served.
    """
    if app.debug or app.jinja_env.auto_reload:
        return
    folder = Path(app.config["COMPILED_DIR"] or Path(app.instance_path) / "compiled") / seal(app)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _fill(app, folder)
    except OSError as error:
        log.warning("templates are compiled when first asked for: %s cannot be written (%s)", folder, error.strerror)


def seal(app: Flask) -> str:
    """Return a name that is another one as soon as a template could be compiled into something else."""
    found = hashlib.sha256(f"{sys.version} {jinja2.__version__}".encode())
    words = [CATALOGUES / language / "LC_MESSAGES" / "messages.mo" for language in LOCALES]
    for file in (Path(wording.__file__), *words):
        found.update(file.read_bytes() if file.exists() else b"-")
    for name in _names(app):
        found.update(f"\0{name}\0{_source(app, name)}".encode())
    return found.hexdigest()[:SEAL]


def _fill(app: Flask, folder: Path) -> None:
    app.jinja_env.bytecode_cache = Kept(str(folder))
    if (folder / WHOLE).exists():
        return
    for language in LOCALES:
        for name in _names(app):
            app.jinja_env.get_template(name, f"{language}/")
    (folder / WHOLE).touch()
    for other in folder.parent.glob("?" * SEAL):
        if other != folder and (other / WHOLE).exists():  # of the release before; what is not ours stays
            shutil.rmtree(other, ignore_errors=True)


def _names(app: Flask) -> Iterator[str]:
    return (name for name in sorted(_loader(app).list_templates()) if not name.startswith("."))


def _source(app: Flask, name: str) -> str:
    return str(_loader(app).get_source(app.jinja_env, name)[0])


def _loader(app: Flask) -> Any:
    return app.jinja_env.loader.loader  # type: ignore[union-attr]  # the one that knows no languages
