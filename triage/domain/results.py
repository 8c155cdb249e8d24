"""When a result has waited too long for a doctor's eyes, and what a report may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

#: The longest file of a report, in bytes; a form may be a little longer than that.
LARGEST = 900 * 1024
#: What a file of each kind begins with: its own word for what it is does not count.
KINDS = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
SUFFIXES = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


@dataclass(frozen=True)
class Report:
    """What somebody says the images show: words, or a file, or both; who read them, where that is somebody else."""

    text: str = ""
    reader: str = ""
    reason: str = ""
    file: bytes = b""


def kind_of(file: bytes) -> str | None:
    """Return the media type of a file by how it begins, None where it is none that is kept."""
    return next((kind for kind, begin in KINDS.items() if file.startswith(begin)), None)


def lacks(report: Report, earlier: int) -> dict[str, str]:
    """Return what a report lacks, message code by field; ``earlier``: how many there are already."""
    found = {}
    if not report.text.strip() and not report.file:
        found["text"] = "report_needed"
    if report.file and kind_of(report.file) is None:
        found["file"] = "report_file_wrong"
    elif len(report.file) > LARGEST:
        found["file"] = "report_file_large"
    if earlier and not report.reason.strip():
        found["reason"] = "report_reason_needed"
    return found


def due(since: datetime, priority: str, within: Mapping[str, int]) -> datetime:
    """Return until when something is to happen that waits since a moment; an unknown priority is an urgent one."""
    return since + timedelta(minutes=within.get(priority, within["urgent"]))
