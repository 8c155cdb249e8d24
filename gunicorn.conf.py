"""Settings of the web server. ``./dev run`` and any production unit read this file by themselves."""

import os
import subprocess
import sys
from pathlib import Path

import gunicorn

bind = os.environ.get("TRIAGE_BIND", "127.0.0.1:8000")

# Threads, because one request's password hashing or one wait for a lock must not hold up everybody else's.
worker_class = "gthread"
workers = int(os.environ.get("TRIAGE_WORKERS", "2"))
threads = int(os.environ.get("TRIAGE_THREADS", "32"))
preload_app = False  # each worker opens its own database connections

timeout = 60
graceful_timeout = 5
keepalive = 5
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True  # else a socket that steers the server appears in the home folder

umask = 0o077  # what the server writes is for its own user
loglevel = os.environ.get("TRIAGE_LOG_LEVEL", "warning")
accesslog = "-" if os.environ.get("TRIAGE_ACCESS_LOG") else None  # off: addresses carry search words

# The Server header and SERVER_SOFTWARE say neither name nor version.
gunicorn.SERVER = gunicorn.SERVER_SOFTWARE = "web"


def on_starting(_server: object) -> None:
    """Refuse once, before the port is open: a worker that refuses would be started again for ever."""
    refusal = subprocess.run([sys.executable, "-c", "import wsgi"], cwd=Path(__file__).parent, check=False).returncode
    if refusal:
        sys.exit(refusal)
