"""Configuration: defaults here, values from the environment or ``instance/config.toml``, secrets only from there."""

import os
import secrets
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Every setting that a site may change: name, default, what it means. Environment: ``TRIAGE_<NAME>``.
SETTINGS: dict[str, tuple[Any, str]] = {
    "DATABASE_URL": ("", "production database; empty means the embedded SQLite file in instance/"),
    "DEMO": (False, "serve the demonstration clinic from instance/demo.db"),
    "DEMO_PASSWORD": ("", "password of the demonstration accounts; empty means one is generated"),
    "SECRET_KEY": ("", "signs cookies; needed outside the demonstration"),
    "AUDIT_KEY": ("", "key of the audit chain; empty means derived from the secret key"),
    "COOKIE_SECURE": (True, "send cookies over HTTPS only; off in the demonstration"),
    "SESSION_IDLE_MINUTES": (60, "a session without activity ends after this many minutes"),
    "SESSION_HOURS": (14, "a session ends after this many hours whatever happens"),
    "LOCKOUT_AFTER": (5, "wrong passwords in a row for one name from one address before a wait"),
    "LOCKOUT_MINUTES": (15, "the longest wait after wrong passwords"),
    "MODALITIES": ("", 'the machines on site, such as "xray ct mri"; empty means X-ray and CT'),
    "WALL_SECONDS": (5.0, "a wall display asks for news after this many seconds"),
    "LIVE_STREAMS": (160, "open event streams in one server process at most; keep it at four fifths of the threads"),
    "DOWNTIME_MINUTES": (0, "the board is written to a file for paper this often; 0 means no timer is set up"),
    "DOWNTIME_DIR": ("", "folder of these files; empty means instance/downtime"),
    "DOWNTIME_KEEP": (48, "how many of these files are kept"),
    "COMPILED_DIR": ("", "folder of the compiled templates; empty means instance/compiled"),
    "IMAGE_VIEWER": ("", "address of the image viewer, with {number} for the patient's number; empty: no link"),
    "WORKLIST_AE": ("TRIAGE", "AE title by which scanners call the worklist"),
    "WORKLIST_HOST": ("127.0.0.1", "address on which the worklist listens; 0.0.0.0 means all"),
    "WORKLIST_PORT": (11112, "port of the worklist without encryption; 0: none"),
    "WORKLIST_TLS_PORT": (0, "port of the worklist over TLS, such as 2762; 0: none"),
    "WORKLIST_CERTIFICATE": ("", "file of the worklist's own certificate (PEM)"),
    "WORKLIST_KEY": ("", "file of the key to it, readable by the service alone"),
    "WORKLIST_CA": ("", "file of the authority that signed the scanners' certificates; needed for TLS"),
    "ARCHIVE_PASSWORD": ("", "password with which we ask the image archive; its address is set on the page Scanners"),
    "CLAIM_MINUTES": (30, "a claim without activity lapses after this many minutes"),
}


def load(instance: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the Flask configuration for this environment and instance folder; raises ValueError on a bad value."""
    values = _from_file(instance / "config.toml")
    values |= {name: environ[f"TRIAGE_{name}"] for name in SETTINGS if f"TRIAGE_{name}" in environ}
    config = {name: _typed(name, values.get(name, default)) for name, (default, _) in SETTINGS.items()}
    if config["DATABASE_URL"]:
        config["DEMO"] = False
    return config | _derived(config, instance)


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    return {name.upper(): value for name, value in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def _typed(name: str, value: Any) -> Any:
    kind = type(SETTINGS[name][0])
    if kind is bool and isinstance(value, str):
        return value.strip().lower() in {"1", "true", "yes", "on"}
    try:
        return kind(value)
    except ValueError as error:
        raise ValueError(f"TRIAGE_{name}: {value!r} is not a {kind.__name__}") from error


def _derived(config: dict[str, Any], instance: Path) -> dict[str, Any]:
    demo = config["DEMO"]
    file = instance / ("demo.db" if demo else "triage.db")
    return {
        "DATABASE_URL": config["DATABASE_URL"] or f"sqlite:///{file}",
        "SECRET_KEY": config["SECRET_KEY"] or (kept_secret(instance, "demo-secret-key") if demo else None),
        "ARCHIVE_PASSWORD": config["ARCHIVE_PASSWORD"]
        or (kept_secret(instance, "demo-archive-password") if demo else ""),
        "SESSION_COOKIE_SECURE": config["COOKIE_SECURE"] and not demo,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_NAME": "triage_session",
        "WTF_CSRF_TIME_LIMIT": None,  # a board open for an hour must still be able to post
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "MAX_FORM_PARTS": 2000,
        "ASSETS_DIR": Path(sys.prefix) / "assets" / "django_htmx" / "static" / "django_htmx",
    }


def kept_secret(instance: Path, name: str) -> str:
    """Return the secret kept in ``instance/<name>``, generating it, readable by its owner only, at first use."""
    path = instance / name
    if not path.is_file():
        instance.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(18) + "\n", encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()
