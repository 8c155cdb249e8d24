"""Signing in and out, the person's own settings, and the staff list."""

from datetime import timedelta

from flask import Blueprint, current_app, make_response, redirect, request, session, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from triage import device_door
from triage.domain.access import PUBLIC, SIGNED_IN
from triage.domain.errors import DomainError
from triage.forms.accounts import SignInForm
from triage.services import accounts
from triage.web import SignedIn, actor, done, inside, message, page, requires

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/")
@requires(SIGNED_IN)
def index() -> Response:
    """Lead everybody to the page on which their day starts."""
    return redirect(url_for(actor().home))


@blueprint.route("/sign-in", methods=["GET", "POST"])
@requires(PUBLIC)
def sign_in() -> Response:
    """Show the sign-in form, or open a session and go on to the page that was asked for."""
    form = SignInForm(next=request.args.get("next"))
    if not form.validate_on_submit():
        return page("accounts/login.html", status=422 if form.is_submitted() else 200, form=form)
    try:
        token, found = accounts.sign_in(
            form.user_name.data or "", form.password.data or "", request.remote_addr or "", lock_out()
        )
    except DomainError as error:
        form.password.data = ""
        return page("accounts/login.html", status=422, form=form, error=message(error))
    session.clear()  # nothing of the session before signing in is carried over
    login_user(SignedIn(token, found))
    answer = redirect(inside(form.next.data) or url_for(found.home), 303)
    device_door.mark(answer, device_door.current())
    return answer


@blueprint.post("/sign-out")
@requires(SIGNED_IN)
def sign_out() -> Response:
    """End the session at once, on the server and in the browser."""
    accounts.sign_out(actor(), current_user.get_id())
    logout_user()
    session.clear()
    answer = redirect(url_for("accounts.sign_in"), 303)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@blueprint.get("/me")
@requires(SIGNED_IN)
def me() -> Response:
    """Show who is signed in, with which roles, and where."""
    return page("accounts/me.html")


@blueprint.get("/staff")
@requires("staff:manage")
def staff() -> Response:
    """List the staff with their roles and duties."""
    return page("accounts/staff.html", people=accounts.list_staff(actor()))


@blueprint.post("/staff/<staff_id>/sessions/end")
@requires("staff:manage")
def end_sessions(staff_id: str) -> Response:
    """End every session of a person at once."""
    accounts.end_sessions(actor(), staff_id)
    return done(url_for("accounts.staff"))


@blueprint.get("/theme/<name>")
@requires(PUBLIC)
def theme(name: str) -> Response:
    """Remember light, dark or automatic colours on this device."""
    answer = make_response(redirect(inside(request.args.get("next")) or url_for("accounts.index"), 303))
    answer.set_cookie("theme", name[:5], max_age=31536000, samesite="Lax")
    return answer


def lock_out() -> accounts.LockOut:
    """Return after how many wrong tries one has to wait, as configured."""
    config = current_app.config
    return accounts.LockOut(config["LOCKOUT_AFTER"], timedelta(minutes=config["LOCKOUT_MINUTES"]))
