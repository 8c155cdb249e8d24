"""What a scanner asked of the worklist, read from the identifier of its C-FIND."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import DataElement, Dataset
from pydicom.charset import convert_encodings
from pydicom.datadict import keyword_for_tag
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from triage.adapters.dicom.values import CODE, EMPTY, ROOT, STEP
from triage.domain.charsets import CHARSETS
from triage.domain.worklist_query import CHOSEN_BY, NAMES, Nonsense, Query

SCHEDULED, CODED, CHARSET = (
    "ScheduledProcedureStepSequence", "RequestedProcedureCodeSequence", "SpecificCharacterSet",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What was asked: which keys at each level (None: not that level), and what they must fit."""

    root: tuple[str, ...]
    step: tuple[str, ...] | None
    code: tuple[str, ...] | None
    query: Query

    @property
    def words(self) -> dict[str, str]:
        """Return what was asked in a form that may be kept: no names."""
        return {key: "" if key in NAMES else pattern for key, pattern in self.query.patterns.items() if pattern}


def read(identifier: Dataset, charset: str) -> Asked:
    """Return what an identifier asks; raises Nonsense, with the key, where it cannot be understood."""
    if CHARSET not in identifier:  # it does not say how it writes: then as this scanner always does
        identifier.set_original_encoding(None, None, convert_encodings(list(CHARSETS[charset])))
    root = dict(_keys(identifier))
    if not root:
        raise Nonsense("identifier")
    step, code = _inside(root, SCHEDULED), _inside(root, CODED)
    patterns = _patterns(root) | _patterns(step or {})
    return Asked(
        tuple(key for key in root if key in ROOT or key in EMPTY),
        None if step is None else tuple(key for key in step or STEP if key in STEP or key in EMPTY),
        None if code is None else tuple(code) or tuple(CODE),
        Query({key: text for key, text in patterns.items() if key in CHOSEN_BY}),
    )


def _keys(dataset: Dataset) -> Iterator[tuple[str, DataElement]]:
    for tag in sorted(dataset.keys()):
        keyword = keyword_for_tag(BaseTag(tag))
        try:
            if keyword and keyword != CHARSET:
                yield keyword, dataset[tag]
        except Exception as error:  # whatever the library makes of such bytes, to the scanner it is one and the same
            raise Nonsense(keyword) from error


def _inside(root: dict[str, DataElement], keyword: str) -> dict[str, DataElement] | None:
    """Return the keys inside a sequence, none of them where all are meant; None where it was not asked for."""
    if keyword not in root:
        return None
    items = root[keyword].value
    if root[keyword].VR != "SQ" or len(items or ()) > 1:
        raise Nonsense(keyword)
    return dict(_keys(items[0])) if items else {}


def _patterns(keys: dict[str, DataElement]) -> dict[str, str]:
    return {key: _text(element) for key, element in keys.items() if element.VR != "SQ"}


def _text(element: DataElement) -> str:
    value = element.value
    if isinstance(value, MultiValue | list):
        return "\\".join(str(one) for one in value)
    return "" if value is None else str(value).strip()
