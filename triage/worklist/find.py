"""The answer to a C-FIND of the worklist."""

import logging
from collections.abc import Iterator

from pydicom import Dataset
from pynetdicom import evt

from triage.adapters.dicom.answering import answer
from triage.adapters.dicom.asking import read
from triage.db import session
from triage.domain.worklist_query import Nonsense
from triage.services import scanners, worklist

log = logging.getLogger(__name__)

#: DICOM PS3.4, table K.4-1 and C.4.1.1.4. Never FF01: a client in use takes it for the end of the list. Never B001
#: for what was left out: after a warning the library sends a second end.
PENDING, CANCELLED, MORE_THAN_TOLD, NOT_UNDERSTOOD, UNABLE = 0xFF00, 0xFE00, 0xA700, 0xA900, 0xC001

Answer = tuple[int | Dataset, Dataset | None]


def on_find(event: evt.Event) -> Iterator[Answer]:
    """Yield each item that was asked for, then how it ended."""
    try:
        yield from _answers(event)
    except Nonsense as error:
        log.warning("worklist: %s asked what cannot be understood: %s", event.assoc.requestor.ae_title, error)
        yield _failure(NOT_UNDERSTOOD, f"{error} cannot be understood"), None
    except Exception as error:
        log.error("worklist: unexpected %s for %s", type(error).__name__, event.assoc.requestor.ae_title)
        yield _failure(UNABLE, "cannot answer now"), None
    finally:
        session.remove()


def _answers(event: evt.Event) -> Iterator[Answer]:
    caller = event.assoc.requestor
    scanner = scanners.find(caller.ae_title)
    if scanner is None:  # taken out of use since it called
        raise Nonsense("scanner")
    asked = read(_identifier(event), scanner.charset)
    found = worklist.find(scanner, asked, caller.address)
    log.info("worklist: %s asked, %d items", scanner.ae_title, len(found.items))
    for accession in (*found.replaced, *found.dropped):
        log.warning("worklist: a name cannot be written as it is in %s: %s", scanner.charset, accession)
    for item in found.items:
        if event.is_cancelled:
            yield CANCELLED, None
            return
        yield PENDING, answer(item, asked, scanner.charset)
    if found.more:
        yield _failure(MORE_THAN_TOLD, f"more than {worklist.MOST} items: ask for a day"), None


def _identifier(event: evt.Event) -> Dataset:
    try:
        return event.identifier
    except Exception as error:  # whatever the library makes of such bytes
        raise Nonsense("identifier") from error


def _failure(status: int, comment: str) -> Dataset:
    said = Dataset()
    said.Status, said.ErrorComment = status, comment[:64]
    return said
