"""What machines say in tests: a scanner of the clinic, its words, and a study that lies in the archive."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.builders import Clinic
from triage import clock
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.matching import Keys, StepBegun, StepChanged, StudyStable
from triage.models import ImagingOrder, Scanner
from triage.services import imaging, scanners
from triage.services.audit import record


def add_scanner(clinic: Clinic, ae_title: str = "CT1", modality: str = "ct", **values: Any) -> Scanner:
    """Add a machine to the clinic."""

    @verb
    def add(actor: Actor) -> Scanner:
        row = Scanner(site_id=actor.site_id, name=f"{modality} {ae_title}", ae_title=ae_title, modality=modality)
        row.charset = "utf8"
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
        record(actor, "signed_out")
        return row

    return add(clinic.admin)


def machine(scanner: Scanner) -> Actor:
    """Return in whose name the scanner writes."""
    return scanners.machine(scanner.site_id, scanner.name)


def keys_of(clinic: Clinic, order: ImagingOrder, **other: str) -> Keys:
    """Return the keys that the worklist gave for an order; ``other`` is what the console made of them."""
    row = imaging.get(clinic.radiographer, order.id)
    patient = row.encounter.patient
    given = Keys(
        row.study_uid or "", row.accession or "", patient.number, f"{patient.family_kana}^{patient.given_kana}"
    )
    return replace(given, **other)


def began(keys: Keys, uid: str = "1.2.3.1", at: datetime | None = None, *also: Keys) -> StepBegun:
    """Return that a scanner began."""
    return StepBegun(uid, keys, at or clock.now(), {"description": "L-spine"}, also)


def ended(uid: str = "1.2.3.1", status: str = "completed", reason: str = "") -> StepChanged:
    """Return that a scanner's step ended."""
    return StepChanged(uid, status, clock.now(), reason, {"series": 1, "images": 2})


def stable(keys: Keys, images: int = 2, modality: str = "CT", later: int = 0) -> StudyStable:
    """Return that a study lies still in the archive."""
    at = clock.now() + timedelta(seconds=later)
    return StudyStable("archive-1", keys, at, modality, "L-spine", "19630730", images)
