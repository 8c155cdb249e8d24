"""A scanner, as an administrator describes it."""

import re
from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, IntegerField, RadioField, SelectField, ValidationError
from wtforms.validators import DataRequired, NumberRange, Optional

from triage import knowledge
from triage.domain.charsets import CHARSETS
from triage.domain.machines import LONGEST_TITLE, ScannerValues, is_ae_title, is_host
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import in_one_width, text

#: In which characters names are sent, in the words of whoever stands before the scanner's handbook.
CHARSET_LABELS = {
    "utf8": _l("UTF-8 (ISO_IR 192): every character; for scanners of today"),
    "ir87": _l("Japanese (ISO 2022 IR 87): kanji and kana; rare kanji are replaced"),
    "ir13_87": _l("Japanese with half-width kana (ISO 2022 IR 13 and IR 87): for older Japanese scanners"),
    "ascii": _l("Latin letters only (ASCII): names in romaji"),
}


class ScannerForm(PostedForm):
    """Who the scanner is, where it stands, how it is spoken to."""

    version = IntegerField("", [Optional(), NumberRange(1, 2**31 - 1)])
    name = text(_l("Name of the scanner"), 60, DataRequired(told("name_needed")))
    ae_title = text(_l("AE title"), LONGEST_TITLE, DataRequired(told("not_an_ae_title")), clean=in_one_width)
    modality = SelectField(_l("Machine"), choices=[])
    room = SelectField(_l("Room"), choices=[])
    host = text(_l("Name or address"), 253, clean=in_one_width)
    port = text(_l("Port"), 5, clean=in_one_width)
    charset = RadioField(_l("Characters"), choices=list(CHARSET_LABELS.items()), default="utf8")
    tls = BooleanField(_l("Only over TLS, with a certificate of its own"))
    mpps = BooleanField(_l("Says itself what it began and ended (MPPS)"), default=True)

    def offer(self, rooms: Iterable[tuple[str, str]], locale: str) -> "ScannerForm":
        """Offer these rooms, id and name, and the machines on site; return the form."""
        self.modality.choices = [(one.id, one.label(locale)) for one in knowledge.load().modalities if one.on_site]
        self.room.choices = [("", "–"), *rooms]
        return self

    def validate_ae_title(self, field: Field) -> None:
        """Refuse what is no AE title."""
        if not is_ae_title(field.data):
            raise ValidationError(told("not_an_ae_title"))

    def validate_host(self, field: Field) -> None:
        """Refuse what is neither a name nor an address; empty is allowed, and warned of."""
        if field.data and not is_host(field.data):
            raise ValidationError(told("not_a_host"))

    def validate_port(self, field: Field) -> None:
        """Refuse what is no port."""
        if field.data and self._port is None:
            raise ValidationError(told("not_a_port"))

    @property
    def _port(self) -> int | None:
        typed = self.port.data or ""
        return int(typed) if re.fullmatch(r"[0-9]{1,5}", typed) and 0 < int(typed) < 2**16 else None

    @property
    def values(self) -> ScannerValues:
        """Return what was typed."""
        return ScannerValues(
            name=self.name.data or "", ae_title=self.ae_title.data or "", modality=self.modality.data or "",
            charset=self.charset.data if self.charset.data in CHARSETS else "", room_id=self.room.data or None,
            host=self.host.data or "", port=self._port, tls=bool(self.tls.data), mpps=bool(self.mpps.data),
        )  # fmt: skip
