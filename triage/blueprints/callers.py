"""Somebody new on the telephone: the few fields of a person beside those of an appointment, and who may be on file."""

from typing import Any

from flask import request

from triage.forms.appointments import BookForm
from triage.forms.patients import PatientForm
from triage.services import appointments, desk, doubles, lookup
from triage.web import actor

#: What is asked on the telephone; everything else is asked on arrival.
ASKED = ("family_name", "given_name", "family_kana", "given_kana", "birth_date", "phone")


def empty_caller(words: str, phone: str = "") -> PatientForm | None:
    """Return the fields with what the search already says; None for who may add nobody."""
    if not actor().may("patients:create"):
        return None
    return PatientForm(formdata=None, data=desk.read_search(words) | {"phone": phone})


def read_caller(form: BookForm) -> PatientForm | None:
    """Return the person as typed, None where somebody on file was chosen or nothing was typed."""
    said = any(request.form.get(name, "").strip() for name in ASKED)
    return PatientForm() if said and not form.patient.data and actor().may("patients:create") else None


def book_for(form: BookForm, caller: PatientForm | None, wish: Any) -> str:
    """Book for the patient on file or for the caller, who is added; return the appointment's id."""
    if caller is None:
        return appointments.book(actor(), form.patient.data or "", wish, *form.words)
    person = {name: caller.values()[name] for name in ASKED}
    return appointments.book_caller(actor(), person, request.form.get("different", "").split(","), wish, form.words)


def alike_to(caller: PatientForm | None, code: str) -> dict[str, Any]:
    """Return who on file may be the same person, where that is why nothing was booked."""
    if caller is None or code != "maybe_on_file":
        return {"alike": ()}
    found = doubles.find_alike(actor(), caller.values())
    return {"alike": found, "last_seen": lookup.last_seen(actor(), [one.id for one in found])}
