"""The image archive (Orthanc) over its REST interface: what it is, what changed in it, what a study says of itself.

Only what is needed is asked for; every answer has a limit in size and in time, no redirection is followed, and nothing
of what is sent is ever logged.
"""

import base64
import ipaddress
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3 import exceptions as problems

from triage import clock
from triage.adapters.dicom.texts import decoded
from triage.domain import machines
from triage.domain.matching import Keys, StudyStable

#: Seconds until a connection stands, between two pieces of an answer, and for an answer as a whole.
CONNECT, READ, WHOLE = 3.0, 5.0, 20.0
#: The largest answer that is read, in bytes; a study of 5,000 images stays below a third of it.
LARGEST = 2 * 1024 * 1024
STABLE_STUDY = "StableStudy"
#: Series that hold no images of the patient.
_NO_IMAGES = frozenset({"SR", "KO", "PR", "DOC", "AU"})
#: How long a text of a machine may be; longer ones are cut.
_LONGEST_TEXT = 200


class ArchiveError(Exception):
    """The archive gave no answer that can be used: one word of domain/machines.py, and what it said."""

    def __init__(self, outcome: str, detail: str = "") -> None:
        super().__init__(outcome, detail)
        self.outcome, self.detail = outcome, detail


class Unreadable(ArchiveError):
    """The archive answers, but not what was asked for can be read: asking again will not help."""


@dataclass(frozen=True)
class Change:
    """One line of the archive's list of changes."""

    number: int
    kind: str
    key: str
    at: datetime


@dataclass(frozen=True)
class Changes:
    """A piece of the list of changes; ``last`` is the archive's own last number where it has no more to say."""

    items: Sequence[Change]
    last: int
    done: bool


class Archive:
    """An archive at an address; raises ArchiveError wherever it does not answer as it should."""

    def __init__(self, url: str, user_name: str, password: str, again: int = 0) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if user_name:
            word = base64.b64encode(f"{user_name}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {word}"
        retries = Retry(total=again, redirect=0, status=0, other=0, backoff_factor=0.2)
        self._pool = PoolManager(1, timeout=Timeout(connect=CONNECT, read=READ), retries=retries)

    def describe(self) -> machines.Reached:
        """Return that it was reached, with its name, its version and its number of studies."""
        system, counts = self._object("/system"), self._object("/statistics")
        name = f"{_text(system, 'Name')} · Orthanc {_text(system, 'Version')}"
        return machines.Reached(machines.REACHED, name, _whole(counts, "CountStudies"))

    def changes(self, since: int, limit: int) -> Changes:
        """Return what changed after the number ``since``, at most ``limit`` lines."""
        said = self._object(f"/changes?since={since}&limit={limit}")
        lines = said.get("Changes")
        if not isinstance(lines, list):
            raise Unreadable(machines.NOT_ARCHIVE)
        return Changes([_change(line) for line in lines], _whole(said, "Last"), bool(said.get("Done")))

    def study(self, change: Change) -> StudyStable | None:
        """Return what lies in the archive of the study that a change tells of; None where it is gone again."""
        path = f"/studies/{quote(change.key, safe='')}"
        study = self._ask(path)
        if study is None:
            return None
        series, counts = self._ask(f"{path}/series"), self._ask(f"{path}/statistics")
        if series is None or counts is None:
            return None
        if not (isinstance(study, dict) and isinstance(series, list)):
            raise Unreadable(machines.NOT_ARCHIVE)
        return _study(change, study | {"PatientMainDicomTags": self._person(study, series)}, series, counts)

    def _person(self, study: Any, series: Any) -> dict[str, Any]:
        """Return what the images say of the patient, the name as it stands in one: Orthanc cannot read every script."""
        tags = dict(study.get("PatientMainDicomTags") or {})
        first = next((one for each in series if isinstance(each, dict) for one in each.get("Instances") or ()), "")
        path = f"/instances/{quote(str(first), safe='')}/content"
        name, charset = (self._raw(f"{path}/{tag}") for tag in ("0010-0010", "0008-0005"))
        return tags | ({"PatientName": decoded(name, charset)} if name else {})

    def _raw(self, path: str) -> bytes:
        return self._ask(path, bytes) or b""

    def _object(self, path: str) -> Mapping[str, Any]:
        found = self._ask(path)
        if not isinstance(found, dict):
            raise Unreadable(machines.NOT_ARCHIVE)
        return found

    def _ask(self, path: str, read_as: Callable[[bytes], Any] = json.loads) -> Any:
        _refuse_own_network(urlsplit(self._url).hostname or "")
        try:
            answer = self._pool.request(
                "GET", self._url + path, headers=self._headers, redirect=False, preload_content=False
            )
            with answer:
                return _read(answer, read_as)
        except problems.HTTPError as error:
            raise ArchiveError(_word(error)) from error


def _refuse_own_network(host: str) -> None:
    """Ask no address at which only a machine itself is found, such as a cloud's store of secrets."""
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise ArchiveError(machines.NO_HOST) from error
    if any(ipaddress.ip_address(str(one).partition("%")[0]).is_link_local for one in found):
        raise ArchiveError(machines.NO_HOST)


def _read(answer: BaseHTTPResponse, read_as: Callable[[bytes], Any]) -> Any:
    if answer.status == 404:
        return None
    if answer.status in (401, 403):
        raise ArchiveError(machines.WRONG_PASSWORD if answer.status == 401 else machines.NOT_OURS)
    if answer.status >= 500:
        raise ArchiveError(machines.IN_TROUBLE, str(answer.status))
    if answer.status != 200:
        raise Unreadable(machines.NOT_ARCHIVE, str(answer.status))
    try:
        return read_as(_body(answer))
    except (ValueError, RecursionError) as error:
        raise Unreadable(machines.NOT_ARCHIVE) from error


def _body(answer: BaseHTTPResponse) -> bytes:
    until, read = time.monotonic() + WHOLE, b""
    while piece := answer.read(65536):
        read += piece
        if len(read) > LARGEST:
            raise Unreadable(machines.NOT_ARCHIVE, f"> {LARGEST}")
        if time.monotonic() > until:
            raise ArchiveError(machines.SILENT)
    return read


def _word(error: BaseException | None) -> str:
    """Return what happened, by the innermost problem that says it."""
    if isinstance(error, problems.MaxRetryError):
        return _word(error.reason)
    if isinstance(error, problems.NameResolutionError):
        return machines.NO_HOST
    if isinstance(error, problems.SSLError):
        return machines.NO_TLS
    refused = isinstance(error, problems.NewConnectionError) and isinstance(error.__cause__, ConnectionRefusedError)
    return machines.CLOSED if refused or isinstance(error, problems.ProtocolError) else machines.SILENT


def _change(line: object) -> Change:
    if not isinstance(line, dict):
        raise Unreadable(machines.NOT_ARCHIVE)
    return Change(_whole(line, "Seq"), _text(line, "ChangeType"), _text(line, "ID"), _moment(_text(line, "Date")))


def _moment(said: str) -> datetime:
    """Return when it was, by the archive's clock; now at the latest, and where it cannot be read."""
    try:
        return min(datetime.strptime(said, "%Y%m%dT%H%M%S").replace(tzinfo=UTC), clock.now())
    except ValueError:
        return clock.now()


def _study(change: Change, study: Any, series: Any, counts: Any) -> StudyStable:
    if not isinstance(counts, dict):
        raise Unreadable(machines.NOT_ARCHIVE)
    tags, patient = study.get("MainDicomTags"), study.get("PatientMainDicomTags")
    if not (isinstance(tags, dict) and isinstance(patient, dict)) or not _text(tags, "StudyInstanceUID"):
        raise Unreadable(machines.NOT_ARCHIVE)
    keys = Keys(
        _text(tags, "StudyInstanceUID"), _text(tags, "AccessionNumber"), _text(patient, "PatientID"),
        _text(patient, "PatientName"),
    )  # fmt: skip
    return StudyStable(
        change.key, keys, change.at, _modality(series), _text(tags, "StudyDescription"),
        _text(patient, "PatientBirthDate"), _whole(counts, "CountInstances"),
    )  # fmt: skip


def _modality(series: Sequence[Any]) -> str:
    """Return the modality of the series with images, of the first of them."""
    tags = [one.get("MainDicomTags") for one in series if isinstance(one, dict)]
    said = [_text(one, "Modality") for one in tags if isinstance(one, dict)]
    return next((one for one in said if one not in _NO_IMAGES), "")[:16]


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, "")
    kept = value if isinstance(value, str) else ""
    return "".join(sign for sign in kept if sign.isprintable()).strip()[:_LONGEST_TEXT]


def _whole(values: Mapping[str, Any], name: str) -> int:
    value = values.get(name)
    if isinstance(value, str) and value.isdecimal():  # old releases write numbers as text
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unreadable(machines.NOT_ARCHIVE)
    return value
