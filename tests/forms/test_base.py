"""The fields of a form are built once; what one person types reaches no other's form, and no form goes untold."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form

import triage.forms
from tests.builders import Clinic, wait
from tests.test_access import requests
from triage.forms.base import FormPart, Kept, PostedForm

TYPED = "typed-by-somebody-else"


def forms() -> list[type[Form]]:
    """Return every form of the product that has fields of its own and takes nothing to be made."""
    for module in pkgutil.iter_modules(triage.forms.__path__):
        importlib.import_module(f"triage.forms.{module.name}")
    found = sorted({*_below(PostedForm), *_below(FormPart)}, key=lambda form: form.__qualname__)
    return [form for form in found if form.__init__ in (PostedForm.__init__, Form.__init__)]


def _below(form: type[Form]) -> Iterator[type[Form]]:
    for one in form.__subclasses__():
        yield one
        yield from _below(one)


def what_is_left(form: type[Form]) -> str:
    """Fill a form with everything a person may type, change what can be changed of it, and read the next one."""
    first = form(MultiDict([(name, TYPED) for name in form(None)._fields]))
    first.validate()
    for field in first:
        field.data, field.id, field.validators, field.default = TYPED, TYPED, (), TYPED
        field.errors = [*field.errors, TYPED]
    return "".join(f"{vars(field)}{vars(field.label)}{vars(field.flags)}" for field in form(None))


def test_what_one_person_types_is_in_nobody_elses_form(app: Flask) -> None:
    found = forms()
    assert len(found) > 20
    with app.test_request_context(method="POST"):
        for form in found:
            assert TYPED not in what_is_left(form), form


class Leaky(Kept):
    """A planted bad example: the second form gets the field of the first."""

    def bind_field(self, form: Form, unbound_field: object, options: object) -> Field:
        kept: dict[str, Field] = vars(unbound_field).setdefault("planted", {})
        if not kept:
            kept["field"] = super().bind_field(form, unbound_field, options)
        return kept["field"]


def test_a_form_that_hands_its_fields_on_would_be_found(app: Flask) -> None:
    from triage.forms.patients import text

    class Planted(Form):
        Meta = Leaky
        name = text("Name")

    with app.test_request_context(method="POST"):
        assert TYPED in what_is_left(Planted)


@pytest.mark.parametrize("token", ["", "wrong"])
def test_no_form_is_taken_without_the_token_of_its_page(
    app: Flask, clinic: Clinic, signed_in: Callable[[str], FlaskClient], token: str
) -> None:
    encounter = wait(clinic.reception)
    client = signed_in("nurse")
    app.config["WTF_CSRF_ENABLED"] = True
    values = {"encounter_id": encounter.id, "patient_id": encounter.patient_id}
    tried = [(url, client.open(url, method=method, data={"csrf_token": token} if token else {}))
             for _rule, method, url in requests(app, values) if method != "GET"]  # fmt: skip
    assert len(tried) > 100
    assert {url: answer.status_code for url, answer in tried if answer.status_code != 400} == {}
