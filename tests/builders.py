"""Builds what tests need, through the same services the product uses wherever there is one."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from argon2 import PasswordHasher

from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.findings import Answer
from triage.models import Encounter, Grant, Organisation, Patient, Site, Staff
from triage.services import departures, encounters, intakes
from triage.services.audit import record
from triage.services.imaging_safety import Answer as Said

PASSWORD = "correct horse battery"
#: The product's kind of hash, cheap to check: what it costs stands in the hash, and a sign-in is in nearly every test.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

#: user name -> roles and duties
PEOPLE = {
    "reception": ("reception",),
    "nurse": ("nurse",),
    "nurse2": ("nurse", "lead_nurse"),
    "surgeon": ("surgeon",),
    "surgeon2": ("surgeon", "clinical_lead"),
    "radiographer": ("radiographer",),
    "admin": ("admin",),
    "auditor": ("auditor",),
}

#: No to every safety question but pregnancy, which is asked by itself.
SAFE = {name: Said("no") for name in knowledge.load().flow.examinations.safety if name != "pregnancy"}


@dataclass
class Clinic:
    """One site and its people; every person is an attribute."""

    site_id: str
    people: dict[str, Actor] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Actor:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


def build_clinic(code: str = "nara", organisation_id: str | None = None, suffix: str = "") -> Clinic:
    """Build a site with one person per role, user names with ``suffix``; a second site may share the organisation."""
    return _build(None, code, organisation_id, suffix)


@verb
def _build(_actor: None, code: str, organisation_id: str | None, suffix: str) -> Clinic:
    if organisation_id is None:
        organisation = Organisation(name="Test organisation")
        session.add(organisation)
        session.flush()
        organisation_id = organisation.id
    site = Site(organisation_id=organisation_id, code=code, name=f"{code} clinic")
    session.add(site)
    session.flush()
    return Clinic(site.id, _people(site, suffix))


def _people(site: Site, suffix: str) -> dict[str, Actor]:
    """Add everybody at once: for each person alone it took longer than most tests."""
    staff = {
        name: Staff(
            organisation_id=site.organisation_id, user_name=name + suffix, name=(name + suffix).title(),
            password_hash=_HASH,
        )
        for name in PEOPLE
    }  # fmt: skip
    session.add_all(staff.values())
    session.flush()
    since = date(2020, 1, 1)
    grants = [(staff[name].id, role) for name, roles in PEOPLE.items() for role in roles]
    session.add_all(Grant(staff_id=id_, site_id=site.id, role=role, valid_from=since) for id_, role in grants)
    return {name: _actor(site, person, PEOPLE[name]) for name, person in staff.items()}


def _actor(site: Site, person: Staff, roles: tuple[str, ...]) -> Actor:
    actor = Actor(person.id, person.name, site.organisation_id, site.id, site.name, site.time_zone, frozenset(roles))
    record(actor, "staff_added", whose=person.id, user_name=person.user_name)
    return actor


def add_patient(actor: Actor, **values: Any) -> Patient:
    """Add a patient; any column may be given."""
    return _add_patient(actor, values)


@verb
def _add_patient(actor: Actor, values: dict[str, Any]) -> Patient:
    number = f"{len(list(session.query(Patient.id))) + 1:06d}"
    defaults: dict[str, Any] = {
        "number": number, "family_name": "山本", "given_name": "和夫",
        "family_kana": "ヤマモト", "given_kana": "カズオ",
        "birth_date": date(1963, 7, 30), "sex": "male", "created_at": clock.now(),
    }  # fmt: skip
    patient = Patient(organisation_id=actor.organisation_id, **(defaults | values))
    session.add(patient)
    session.flush()
    record(actor, "patient_created", patient_id=patient.id, number=patient.number)
    return patient


def arrive(actor: Actor, **patient: Any) -> Encounter:
    """Check a new patient in and return the encounter, at the desk."""
    person = add_patient(actor, **patient)
    encounter_id = encounters.check_in(actor, person.id, "")
    return encounters.get(actor, encounter_id)


def wait(actor: Actor, answers: dict[str, Any] | None = None, **patient: Any) -> Encounter:
    """Check a new patient in, answer, and send the intake to the queue."""
    encounter = arrive(actor, **patient)
    intakes.record_answers(actor, encounter.id, as_answers(answers or {}))
    intakes.submit(actor, encounter.id)
    return encounters.get(actor, encounter.id)


def as_answers(values: dict[str, Any]) -> dict[str, Answer]:
    """Return plain values as answers; the text "not known" is an answer of its own."""
    return {
        name: Answer(value != "not known", None if value == "not known" else value) for name, value in values.items()
    }


def leave_unseen(actor: Actor, encounter_id: str, version: int, words: str, reason: str = "other") -> str:
    """Let a patient leave without being seen, whatever is open confirmed."""
    left_open = departures.open_of(encounters.get(actor, encounter_id)).names
    session.close()
    return departures.leave(actor, encounter_id, version, reason, words, left_open)
