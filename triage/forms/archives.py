"""The image archive, as an administrator describes it, and what is said of a connection that was tried."""

from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField, ValidationError
from wtforms.validators import DataRequired, NumberRange, Optional

from triage.domain import machines
from triage.domain.machines import is_archive_address, is_viewer
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import in_one_width, text

#: What came of trying a connection, in words that say what to do next.
OUTCOMES = {
    machines.REACHED: _l("It answers."),
    machines.NO_HOST: _l("There is no machine of this name. Check the name or the address."),
    machines.CLOSED: _l("The machine refuses the connection. Is it switched on, and the port right?"),
    machines.SILENT: _l("Nobody answered in time. Check the address, the cable and the firewall."),
    machines.REJECTED: _l("It does not accept our AE title or its own. Enter both in the scanner exactly as here."),
    machines.NOT_DICOM: _l("Something else than a scanner answers at this port, or a scanner that wants TLS."),
    machines.NO_TLS: _l("No secure connection: the certificate is not accepted, or the other side speaks no TLS."),
    machines.NO_ECHO: _l("It accepts the connection and does not answer the test (C-ECHO)."),
    machines.BUSY: _l("Other connections are being tested. Try again in a few seconds."),
    machines.WRONG_PASSWORD: _l("User name or password are wrong."),
    machines.NOT_OURS: _l("The archive does not admit this server. Allow its address there."),
    machines.NOT_ARCHIVE: _l("Something else than an image archive (Orthanc) answers at this address."),
    "no_address": told("no_address"),
    machines.IN_TROUBLE: _l("The archive answers with an error of its own. Look into its log."),
}


class ArchiveForm(PostedForm):
    """Where the archive is, as whom it is asked, and where its images are looked at."""

    version = IntegerField("", [Optional(), NumberRange(0, 2**31 - 1)])
    url = text(_l("Address of the archive"), 300, DataRequired(told("not_an_address")), clean=in_one_width)
    user_name = text(_l("User name there"), 100)
    viewer = text(_l("Address of the viewer"), 500, clean=in_one_width)

    def validate_url(self, field: Field) -> None:
        """Refuse what is no address of an archive."""
        if not is_archive_address(field.data):
            raise ValidationError(told("not_an_address"))

    def validate_user_name(self, field: Field) -> None:
        """Refuse what would end the user name early."""
        if ":" in (field.data or ""):
            raise ValidationError(told("bad_text"))

    def validate_viewer(self, field: Field) -> None:
        """Refuse an address without the study in it."""
        if field.data and not is_viewer(field.data):
            raise ValidationError(told("not_a_viewer"))
