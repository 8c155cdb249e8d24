"""What a machine says of an examination, and to which order it belongs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
