"""``flask downtime``: the board as a file for paper, once or on a timer, on the disk of a PC that works without us."""

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask import current_app, g, render_template
from flask.cli import with_appcontext
from markupsafe import Markup
from sqlalchemy.exc import InterfaceError, OperationalError

from triage import db, knowledge, web
from triage.cli.staff import need_key
from triage.domain.access import Actor
from triage.domain.errors import DomainError
from triage.domain.messages import MESSAGES
from triage.services import downtime
from triage.wording import LOCALES

#: The styles that the file carries within itself, in this order.
STYLES = ("tokens", "app", "clinic", "print", "downtime")
#: Seconds that the command which prints a file may take.
PATIENCE = 120


@dataclass(frozen=True)
class Job:
    """What the command was asked for: where to, how many to keep, which language, which printer, which site."""

    folder: Path
    keep: int
    language: str
    command: str
    site: str | None


@click.group("downtime", help="Paper for when the system is away.")
def group() -> None:
    """Hold the downtime commands."""


@group.command()
@click.option("--every", "minutes", type=click.IntRange(1, 1440), help="Again after this many minutes.")
@click.option("--once", is_flag=True, help="One file only, whatever is configured.")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Folder for the files.")
@click.option("--keep", type=click.IntRange(1, 10000), help="How many files are kept.")
@click.option(
    "--print", "command", default="", metavar="COMMAND", help="Hand each file to this command, its name last."
)
@click.option("--site", help="Code of one site (all by default).")
@click.option("--lang", "language", type=click.Choice(LOCALES), default="ja", show_default=True)
@with_appcontext
def snapshot(
    minutes: int | None,
    once: bool,
    folder: Path | None,
    keep: int | None,
    command: str,
    site: str | None,
    language: str,
) -> None:
    """Write the board as of now to a file that opens without the server, and keep the last ones.

    Where that fails the files of before stay, it says how old the last good one is, and the exit status is 1
    (with --every it goes on, and tries again at the next turn).
    """
    config = current_app.config
    target = folder or Path(config["DOWNTIME_DIR"] or Path(current_app.instance_path) / "downtime")
    job = Job(target, keep or config["DOWNTIME_KEEP"], language, command, site)
    every = 0 if once else minutes or config["DOWNTIME_MINUTES"]
    done = _turn(job)
    while every:
        time.sleep(every * 60 - time.time() % (every * 60))  # on the hour's even minutes, whatever a turn takes
        done = _turn(job)
    if not done:
        raise SystemExit(1)


def _turn(job: Job) -> bool:
    """Write one file per site and say what became of it; tell whether all went well."""
    try:
        need_key()
        done = [_copy(job, code, actor) for code, actor in downtime.printers(job.site)]  # each, whatever the others do
        return all(done)
    except (OperationalError, InterfaceError) as error:
        _say_last(job, f"the database is away ({type(error).__name__})")
    except DomainError as error:
        _say_last(job, MESSAGES[error.code] % error.params)
    except (click.ClickException, OSError) as error:
        _say_last(job, str(error))
    finally:
        db.session.remove()
    return False


def _copy(job: Job, code: str, actor: Actor) -> bool:
    taken = downtime.snapshot(actor, downtime.TIMER)
    text = _render(taken, actor, job.language)
    local = taken.at.astimezone(ZoneInfo(actor.time_zone))
    file = job.folder / f"board-{code}-{local:%Y%m%d-%H%M%S}.html"
    _write(file, text)
    _write(job.folder / f"board-{code}.html", text)  # the name that a bookmark can hold
    for old in sorted(job.folder.glob(f"board-{code}-[0-9]*.html"))[: -job.keep]:
        old.unlink()
    downtime.note_copy(actor, taken.at)
    click.echo(f"{file}: {len(taken.rows)} patients as of {local:%H:%M}")
    return _print(job.command, file)


def _render(taken: downtime.Snapshot, actor: Actor, language: str) -> str:
    questions = {question.id: question for question in knowledge.load().urgent_questions}
    with current_app.app_context(), current_app.test_request_context(f"/?lang={language}"):
        g._login_user = web.SignedIn("", actor)  # whom the templates show as the one who printed
        return render_template("downtime/file.html", snapshot=taken, questions=questions, style=_style())


def _style() -> Markup:
    sheets = (Path(current_app.root_path) / "static" / f"{name}.css" for name in STYLES)
    css = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    return Markup("<style>{}</style>").format(Markup(css))  # noqa: S704 - our own styles


def _write(file: Path, text: str) -> None:
    """Write the file whole or not at all, readable by its owner only."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".board-", suffix=".tmp")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as made:
            made.write(text)
            made.flush()
            os.fsync(made.fileno())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _print(command: str, file: Path) -> bool:
    if not command:
        return True
    try:
        subprocess.run([*shlex.split(command), str(file)], check=True, timeout=PATIENCE)  # noqa: S603 - the operator's own
    except (OSError, subprocess.SubprocessError) as error:
        click.echo(f"not printed: {error}", err=True)
        return False
    return True


def _say_last(job: Job, why: str) -> None:
    last = max(_kept(job), default=None)
    when = f"{datetime.fromtimestamp(last[0]).astimezone():%Y-%m-%d %H:%M}: {last[1]}" if last else "there is none"
    click.echo(f"no copy: {why}. The last good one: {when}", err=True)


def _kept(job: Job) -> Iterator[tuple[float, Path]]:
    for file in job.folder.glob(f"board-{job.site or '*'}-[0-9]*.html"):
        yield file.stat().st_mtime, file
