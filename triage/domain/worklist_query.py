"""What a scanner asks of the worklist and which items answer it (DICOM PS3.4, C.2.2.2 and Annex K)."""

import fnmatch
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from triage.domain.charsets import INSTEAD
from triage.domain.names import fold
from triage.domain.romaji import short

#: How a key is compared, where it is not a text: by the words of DICOM's data dictionary.
NAMES = frozenset({"PatientName", "ScheduledPerformingPhysicianName", "ReferringPhysicianName", "RequestingPhysician"})
DATES = frozenset({"ScheduledProcedureStepStartDate", "PatientBirthDate"})
TIMES = frozenset({"ScheduledProcedureStepStartTime"})
#: What an item is chosen by: what the standard wants (Table K.6-1) and the keys of the order and the patient. Whatever
#: else a scanner fills in, as some do with values of their own, is told and leaves nobody out.
CHOSEN_BY = NAMES | DATES | TIMES | {
    "PatientID", "AccessionNumber", "RequestedProcedureID", "StudyInstanceUID", "Modality", "ScheduledStationAETitle",
    "ScheduledProcedureStepID", "ScheduledProcedureStepStatus", "PatientSex",
}  # fmt: skip
START_DATE, START_TIME = "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime"
#: Codes for one kind of machine: who asks for the one is answered with the other (computed and direct radiography).
ALIKE = (frozenset({"CR", "DX"}),)

_RANGE = re.compile(r"([\d:.]*) *- *([\d:.]*)")
_VARIANTS = str.maketrans(INSTEAD)


class Nonsense(ValueError):
    """What was asked cannot be understood: which key, and nothing of what it held."""


def is_universal(pattern: str) -> bool:
    """Tell whether a pattern leaves everything in: nothing, or asterisks alone."""
    return not pattern.strip("*^= ")


@dataclass
class Query:
    """What a scanner asked: each key with its pattern, made ready once for all items."""

    patterns: Mapping[str, str]
    tests: dict[str, Callable[[str], bool]] = field(init=False)

    def __post_init__(self) -> None:
        """Make each key ready; raises Nonsense at one that cannot be understood."""
        asked = {key: pattern for key, pattern in self.patterns.items() if not is_universal(pattern)}
        self.tests = {key: _test(key, pattern) for key, pattern in asked.items()}
        self._interval = _interval(asked.get(START_DATE, ""), asked.get(START_TIME, ""))
        if self._interval:
            del self.tests[START_DATE], self.tests[START_TIME]

    @property
    def days(self) -> tuple[str, str]:
        """Return the first and the last day that can be meant, as DICOM writes them; "" where there is no bound."""
        pattern = self.patterns.get(START_DATE, "")
        first, last = ("", "~") if is_universal(pattern) else _bounds(START_DATE, pattern, _day)
        return first, last.rstrip("~")

    def fits(self, value: Callable[[str], str]) -> bool:
        """Tell whether an item, given by the value of each key, is asked for. What is not known never fits."""
        if self._interval:
            first, last = self._interval
            if not first <= value(START_DATE) + value(START_TIME) <= last:
                return False
        return all(test(value(key)) for key, test in self.tests.items())


def _test(key: str, pattern: str) -> Callable[[str], bool]:
    if key in NAMES:
        return _name_test(pattern)
    if key in DATES:
        first, last = _bounds(key, pattern, _day)
        return lambda value: bool(value) and first <= value <= last
    if key in TIMES:
        first, last = _bounds(key, pattern, _hour)
        return lambda value: bool(value) and first <= value <= last
    return _text_test(pattern if key != "Modality" else _alike(pattern))


def _alike(pattern: str) -> str:
    codes = pattern.split("\\")
    return "\\".join([*codes, *(other for one in codes for kind in ALIKE if one.strip() in kind for other in kind)])


def modality_as_asked(code: str, pattern: str) -> str:
    """Return the code under which an item is given: the one asked for, where both mean one kind of machine."""
    return next((pattern for kind in ALIKE if code in kind and pattern in kind), code)


def _text_test(pattern: str) -> Callable[[str], bool]:
    wanted = [_wild(one.strip()) for one in pattern.split("\\")]
    return lambda value: bool(value) and any(one(value) for one in wanted)


def _wild(pattern: str) -> Callable[[str], bool]:
    """Return the test for a pattern in which * stands for any signs and ? for one."""
    if "*" not in pattern and "?" not in pattern:
        return lambda value: value == pattern
    found = re.compile(fnmatch.translate(pattern.replace("[", "[[]")))  # made so that no pattern makes it run for ever
    return lambda value: found.match(value) is not None


# --- dates and times -------------------------------------------------------------------------------------------------


def _bounds(key: str, pattern: str, read: Callable[[str], tuple[str, str]]) -> tuple[str, str]:
    """Return the first and the last value of a single value or a range; raises Nonsense."""
    found = _RANGE.fullmatch(pattern.strip())
    first, last = found.groups() if found else (pattern.strip(), pattern.strip())
    try:
        if not first + last:
            raise ValueError
        return read(first)[0] if first else "", read(last)[1] if last else "~"
    except ValueError:
        raise Nonsense(key) from None


def _day(text: str) -> tuple[str, str]:
    digits = text.replace(".", "")  # 2026.11.22 is how it was written before DICOM 3
    day = datetime.strptime(digits, "%Y%m%d").strftime("%Y%m%d")  # noqa: DTZ007 - a day, not a moment
    if day != digits:
        raise ValueError
    return day, day


def _hour(text: str) -> tuple[str, str]:
    """Return the first and the last second of a time that may be given to the hour, the minute or the second."""
    digits = text.split(".", maxsplit=1)[0].replace(":", "")
    if not re.fullmatch(r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?)?", digits):
        raise ValueError
    return digits.ljust(6, "0"), digits + "235959"[len(digits) :]


def _interval(day: str, hour: str) -> tuple[str, str] | None:
    """Return the one interval that a range of days and a range of times make together, else None."""
    if "-" not in day or "-" not in hour:
        return None
    first_day, last_day = _bounds(START_DATE, day, _day)
    first_hour, last_hour = _bounds(START_TIME, hour, _hour)
    return first_day + (first_hour or "000000" if first_day else ""), last_day + last_hour


# --- names -----------------------------------------------------------------------------------------------------------


def _name_test(pattern: str) -> Callable[[str], bool]:
    """Return the test for a name: each group that is asked for must fit; letters, kana and variants are all one."""
    groups = pattern.split("=")
    tests = [(place, _group_test(group)) for place, group in enumerate(groups[:3]) if not is_universal(group)]
    in_place = all(groups[0].isascii() for _ in tests)

    def fits(value: str) -> bool:
        there = (value.split("=") + ["", "", ""])[:3]
        # Many consoles send what was typed in the first group, whatever its script: it is looked for in all of them.
        return all(
            test(there[place]) if in_place or place else any(test(group) for group in there) for place, test in tests
        )

    return fits


def _group_test(pattern: str) -> Callable[[str], bool]:
    plain = _folded(pattern if "^" in pattern else re.sub(r"[\s\u3000]+", "^", pattern.strip()))
    whole, parts = _wild(plain), [_wild(part) if part.strip("*") else None for part in plain.split("^")]

    def fits(group: str) -> bool:
        return any(_fits(whole, parts, one) for one in _spellings(group))

    return fits


def _fits(whole: Callable[[str], bool], parts: list[Callable[[str], bool] | None], group: str) -> bool:
    """Tell whether a group fits as a whole, or in each part asked for: a family name alone finds its bearers."""
    if not group:
        return False
    if whole(group):
        return True
    there = group.split("^") + [""] * len(parts)
    return all(test is None or test(part) for test, part in zip(parts, there, strict=False))


def _spellings(group: str) -> set[str]:
    return {_folded(group), _folded(short(group))} if group.isascii() else {_folded(group)}


def _folded(group: str) -> str:
    return "^".join(fold(_accentless(part).translate(_VARIANTS)) for part in group.split("^")).rstrip("^")


def _accentless(part: str) -> str:
    """Return Latin letters as plain ones, as they stand in the alphabetic group; other scripts as they are."""
    if part.isascii() or max(part) > "\u024f":
        return part
    return "".join(sign for sign in unicodedata.normalize("NFKD", part) if sign.isascii())
