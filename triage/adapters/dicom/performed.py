"""What a scanner says it did (MPPS), read from the attributes of its N-CREATE or N-SET (DICOM PS3.4, annex F.7.2)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydicom import Dataset
from pydicom.charset import convert_encodings
from pydicom.valuerep import DA, TM

from triage.domain import matching
from triage.domain.charsets import CHARSETS
from triage.domain.matching import Keys, StepBegun, StepChanged
from triage.domain.names import normalise

#: What must be there and not empty when a step begins.
NEEDED = (
    "PerformedStationAETitle", "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
    "PerformedProcedureStepID", "PerformedProcedureStepStatus", "Modality",
)  # fmt: skip
STEPS, SERIES = "ScheduledStepAttributesSequence", "PerformedSeriesSequence"
REASONS = "PerformedProcedureStepDiscontinuationReasonCodeSequence"
BEGINS = "IN PROGRESS"
STATUSES = {
    BEGINS: matching.IN_PROGRESS, "COMPLETED": matching.COMPLETED, "DISCONTINUED": matching.DISCONTINUED,
}  # fmt: skip
#: What else is kept of a step: our word, the attribute.
KEPT = {
    "description": "PerformedProcedureStepDescription", "step_id": "PerformedProcedureStepID", "modality": "Modality",
    "station": "PerformedStationAETitle", "comment": "CommentsOnThePerformedProcedureStep",
    "dose_area_product": "ImageAndFluoroscopyAreaDoseProduct", "entrance_dose_mgy": "EntranceDoseInmGy",
    "exposures": "TotalNumberOfExposures", "fluoroscopy_seconds": "TotalTimeOfFluoroscopy",
}  # fmt: skip
#: No text that is kept is longer; no more scheduled steps or series are read.
LONGEST, MOST = 256, 100


class Missing(ValueError):
    """An attribute that must be there is not; ``is_empty``: it is there without a value."""

    def __init__(self, keyword: str, is_empty: bool = False) -> None:
        super().__init__(keyword)
        self.keyword, self.is_empty = keyword, is_empty


class Wrong(ValueError):
    """An attribute has a value that cannot be."""


def begun(sop_instance_uid: str, said: Dataset, charset: str, zone: ZoneInfo) -> StepBegun:
    """Return what an N-CREATE says; raises Missing or Wrong with the name of the attribute."""
    _in_its_characters(said, charset)
    for keyword in NEEDED:
        _need(said, keyword)
    if STEPS not in said:
        raise Missing(STEPS)
    if _text(said, NEEDED[4]) != BEGINS:
        raise Wrong(NEEDED[4])
    keys = list(dict.fromkeys(_keys(said)))
    first = keys[0] if keys else Keys("", "", *_patient(said))
    return StepBegun(sop_instance_uid, first, _moment(said, "Start", zone), _kept(said), tuple(keys[1:]))


def changed(sop_instance_uid: str, said: Dataset, charset: str, zone: ZoneInfo) -> StepChanged:
    """Return what an N-SET says; raises Wrong with the name of an attribute that cannot be understood."""
    _in_its_characters(said, charset)
    told = _text(said, NEEDED[4])
    if told and told not in STATUSES:
        raise Wrong(NEEDED[4])
    at = _moment(said, "End", zone) if _text(said, "PerformedProcedureStepEndDate") else None
    status = STATUSES.get(told, "")
    return StepChanged(
        sop_instance_uid, "" if status == matching.IN_PROGRESS else status, at, _reason(said), _kept(said)
    )


def _in_its_characters(said: Dataset, charset: str) -> None:
    if "SpecificCharacterSet" not in said:  # it does not say how it writes: then as this scanner always does
        said.set_original_encoding(None, None, convert_encodings(list(CHARSETS[charset])))


def _need(said: Dataset, keyword: str) -> None:
    if keyword not in said:
        raise Missing(keyword)
    if not _text(said, keyword):
        raise Missing(keyword, is_empty=True)


def _keys(said: Dataset) -> Iterator[Keys]:
    """Yield the keys of each scheduled step it is for; none where it was not scheduled."""
    patient = _patient(said)
    for item in _items(said, STEPS):
        _need(item, "StudyInstanceUID")
        yield Keys(_text(item, "StudyInstanceUID"), _text(item, "AccessionNumber"), *patient)


def _patient(said: Dataset) -> tuple[str, str]:
    return _text(said, "PatientID"), _text(said, "PatientName")


def _items(said: Dataset, keyword: str) -> list[Dataset]:
    try:
        value = said[keyword].value if keyword in said else ()
    except Exception as error:  # whatever the library makes of such bytes, to the scanner it is one and the same
        raise Wrong(keyword) from error
    if value is not None and any(not isinstance(one, Dataset) for one in value):
        raise Wrong(keyword)
    return list(value or ())[:MOST]


def _text(said: Dataset, keyword: str) -> str:
    try:
        value = said[keyword].value if keyword in said else None
    except Exception as error:
        raise Wrong(keyword) from error
    return "" if value is None else normalise(str(value))[:LONGEST].strip()


def _moment(said: Dataset, which: str, zone: ZoneInfo) -> datetime:
    """Return date and time of the start or the end, on the clock of the scanner's site."""
    names = [f"PerformedProcedureStep{which}{part}" for part in ("Date", "Time")]
    day, time = _parsed(DA, said, names[0]), _parsed(TM, said, names[1])
    return datetime.combine(day, time, zone)


def _parsed(kind: Any, said: Dataset, keyword: str) -> Any:
    try:
        found = kind(_text(said, keyword))
    except ValueError as error:
        raise Wrong(keyword) from error
    if found is None or found == "":
        raise Missing(keyword, is_empty=True)
    return found


def _reason(said: Dataset) -> str:
    return next((_text(item, "CodeValue") for item in _items(said, REASONS)), "")


def _kept(said: Dataset) -> dict[str, Any]:
    kept: dict[str, Any] = {word: text for word, keyword in KEPT.items() if (text := _text(said, keyword))}
    series = _items(said, SERIES)
    if series:
        kept["series"] = len(series)
        kept["images"] = sum(len(_items(one, "ReferencedImageSequence")) for one in series)
    return kept
