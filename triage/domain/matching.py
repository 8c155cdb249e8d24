"""What a machine says of an examination, and to which order it belongs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from triage.domain.names import alike, fold, from_romaji, short_vowels, similar

#: What a performed procedure step can be (DICOM PS3.3 C.4.14); nothing follows the last two.
IN_PROGRESS, COMPLETED, DISCONTINUED = "in_progress", "completed", "discontinued"
FINAL = (COMPLETED, DISCONTINUED)
#: By what it was matched: the first that fits counts.
STUDY_UID, ACCESSION, PERSON = "study_uid", "accession", "person"


@dataclass(frozen=True)
class Keys:
    """What a machine gives to find the order by, each as it was said; "" where it said nothing."""

    study_uid: str = ""
    accession: str = ""
    patient_number: str = ""
    patient_name: str = ""


@dataclass(frozen=True)
class StepBegun:
    """A scanner began (N-CREATE): under which instance UID, for whom, when."""

    sop_instance_uid: str
    keys: Keys
    began_at: datetime
    received: Mapping[str, Any] = field(default_factory=dict)  # description, modality, protocol
    also: tuple[Keys, ...] = ()  # one acquisition for several orders: the keys of the others

    @property
    def items(self) -> tuple[Keys, ...]:
        """Return the keys of every order it says to be for, each once."""
        return tuple(dict.fromkeys((self.keys, *self.also)))


@dataclass(frozen=True)
class StepChanged:
    """A scanner said more of what it had begun (N-SET); status "" where it still goes on."""

    sop_instance_uid: str
    status: str = ""
    ended_at: datetime | None = None
    reason: str = ""  # code of CID 9300
    received: Mapping[str, Any] = field(default_factory=dict)  # series, images, dose


@dataclass(frozen=True)
class StudyStable:
    """A study in the archive to which no image was added for a while."""

    archive_key: str
    keys: Keys
    stable_at: datetime
    modality: str = ""
    description: str = ""
    birth_date: str = ""
    images: int = 0


@dataclass(frozen=True)
class Candidate:
    """An order that a machine's keys may mean, with every number its patient is known by."""

    order_id: str
    study_uid: str
    accession: str
    modality: str
    numbers: frozenset[str]


#: Why nothing was matched: what a person has to know who settles it.
NO_KEYS, NOBODYS, OTHER_PATIENT, OTHER_MACHINE = "no_keys", "nobodys", "other_patient", "other_machine"

#: A scanner's modality code (DICOM PS3.3 C.7.3.1.1.1) -> the machine of the imaging list.
MODALITIES = {"CR": "xray", "DX": "xray", "RF": "xray", "XA": "xray", "RG": "xray", "CT": "ct", "MR": "mri"}


@dataclass(frozen=True)
class Match:
    """The order that is meant and by which key it was found; or None and why."""

    order_id: str | None
    by: str = ""
    why: str = ""


def match(keys: Keys, candidates: Iterable[Candidate], modality: str = "") -> Match:
    """Return which order the keys mean: by study instance UID, else by accession number and patient number together.

    Another patient's number, or a machine of another modality, is never a match, whatever else fits. A number that the
    machine did not give proves nothing against a study instance UID; an accession number alone proves nothing.
    """
    if not keys.study_uid and not keys.accession:
        return Match(None, why=NO_KEYS)
    known = list(candidates)
    by_uid = [one for one in known if keys.study_uid and one.study_uid == keys.study_uid]
    by_accession = [one for one in known if keys.accession and one.accession == keys.accession]
    for by, found in ((STUDY_UID, by_uid), (ACCESSION, by_accession)):
        for one in found:
            why = _against(keys, one, by, modality)
            return Match(None, why=why) if why else Match(one.order_id, by)
    return Match(None, why=NOBODYS)


def _against(keys: Keys, one: Candidate, by: str, modality: str) -> str:
    """Return what speaks against an order that a key has found, "" for nothing."""
    unnamed_but_sure = by == STUDY_UID and not keys.patient_number
    if keys.patient_number not in one.numbers and not unnamed_but_sure:
        return OTHER_PATIENT
    return OTHER_MACHINE if modality and modality != one.modality else ""


def name_words(text: str) -> tuple[str, ...]:
    """Return a machine's name (family^given, up to three groups between "=") as plain words, one text per group."""
    groups = (" ".join(part for part in group.split("^")[:2] if part) for group in text.split("="))
    return tuple(group.strip() for group in groups if group.strip())


def resembles(text: str, name: str, kana: str) -> bool:
    """Tell whether a machine's name may be this patient's: by kanji, reading or Latin letters; a slip counts."""
    return any(_like(words, name, kana) for words in name_words(text))


def _like(words: str, name: str, kana: str) -> bool:
    if alike(words, name) or similar(words, kana):
        return True
    read = from_romaji(words)
    return read is not None and similar(read, short_vowels(fold(kana)))
