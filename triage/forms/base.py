"""What every form is made from: fields are built once and copied for each request; the token is checked before."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import FieldList, Form, FormField, StringField
from wtforms.meta import DefaultMeta
from wtforms.utils import unset_value


class Kept(DefaultMeta):
    """Builds the fields of a form class once; each form then has copies of them, as empty as on the first day.

    The library builds a field anew for each form: takes its label, validators and choices apart, ten times as long.
    """

    def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
        """Return a field of this form; nothing that is read into it reaches another form's."""
        made = vars(unbound_field).setdefault("made", {})
        known = None if options["prefix"] else made.get(options["name"])
        if known is None:
            first = unbound_field.bind(form=form, **options)
            if options["prefix"] or isinstance(first, FieldList | FormField):
                return first  # parts of others come and go with what was posted
            known = made[options["name"]] = type(first), {**vars(first), "meta": None, "_form": None}
        field = object.__new__(known[0])
        field.__dict__ = values = known[1].copy()
        values["meta"], values["_form"] = self, form
        return field


class Line(StringField):
    """A line of text that may stay empty, which most of a form's do: then there is nothing to check."""

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Tell whether what was typed will do; an empty line does, as with the library's ``Optional``."""
        if self.raw_data and self.raw_data[0].strip():
            return bool(super().validate(form, extra_validators))
        self.errors = []
        return True


class PostedForm(FlaskForm):
    """A form of its own page. ``CSRFProtect`` has refused it before any view where the token is missing or wrong."""

    class Meta(Kept, FlaskForm.Meta):
        """No second token: the page's forms carry the one that every answer is checked by."""

        csrf = False

    def process(self, formdata: Any = None, obj: Any = None, data: Any = None, **rest: Any) -> None:
        """Read what was posted; the library looks for each field whether anything else is to be read into it."""
        posted = self.meta.wrap_formdata(self, formdata)
        if posted is None or obj is not None or data or rest:
            super().process(formdata, obj, data, **rest)
            return
        for field in self._fields.values():
            field.process(posted, None if field.default is None else unset_value)
        self.post_process(posted)


class FormPart(Form):
    """Fields of the address, or within the form of another page."""

    class Meta(Kept):
        """As of any form."""
