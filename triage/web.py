"""HTTP in one place: page(), done(), @requires, the guard, and the domain's error to status and sentence."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import Babel, force_locale, gettext
from flask_htmx import HTMX
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf import CSRFProtect
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from triage import beside, crowd, db, device_door, headers
from triage.domain import errors
from triage.domain.access import DEVICE_PERMISSIONS, PUBLIC, Actor
from triage.domain.messages import MESSAGES
from triage.services import accounts, audit
from triage.wording import LOCALES

View = TypeVar("View", bound=Callable[..., Any])

THEMES = ("auto", "light", "dark")
STATUS: dict[type[errors.DomainError], int] = {
    errors.NotFound: 404,
    errors.NotAllowed: 403,
    errors.Conflict: 409,
    errors.Refused: 422,
    errors.Invalid: 422,
}

htmx = HTMX()
csrf = CSRFProtect()
login = LoginManager()
babel = Babel()


class SignedIn(UserMixin):
    """What Flask-Login holds of a signed-in person: the session token as id, and the actor."""

    def __init__(self, token: str, actor: Actor) -> None:
        self.id = token
        self.actor = actor


def requires(permission: str) -> Callable[[View], View]:
    """Declare the permission a view needs; the guard refuses everybody without it."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def background(view: View) -> View:
    """Declare that pages ask for a view by themselves: it never keeps anybody signed in."""
    view.in_background = True  # type: ignore[attr-defined]
    return view


def actor() -> Actor:
    """Return who is signed in; only for views behind the guard."""
    found: Actor = current_user.actor
    return found


def reader() -> Actor | None:
    """Return who is signed in, or None: each look through the proxy costs, so it is looked through once."""
    return getattr(current_user._get_current_object(), "actor", None)


def page(template: str, partial: str | None = None, status: int = 200, **values: Any) -> Response:
    """Render the page, or only its partial when htmx asks for it; the same values serve both."""
    name = partial if partial and htmx and not htmx.boosted else template
    return make_response(render_template(name, **values), status)


def in_language(language: str, template: str, values: Mapping[str, Any]) -> Markup:
    """Render what the patient takes home in Japanese for who reads it, in English for everybody else."""
    spoken = "ja" if language == "ja" else "en"
    with force_locale(spoken):
        return Markup(render_template(template, patient_language=spoken, **values))  # noqa: S704 - our own template


def done(url: str) -> AnyResponse:
    """Answer a successful write: the browser goes on to ``url``, with or without JavaScript."""
    if htmx:
        return make_response("", 204, {"HX-Redirect": url})
    return redirect(url, 303)


def toast(text: str, undo_url: str | None) -> None:
    """Say on the next page what was done, with the way to undo it."""
    flash({"text": text, "undo_url": undo_url})  # type: ignore[arg-type]  # base.html reads both


def inside(target: str | None) -> str | None:
    """Return a path of this site, or None: absolute, scheme-relative and backslash forms lead elsewhere."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\") or "\\" in target:
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and target.isprintable() else None


def status_of(error: errors.DomainError) -> int:
    """Return the HTTP status that the domain's refusal is answered with."""
    return next(code for kind, code in STATUS.items() if isinstance(error, kind))


def message(error: errors.DomainError) -> str:
    """Return the error's sentence in the reader's language."""
    return sentence(error.code, **error.params)


def sentence(code: str, **params: object) -> str:
    """Return the sentence of a message code in the reader's language."""
    return gettext(MESSAGES[code]) % params if params else gettext(MESSAGES[code])


def init_app(app: Flask) -> None:
    """Attach everything a request passes through."""
    for extension in (htmx, csrf, login):
        extension.init_app(app)
    babel.init_app(app, locale_selector=locale, default_translation_directories=str(app.root_path) + "/translations")
    login.user_loader(_load)
    app.before_request(_no_file_for_words)
    app.before_request(_guard)
    headers.init_app(app, locale)
    app.teardown_request(lambda _error: beside.release(db.session))


def guard(app: Flask) -> None:
    """Refuse to finish the application while an endpoint has no declared permission; raises RuntimeError naming it."""
    setattr(app.view_functions["static"], "permission", PUBLIC)  # noqa: B010 - Flask's own view, marked here
    open_ends = [name for name, view in app.view_functions.items() if not hasattr(view, "permission")]
    if open_ends:
        raise RuntimeError(f"no permission declared for: {', '.join(sorted(open_ends))}")


def locale() -> str:
    """Return the reader's language: the cookie's choice, else English."""
    chosen = ("lang" in request.args and request.args["lang"]) or request.cookies.get("lang", "")
    return chosen if chosen in LOCALES else "en"


def session_limits() -> accounts.Limits:
    """Return how long the site lets a session last."""
    config = current_app.config
    return accounts.Limits(timedelta(minutes=config["SESSION_IDLE_MINUTES"]), timedelta(hours=config["SESSION_HOURS"]))


def _load(token: str) -> SignedIn | None:
    # Background refreshes must not keep an abandoned desk signed in.
    asked = current_app.view_functions.get(request.endpoint or "")
    by_itself = bool(request.headers.get("X-Background")) or hasattr(asked, "in_background")
    more = not by_itself and request.method == "GET"  # what a page asks by itself seldom does, and use cases begin anew
    beside.keep(by_itself)
    waiting = request.environ.get(crowd.KEY)
    look = waiting.look if waiting else None
    found = accounts.find_actor(token, session_limits(), extend=not by_itself, more=more, look=look)
    return SignedIn(token, found) if found else None


def _no_file_for_words() -> None:
    # A form reads files and words alike: only the field of this name expects a file, the others would break on it.
    if request.method == "POST" and request.files.keys() - {"file"}:
        raise errors.Refused("file_for_words")


def _guard() -> AnyResponse | None:
    if (endpoint := request.endpoint) is None:
        return None  # 404 and 405 are answered by their handlers
    needed = getattr(current_app.view_functions[endpoint], "permission", None)
    if needed == PUBLIC:
        return None
    if needed in DEVICE_PERMISSIONS:
        return device_door.refusal(needed)
    if (who := reader()) is None:
        return sign_in_first()
    if needed is None or not who.may(needed):
        audit.record_read(who, "access_refused", endpoint=endpoint, permission=needed or "")
        raise errors.NotAllowed("not_allowed")
    if "\x00" in request.path:
        raise errors.NotFound()  # no id holds it, and PostgreSQL refuses to look
    return None


def sign_in_first() -> AnyResponse:
    """Lead to the way in: back to the page that was asked for, or telling that what was sent met no session."""
    why: dict[str, Any] = {"next": request.full_path.rstrip("?")} if request.method == "GET" else {"ended": 1}
    if htmx or request.headers.get("X-Background"):
        return make_response("", 401, {"HX-Redirect": url_for("accounts.sign_in", ended=1, next=_on_screen())})
    return redirect(url_for("accounts.sign_in", **why), 303)


def _on_screen() -> str | None:
    """Return the address of the page that htmx asks from, None where none of this site's is opened by it."""
    parts, ways = urlsplit(htmx.current_url or ""), current_app.create_url_adapter(request)
    if parts.netloc != request.host or ways is None or not ways.test(parts.path, "GET"):
        return None
    return inside(parts._replace(scheme="", netloc="").geturl())


def zone() -> ZoneInfo:
    """Return the time zone of the actor's site, or the clinic's default."""
    return ZoneInfo(who.time_zone if (who := reader()) else "Asia/Tokyo")
