"""What was sent with a form that could not be answered, so that the page that says so can send it once more."""

from flask import current_app, request

from triage.domain.access import DEVICE_PERMISSIONS, PUBLIC

#: Such a page is no place for a password or a device's key: their forms are short, and typed again.
_OPEN = {PUBLIC, *DEVICE_PERMISSIONS}


def is_for_people() -> bool:
    """Tell whether the request's view wants a person who is signed in."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "permission", PUBLIC) not in _OPEN


def sent() -> list[tuple[str, str]]:
    """Return the names and words of the request's form in their order; none where it was no form, or cannot be kept."""
    if request.method != "POST" or not is_for_people() or any(request.files.values()):
        return []
    return [(name, words) for name, words in request.form.items(multi=True) if name != "csrf_token"]
