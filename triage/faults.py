"""What cannot be done is answered too: a page for each refusal and each fault, with what was typed where it can."""

from flask import Flask, Response, current_app, g, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from triage import again, db
from triage.domain import errors
from triage.web import login, page, reader, sentence, sign_in_first, status_of


def init_app(app: Flask) -> None:
    """Answer every refusal and every fault with a page that says what to do next."""
    app.register_error_handler(errors.DomainError, _domain_error)
    app.register_error_handler(StaleDataError, lambda _e: _error(409, "stale", by=gettext("Someone else")))
    app.register_error_handler(DataError, _not_storable)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(InterfaceError, _database_away)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _last_resort)


def _domain_error(error: errors.DomainError) -> Response:
    return _error(status_of(error), error.code, **error.params, error=error)


def _error(status: int, code: str, error: object = None, **params: object) -> Response:
    return _fault(status, sentence(code, **params), error=error)


def _fault(code: int, message: str | None = None, **values: object) -> Response:
    try:
        reader()
    except SQLAlchemyError:  # the database is away: the page goes to nobody in particular
        g._login_user = login.anonymous_user()
    return page("errors/error.html", "errors/_error.html", status=code, code=code, message=message, **values)


def _http_error(error: HTTPException) -> AnyResponse:
    if error.response is not None:
        return error.get_response()
    if isinstance(error, CSRFError) and again.is_for_people() and reader() is None:
        return sign_in_first()  # a token ends with its session
    late = gettext("This form was open for too long. Reload the page and send it again.")
    return _fault(error.code or 500, late if isinstance(error, CSRFError) else None)


def _database_away(error: Exception) -> Response:
    current_app.logger.warning("database away: %s", type(error).__name__)
    db.session.remove()
    g.setdefault("_login_user", login.anonymous_user())  # not asked for again: who waits has waited already
    response = _fault(503, again=again.sent())
    response.headers["Retry-After"] = "5"
    return response


def _not_storable(_error_: Exception) -> Response:
    db.session.rollback()  # text or a number that PostgreSQL takes nowhere, such as NUL in an id: nothing was written
    return _error(422, "bad_text")


def _last_resort(error: Exception) -> Response:
    current_app.logger.error("unexpected error in %s", request.endpoint, exc_info=error)
    db.session.rollback()
    return _fault(500, again=again.sent())
