"""``flask worklist``: serve the scanners, and ask whether they are served."""

import logging
import signal
import ssl
import threading
from typing import TYPE_CHECKING, Any

import click
from flask import current_app
from flask.cli import with_appcontext

from triage import db
from triage.cli.staff import need_key

if TYPE_CHECKING:
    from triage.worklist.server import Ports


@click.group("worklist", help="The worklist that scanners ask (DICOM).")
def group() -> None:
    """Hold the worklist commands."""


def _ports(**given: Any) -> "Ports":
    """Return where to listen: what was given on the command line, else the settings."""
    from triage.worklist.server import Ports  # late: the web server, which reads the commands too, has no use for it

    config = current_app.config
    named = {
        "ae_title": "AE", "host": "HOST", "port": "PORT", "tls_port": "TLS_PORT", "certificate": "CERTIFICATE",
        "key": "KEY", "authority": "CA",
    }  # fmt: skip
    values = {name: config[f"WORKLIST_{setting}"] for name, setting in named.items()}
    return Ports(**values | {name: value for name, value in given.items() if value is not None})


@group.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port without encryption; 0: none.")
@click.option("--tls-port", type=click.IntRange(0, 65535), help="Port over TLS; 0: none.")
@with_appcontext
def serve(host: str | None, port: int | None, tls_port: int | None) -> None:
    """Answer the scanners until told to stop (SIGTERM, Ctrl-C); answers under way are finished."""
    from triage.services import worklist
    from triage.worklist.server import Process

    need_key()
    worklist.prepare()
    ports = _ports(host=host, port=port, tls_port=tls_port)
    told = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: told.set())
    current_app.logger.setLevel(logging.INFO)
    process = Process(ports)
    try:
        process.start()
    except (OSError, ValueError, ssl.SSLError) as error:
        raise click.ClickException(f"the worklist does not start: {error}") from error
    db.session.remove()
    click.echo(f"worklist {ports.ae_title} on {ports.host}, port {ports.port or '-'}, TLS {ports.tls_port or '-'}")
    told.wait()
    process.stop()
    click.echo("worklist stopped")


@group.command()
@click.option("--host", help="Address that is listened on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port without encryption; 0: the one over TLS.")
@click.option("--tls-port", type=click.IntRange(0, 65535), help="Port over TLS.")
@with_appcontext
def check(host: str | None, port: int | None, tls_port: int | None) -> None:
    """Ask the worklist on this machine whether it answers (C-ECHO); exit 1 when it does not."""
    from triage.worklist.checking import answers

    if not answers(_ports(host=host, port=port, tls_port=tls_port)):
        raise click.ClickException("the worklist does not answer")
    click.echo("the worklist answers")
