"""A worklist item key by key: every type 1 and type 2 key of PS3.4 Annex K, and what consoles ask for besides."""

import re
from collections.abc import Callable, Mapping

from triage.domain import charsets
from triage.domain.charsets import HALF_KANA, half_width, sentence, written
from triage.domain.names import katakana
from triage.domain.worklist import Item, Person

Values = Mapping[str, Callable[[Item], str]]

#: The longest value of each kind, in signs (PS3.5, table 6.2-1); of a name, of each of its groups.
LONGEST = {"SH": 16, "LO": 64, "PN": 64, "LT": 10240, "CS": 16, "AE": 16}
#: What stands where something is recorded that the scanner cannot write: never as if there were nothing.
SEE_RECORD = "SEE RECORD"
_SEX = {"male": "M", "female": "F", "other": "O"}


def _none(_item: Item) -> str:
    return ""


def _mobility(item: Item) -> str:
    return "" if item.mobility == "walking" else item.mobility.upper()


ROOT: Values = {
    "AccessionNumber": lambda item: item.accession,
    "ReferringPhysicianName": _none,
    "PatientName": lambda item: name(item.person, item.number),
    "PatientID": lambda item: item.number,
    "PatientBirthDate": lambda item: f"{item.birth_date:%Y%m%d}" if item.birth_date else "",
    "PatientSex": lambda item: _SEX.get(item.sex, ""),
    "PatientWeight": _none,
    "MedicalAlerts": lambda item: item.alerts,
    "Allergies": lambda item: item.allergies,
    "PregnancyStatus": lambda item: "" if item.pregnancy is None else str(item.pregnancy),
    "StudyInstanceUID": lambda item: item.study_uid,
    "RequestingPhysician": lambda item: item.doctor if item.doctor.isascii() else f"={item.doctor}",
    "RequestedProcedureDescription": lambda item: item.procedure,
    "AdmissionID": _none,
    "SpecialNeeds": _mobility,
    "CurrentPatientLocation": _none,
    "PatientState": _none,
    "RequestedProcedureID": lambda item: item.accession,
    "ReasonForTheRequestedProcedure": lambda item: item.reason,
    "RequestedProcedurePriority": lambda item: item.priority,
    "PatientTransportArrangements": _mobility,
    "RequestedProcedureComments": lambda item: item.note,
    "ConfidentialityConstraintOnPatientDataDescription": _none,
}
STEP: Values = {
    "Modality": lambda item: item.modality,
    "RequestedContrastAgent": _none,
    "ScheduledStationAETitle": lambda item: item.station,
    "ScheduledProcedureStepStartDate": lambda item: f"{item.starts:%Y%m%d}",
    "ScheduledProcedureStepStartTime": lambda item: f"{item.starts:%H%M%S}",
    "ScheduledPerformingPhysicianName": _none,
    "ScheduledProcedureStepDescription": lambda item: item.step or item.procedure,
    "ScheduledProcedureStepID": lambda item: item.accession,
    "ScheduledStationName": lambda item: item.station_name,
    "ScheduledProcedureStepLocation": lambda item: item.location,
    "PreMedication": _none,
    "ScheduledProcedureStepStatus": lambda item: item.status,
}
#: The one code of an item, where its procedure has one that was read in an official list.
CODE: Values = {
    "CodeValue": lambda item: item.loinc,
    "CodingSchemeDesignator": lambda _item: "LN",
    "CodeMeaning": lambda item: item.meaning,
}
#: Sequences that an item may have and is told of as empty: there is nothing to refer to.
EMPTY = frozenset({"ReferencedStudySequence", "ReferencedPatientSequence", "ScheduledProtocolCodeSequence"})
#: What is recorded in words and must not look like nothing.
_WARNINGS = frozenset({"MedicalAlerts", "Allergies"})


def value_of(item: Item, keyword: str) -> str:
    """Return what the item says under a key, whole and with every sign; "" where it says nothing."""
    return (ROOT.get(keyword) or STEP.get(keyword) or _none)(item)


def name(person: Person, number: str) -> str:
    """Return a name in its three groups; who has no name that Latin letters can say is called by the number."""
    latin, own, kana = person.groups
    return "=".join((latin or number, own, kana)).rstrip("=")


def fitted_name(person: Person, number: str, charset: str) -> tuple[str, str]:
    """Return a name as a scanner can write it, and "replaced" or "dropped" where signs of it could not be kept."""
    latin, own, kana = person.groups
    if charset == HALF_KANA and kana:
        latin = half_width(katakana(kana))
    ideographs, reading = written(own, charset), written(kana, charset)
    groups = [_plain(latin, charset) or number, "" if ideographs.lost else ideographs.text, reading.text]
    if reading.lost or charset == charsets.LATIN:
        groups[2] = ""
    text = "=".join(cut(group, "PN") for group in groups).rstrip("=")
    if charset == charsets.LATIN:
        return text, ""  # it has no such group at all: nobody could take what is left for the whole
    if ideographs.lost or reading.lost:
        return text, "dropped"
    return text, "replaced" if ideographs.replaced or reading.replaced or person.is_accented else ""


def _plain(latin: str, charset: str) -> str:
    found = written(latin, charset)
    return "" if found.lost else found.text


def fitted_words(text: str, charset: str) -> str:
    """Return the name of somebody who has one text alone, in the group of its script, as a scanner can write it."""
    plain = re.sub(r"[\\^=\s]+", " ", text).strip()
    if plain.isascii():
        return cut(sentence(plain, charset), "PN")
    written_out = cut(sentence(plain, charset), "PN")
    return f"={written_out}" if written_out else ""


def fitted(keyword: str, text: str, kind: str, charset: str) -> str:
    """Return a text as a scanner can write it, no longer than its kind may be."""
    plain = " ".join(text.replace("\\", "/").split())  # a backslash would begin another value
    found = sentence(plain, charset)
    if keyword in _WARNINGS and plain and not found:
        found = SEE_RECORD
    return cut(found, kind)


def cut(text: str, kind: str) -> str:
    """Return a text no longer than its kind may be."""
    return text[: LONGEST.get(kind, 64)].strip()
