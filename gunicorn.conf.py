"""Settings of the web server. ``./dev run`` and any production unit read this file by themselves."""

import gc
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import gunicorn

# The Server header and SERVER_SOFTWARE say neither name nor version. The worker reads them as it is loaded.
gunicorn.SERVER = gunicorn.SERVER_SOFTWARE = "web"
from gunicorn.workers.gthread import ThreadWorker  # noqa: E402

bind = os.environ.get("TRIAGE_BIND", "127.0.0.1:8000")


class Worker(ThreadWorker):
    """Threads, because one request's password hashing or one wait for a lock must not hold up everybody else's.

    What pages ask by themselves has a few of its own. The application is known from here on, not before the fork: a
    server that is told to load it anew does.
    """

    def get_thread_pool(self) -> Any:
        """Return the threads."""
        from triage.hands import Hands

        return Hands(self.cfg.threads)

    def load_wsgi(self) -> None:
        """Load the application, and let the threads know how its requests take turns, if they do."""
        super().load_wsgi()
        self.tpool.turns = self.wsgi.extensions.get("turns")

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request."""
        with self.tpool.hurried(conn.sock):
            return super().handle_request(req, conn)


worker_class = Worker
workers = int(os.environ.get("TRIAGE_WORKERS", "2"))
# An open board holds one thread for its event stream (TRIAGE_LIVE_STREAMS of them at most); the rest answer requests.
threads = int(os.environ.get("TRIAGE_THREADS", "200"))
worker_connections = 1000 + 3 * threads
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

# A stream and the connection beside it take two file handles for each open board.
_most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(_most, 65536) if _most > 0 else 65536, _most))


#: New objects after which the youngest are looked through, and how many such looks until the next older ones are.
GARBAGE = (10_000, 20, 20)


def on_starting(_server: object) -> None:
    """Refuse once, before the port is open: a worker that refuses would be started again for ever."""
    refusal = subprocess.run([sys.executable, "-c", "import wsgi"], cwd=Path(__file__).parent, check=False).returncode
    if refusal:
        sys.exit(refusal)


def post_worker_init(worker: Any) -> None:
    """End the event streams as soon as this worker is told to end, else it waits for them in vain.

    A thread looks at the worker's flag: a signal handler may take no lock.

    What has been loaded stays for good: looked through for garbage it would stop every thread for a fifth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    threading.Thread(target=_end_streams_of, args=(worker,), daemon=True).start()


def _end_streams_of(worker: Any) -> None:
    while worker.alive:
        time.sleep(0.1)
    worker.wsgi.extensions["live"].stop()
