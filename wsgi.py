"""Entry point for any WSGI server: ``wsgi:app``. Refuses to start what must not be served."""

from triage import compiled, create_app
from triage.preflight import refuse_unless_ready, running_a_command

app = create_app()
if not running_a_command():
    refuse_unless_ready(app)
    compiled.prepare(app)
