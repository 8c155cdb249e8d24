"""What a scanner says it did (MPPS): N-CREATE when it begins, N-SET while it goes on and when it ends."""

import logging
from collections.abc import Callable
from zoneinfo import ZoneInfo

from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom import evt

from triage.adapters.dicom import performed
from triage.adapters.dicom.performed import Missing, Wrong
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound
from triage.models import Scanner
from triage.services import procedure_steps, scanners
from triage.services.audit import record_read

log = logging.getLogger(__name__)

#: DICOM PS3.7, annex C; PS3.4, F.7.2.2.2 for the last.
DONE, INVALID, FAILED, DUPLICATE, UNKNOWN, ABSENT, EMPTY, NOT_ALLOWED = (
    0x0000, 0x0106, 0x0110, 0x0111, 0x0112, 0x0120, 0x0121, 0x0124,
)  # fmt: skip
NO_LONGER, NO_LONGER_WORDS = 0xA710, "Performed Procedure Step Object may no longer be updated"

Answer = tuple[int | Dataset, Dataset | None]
Work = Callable[[evt.Event, Actor, Scanner], Dataset | None]


def on_create(event: evt.Event) -> Answer:
    """Answer an N-CREATE."""
    return _answer(event, _create)


def on_set(event: evt.Event) -> Answer:
    """Answer an N-SET."""
    return _answer(event, _set)


#: For the listening process: which event, which handler.
HANDLERS = [(evt.EVT_N_CREATE, on_create), (evt.EVT_N_SET, on_set)]


def _create(event: evt.Event, machine: Actor, scanner: Scanner) -> Dataset | None:
    given = _uid(event, "Affected")
    uid = given or str(generate_uid(prefix=None))
    said = performed.begun(uid, event.attribute_list, scanner.charset, ZoneInfo(machine.time_zone))
    procedure_steps.begin(machine, scanner, said)
    if given:
        return None
    answer = Dataset()
    answer.AffectedSOPInstanceUID = uid
    return answer


def _set(event: evt.Event, machine: Actor, scanner: Scanner) -> None:
    uid = _uid(event, "Requested")
    said = performed.changed(uid, event.modification_list, scanner.charset, ZoneInfo(machine.time_zone))
    procedure_steps.change(machine, scanner, said)


def _uid(event: evt.Event, which: str) -> str:
    return str(getattr(event.request, f"{which}SOPInstanceUID") or "")


def _answer(event: evt.Event, work: Work) -> Answer:
    """Do the work for a known scanner that may say what it did; what was refused is written down, without names."""
    title = event.assoc.requestor.ae_title
    scanner = scanners.find(title)
    if scanner is None or not scanner.mpps:
        log.warning("MPPS: %r may not say what it did", title)
        if scanner is not None:
            _note(scanners.machine(scanner.site_id, scanner.name), scanner, NOT_ALLOWED, "")
        return _refusal(NOT_ALLOWED, "not known as a scanner that reports"), None
    machine = scanners.machine(scanner.site_id, scanner.name)
    try:
        return DONE, work(event, machine, scanner)
    except (Missing, Wrong, NotFound, Conflict) as error:
        status, words = _status(error)
        _note(machine, scanner, status, words)
        return _refusal(status, words, _error_id(error)), None
    except Exception as error:
        log.error("MPPS: unexpected %s from %s", type(error).__name__, title)
        return _refusal(FAILED, "cannot be taken now"), None


def _status(error: Exception) -> tuple[int, str]:
    if isinstance(error, Missing):
        return (EMPTY if error.is_empty else ABSENT), error.keyword
    if isinstance(error, Wrong):
        return INVALID, str(error)
    if isinstance(error, NotFound):
        return UNKNOWN, "no such performed procedure step"
    if isinstance(error, Conflict) and error.code == "step_is_final":
        return FAILED, NO_LONGER_WORDS
    return DUPLICATE, "this performed procedure step is known"


def _error_id(error: Exception) -> int | None:
    return NO_LONGER if isinstance(error, Conflict) and error.code == "step_is_final" else None


def _note(machine: Actor, scanner: Scanner, status: int, words: str) -> None:
    record_read(machine, "procedure_step_refused", scanner=scanner.id, status=f"{status:04X}", why=words)
    log.warning("MPPS: %s refused with %04X %s", scanner.ae_title, status, words)


def _refusal(status: int, words: str, error_id: int | None = None) -> Dataset:
    said = Dataset()
    said.Status, said.ErrorComment = status, words[:64]
    if error_id is not None:
        said.ErrorID = error_id
    return said
