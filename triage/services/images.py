"""The images that came back for an examination, and whether they are those of the patient whose name stands here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from triage.db import session
from triage.models import ImagingOrder, ImagingStudy, Patient, PatientIdentifier

#: What can differ between the record and the images.
NUMBER, BIRTH_DATE = "number", "birth_date"


@dataclass(frozen=True)
class Came:
    """The images of one study, and what in them is another than in the record: number, birth_date."""

    study: ImagingStudy
    differs: tuple[str, ...] = ()


def of_orders(orders: Sequence[ImagingOrder]) -> dict[str, list[Came]]:
    """Return the images of orders that are loaded with their patients, by the order's id, the oldest first."""
    patients = {order.id: order.encounter.patient for order in orders}
    query = select(ImagingStudy).where(ImagingStudy.order_id.in_(patients)).order_by(ImagingStudy.stable_at)
    found: dict[str, list[Came]] = {}
    for study in session.scalars(query) if patients else ():
        order_id = study.order_id or ""
        found.setdefault(order_id, []).append(compare(study, patients[order_id]))
    return found


def compare_all(studies: Iterable[ImagingStudy], patient: Patient) -> list[Came]:
    """Return the images of one patient, each compared with the record."""
    return [compare(study, patient) for study in studies]


def compare(study: ImagingStudy, patient: Patient) -> Came:
    """Compare what stands in the images with the record; what is missing on either side differs in nothing."""
    differs = []
    if study.patient_number and not _is_number_of(patient, study.patient_number):
        differs.append(NUMBER)
    if study.birth_date and patient.birth_date and study.birth_date != f"{patient.birth_date:%Y%m%d}":
        differs.append(BIRTH_DATE)
    return Came(study, tuple(differs))


def _is_number_of(patient: Patient, number: str) -> bool:
    if number == patient.number:
        return True
    known = (PatientIdentifier.patient_id == patient.id, PatientIdentifier.value == number)
    return session.scalar(select(PatientIdentifier.id).where(*known).limit(1)) is not None
