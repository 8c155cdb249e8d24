"""A worklist item as a data set: what was asked for and nothing else, in the character set of who asked."""

from collections.abc import Iterable

from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.sequence import Sequence

from triage.adapters.dicom.asking import CHARSET, Asked
from triage.adapters.dicom.values import CODE, EMPTY, ROOT, STEP, Values, fitted, fitted_name, fitted_words
from triage.domain.charsets import CHARSETS
from triage.domain.worklist import Item
from triage.domain.worklist_query import modality_as_asked


def answer(item: Item, asked: Asked, charset: str) -> Dataset:
    """Return the item with the keys that were asked for."""
    found = Dataset()
    if CHARSETS[charset]:
        setattr(found, CHARSET, list(CHARSETS[charset]))
    _put(found, item, asked.root, ROOT, charset)
    if asked.code is not None:
        found.RequestedProcedureCodeSequence = _part(item, asked.code if item.loinc else None, CODE, charset)
    if asked.step is not None:
        step = _part(item, asked.step, STEP, charset)
        if "Modality" in asked.step:
            step[0].Modality = modality_as_asked(item.modality, asked.query.patterns.get("Modality", ""))
        found.ScheduledProcedureStepSequence = step
    return found


def loss(item: Item, charset: str) -> str:
    """Return what becomes of the patient's name in a character set: "" where it is kept, else replaced or dropped."""
    return fitted_name(item.person, item.number, charset)[1]


def _part(item: Item, keys: Iterable[str] | None, values: Values, charset: str) -> Sequence:
    if keys is None:
        return Sequence()
    part = Dataset()
    _put(part, item, keys, values, charset)
    return Sequence([part])


def _put(found: Dataset, item: Item, keys: Iterable[str], values: Values, charset: str) -> None:
    for keyword in keys:
        if keyword in EMPTY:
            setattr(found, keyword, Sequence())
        elif keyword in values:
            setattr(found, keyword, _value(item, keyword, values, charset))


def _value(item: Item, keyword: str, values: Values, charset: str) -> str | int | None:
    if keyword == "PatientName":
        return fitted_name(item.person, item.number, charset)[0]
    text, kind = values[keyword](item), dictionary_VR(keyword)
    if kind == "PN":
        return fitted_words(text, charset)
    if kind in ("US", "DS"):
        return int(text) if text else None
    if kind in ("DA", "TM", "UI", "CS", "AE"):
        return text
    return fitted(keyword, text, kind, charset)
