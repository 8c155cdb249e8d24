"""Patients of the demonstration clinic who were asked to come back: today, on other days, and who did not come."""

from collections.abc import Collection
from datetime import date, timedelta
from random import Random

from sqlalchemy import select

from triage import clock, knowledge
from triage.db import session
from triage.demo.clinic import Team
from triage.domain.access import Actor
from triage.domain.comeback import Day
from triage.domain.findings import Answer
from triage.models import Patient
from triage.services import encounters, hours, intakes, returns

#: Days ago on which each was asked, days after that from which the next open day counts, the reason, the words.
_ASKED = (
    (9, 3, "no_slot_today", ""),
    (1, 1, "no_slot_today", "午前中を希望"),
    (1, 1, "doctor_away", "手術日のため"),
    (2, 3, "papers_missing", "前医のMRIを持参"),
)
#: Below stand the patients of a large clinic, whose years are copied before these visits are made.
_DEMONSTRATED = "900000"


def ask_back(team: Team, today: date, rng: Random, busy: Collection[str]) -> None:
    """Check patients on file in on earlier days and ask them to come back; those who are ``busy`` today do not."""
    actor = team["reception"]
    on_file = session.scalars(
        select(Patient.id).where(Patient.visible_to(actor), Patient.number >= _DEMONSTRATED).order_by(Patient.number)
    ).all()
    session.close()
    free = [patient_id for patient_id in on_file if patient_id not in busy]
    now = clock.now()
    for patient_id, (ago, after, reason, words) in zip(rng.sample(free, len(_ASKED)), _ASKED, strict=True):
        with clock.at(now - timedelta(days=ago)):
            day = hours.next_open(actor.site_id, today - timedelta(days=ago), after)
            _send_home(actor, patient_id, day, reason, words)


def _send_home(actor: Actor, patient_id: str, day: date, reason: str, words: str) -> None:
    visit = encounters.check_in(actor, patient_id, "")
    calm = {question.id: Answer(True, False) for question in knowledge.load().urgent_questions}
    intakes.change_details(actor, visit, encounters.get(actor, visit).version, {"complaint": "腰痛が続く。"})
    intakes.record_answers(actor, visit, calm)
    intakes.submit(actor, visit)
    returns.ask_back(actor, visit, encounters.get(actor, visit).version, Day(day), reason, words)
