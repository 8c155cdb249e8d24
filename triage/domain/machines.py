"""A machine as an administrator describes it, and what may be typed to reach it."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

#: DICOM's limit for an AE title (PS3.5 table 6.2-1, value representation AE).
LONGEST_TITLE = 16
#: The stand-in for the study in the address of a viewer.
STUDY = "{study}"
#: The same for a viewer that knows a study by the archive's own id alone, such as the pages of Orthanc itself.
KEY = "{key}"
_TITLE = re.compile(r"[ -\[\]-~]{1,16}")  # the basic G0 set without the backslash, which separates values
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)
_NUMBERS = re.compile(r"[0-9.]+")
#: What came of calling a machine or an archive; each has a sentence of its own on the page.
REACHED, NO_HOST, CLOSED, SILENT, REJECTED = "reached", "no_host", "closed", "silent", "rejected"
NOT_DICOM, NO_TLS, NO_ECHO, BUSY = "not_dicom", "no_tls", "no_echo", "busy"
WRONG_PASSWORD, NOT_ARCHIVE, NOT_OURS, IN_TROUBLE = "wrong_password", "not_archive", "not_ours", "in_trouble"


@dataclass(frozen=True)
class ScannerValues:
    """What an administrator says of a scanner; the words are those of models/scanners.py."""

    name: str
    ae_title: str
    modality: str
    charset: str
    room_id: str | None = None
    host: str = ""
    port: int | None = None
    tls: bool = False
    mpps: bool = True


@dataclass(frozen=True)
class Reached:
    """What came of trying a connection: one of the words above, and what the other side said beside it."""

    outcome: str
    detail: str = ""
    studies: int | None = None  # so many an archive holds

    @property
    def good(self) -> bool:
        """Tell whether it answered as it should."""
        return self.outcome == REACHED


def is_ae_title(text: str) -> bool:
    """Tell whether a text without outer spaces is an AE title: 1 to 16 characters of ASCII, no backslash."""
    return bool(_TITLE.fullmatch(text)) and text == text.strip()


def is_host(text: str) -> bool:
    """Tell whether a text is the name of a host or an address that one machine can have."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return bool(_NAME.fullmatch(text)) and not _NUMBERS.fullmatch(text)
    return not (address.is_multicast or address.is_unspecified)


def is_web_address(text: str) -> bool:
    """Tell whether a text is an http or https address of a host, without a user or a password in it."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    named = parts.scheme in ("http", "https") and is_host(parts.hostname or "") and port != 0
    return named and parts.username is None and parts.password is None and text.isprintable() and " " not in text


def is_archive_address(text: str) -> bool:
    """Tell whether a text is the address of an archive: a web address without question or place within the page."""
    return is_web_address(text) and not any(sign in text for sign in "?#")


def is_viewer(text: str) -> bool:
    """Tell whether a text is the address of a viewer: a web address with the study in it, behind the host."""
    host = text.split("/")[2:3]
    named = [place for place in (STUDY, KEY) if place in text]
    apart = not any(place in "".join(host) for place in named)
    return bool(named) and apart and is_web_address(text.replace(STUDY, "1").replace(KEY, "1"))
