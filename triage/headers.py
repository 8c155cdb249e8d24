"""What every answer carries beside its page: the headers that keep browsers in bounds, and the signed cookie."""

import json
import time
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import Any

from flask import Flask, Request, Response, request
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode, want_bytes

from triage.wording import LOCALES

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; worker-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # A window that the page itself opened stays in reach by its name, so that the images of the next patient take the
    # place of the last one's (ADR 0029). Nobody else reaches the page.
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_ALWAYS = tuple(HEADERS.items())

#: Cookies whose signature each process has checked and need not check again.
KEPT = 1024
#: From so many bytes on a cookie is packed: browsers take 4,096.
LONG = 1000
#: What an answer may differ by; that it may be packed is said of each, so that it need not be added.
VARY = "HX-Request, Cookie, Accept-Encoding"


class Words(TaggedJSONSerializer):
    """What the cookie says is words and lists of them: it is written as it is, with no look for other kinds."""

    write = json.JSONEncoder(separators=(",", ":")).encode

    def dumps(self, value: Any) -> str:
        """Return the value as JSON."""
        return self.write(value)


class Cookies(URLSafeTimedSerializer):
    """Writes and signs the cookie: short as it is, packing it would take longer than all the rest and spare little."""

    @cached_property
    def _own(self) -> Any:
        return super().make_signer()

    def make_signer(self, salt: str | bytes | None = None) -> Any:
        """Return what signs; for the salt of these cookies it is made once."""
        return self._own if salt in (None, self.salt) else super().make_signer(salt)

    def dump_payload(self, obj: Any) -> bytes:
        """Return the value as bytes that may stand in an address; what is long is packed."""
        text = want_bytes(self.serializer.dumps(obj))
        return base64_encode(text) if len(text) < LONG else super().dump_payload(obj)


class SignedCookie(SecureCookieSessionInterface):
    """Flask's signed cookie; what signs it is made once, and a signature is checked once, not at each request."""

    serializer = Words()

    @lru_cache(1)  # noqa: B019 - one for the application, which lives as long as the process
    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs the cookie with the application's secret."""
        made = super().get_signing_serializer(app)
        if made is None:
            return None
        rest: dict[str, Any] = {"serializer": made.serializer, "signer_kwargs": made.signer_kwargs}
        return Cookies(made.secret_keys, made.salt, **rest)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie says; how old it is is looked at each time."""
        signer, value = self.get_signing_serializer(app), request.cookies.get(self.get_cookie_name(app))
        try:
            said, at = _said(signer, value) if signer and value else (None, 0)
        except BadSignature:
            said = None
        if said is None or not 0 <= int(time.time()) - at <= app.permanent_session_lifetime.total_seconds():
            return super().open_session(app, request)
        return self.session_class(said)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie where it changed. That answers differ by it is said of each already."""
        if not session:
            super().save_session(app, session, response)  # takes away the one there was
        elif self.should_set_cookie(app, session) and (signer := self.get_signing_serializer(app)):
            response.set_cookie(
                self.get_cookie_name(app), signer.dumps(dict(session)), path=self.get_cookie_path(app),
                expires=self.get_expiration_time(app, session), httponly=self.get_cookie_httponly(app),
                domain=self.get_cookie_domain(app), secure=self.get_cookie_secure(app),
                samesite=self.get_cookie_samesite(app), partitioned=self.get_cookie_partitioned(app),
            )  # fmt: skip


@lru_cache(KEPT)
def _said(signer: URLSafeTimedSerializer, value: str) -> tuple[dict[str, Any] | None, int]:
    """Return what a signed cookie says and when it was signed; None where it holds what a request could change."""
    said, at = signer.loads(value, return_timestamp=True)
    plain = all(isinstance(part, str | int | None) for part in said.values())
    return said if plain else None, int(at.timestamp())


class _Headed:
    """Wraps an application: every answer has the same headers, whoever gives it, so they are made once."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self.wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer with these headers behind the answer's own."""
        return self.wsgi_app(
            environ, lambda status, headers, *failed: start_response(status, [*headers, *_ALWAYS], *failed)
        )


def init_app(app: Flask, locale: Callable[[], str]) -> None:
    """Give the answers of the application their headers; ``locale`` tells the language that the reader chose."""
    app.session_interface = SignedCookie()

    app.wsgi_app = _Headed(app.wsgi_app)  # type: ignore[method-assign]

    @app.after_request
    def finish(response: Response) -> Response:
        if request.endpoint not in {"static", "assets"}:
            response.headers["Cache-Control"] = "no-store"
            response.headers["Vary"] = VARY
        if "lang" in request.args and request.args["lang"] in LOCALES:
            response.set_cookie("lang", locale(), max_age=31536000, samesite="Lax", httponly=True)
        return response
