"""What every answer carries beside its page: the headers that keep browsers in bounds, and the signed cookie."""

from collections.abc import Callable
from functools import lru_cache

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

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


class SignedCookie(SecureCookieSessionInterface):
    """Flask's signed cookie; what signs it is made once, not at each request."""

    @lru_cache(1)  # noqa: B019 - one for the application, which lives as long as the process
    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs the cookie with the application's secret."""
        return super().get_signing_serializer(app)


def init_app(app: Flask, locale: Callable[[], str]) -> None:
    """Give the answers of the application their headers; ``locale`` tells the language that the reader chose."""
    app.session_interface = SignedCookie()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.update(HEADERS)
        if request.endpoint not in {"static", "assets"}:
            response.headers["Cache-Control"] = "no-store"
            response.vary.update(("HX-Request", "Cookie"))
        if request.args.get("lang") in LOCALES:
            response.set_cookie("lang", locale(), max_age=31536000, samesite="Lax", httponly=True)
        return response
