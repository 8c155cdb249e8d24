"""Up is free, down is guarded: what the clinic is promised about emergencies."""

import pytest

from tests.builders import Clinic, add_patient, arrive, as_answers, wait
from triage import knowledge
from triage.domain.errors import Conflict, NotAllowed, Refused
from triage.models import Encounter
from triage.services import board, emergencies, encounters, intakes, triage


def positive_question() -> dict[str, bool]:
    """Answer the first urgent question of the desk with yes; it is one that makes an emergency."""
    return {knowledge.load().urgent_questions[0].id: True}


def reloaded(clinic: Clinic, encounter: Encounter) -> Encounter:
    return encounters.get(clinic.nurse, encounter.id)


def test_a_positive_urgent_answer_at_the_desk_pins_the_patient_before_any_nurse_has_seen_it(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    suggestion = intakes.record_answers(clinic.reception, encounter.id, as_answers(positive_question()))
    assert suggestion.acuity == "emergency"
    pinned = reloaded(clinic, encounter)
    assert pinned.stage == "emergency"
    assert pinned.acuity == 2
    assert emergencies.find_open(pinned).rules


def test_reception_raises_to_emergency_although_another_has_the_patient_and_nothing_is_answered(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    board.claim(clinic.nurse, encounter.id)
    emergencies.raise_(clinic.reception, encounter.id, "grey, sweating")
    assert reloaded(clinic, encounter).is_emergency


def test_an_answer_on_which_the_emergency_rests_cannot_be_taken_back_by_one_person(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    question = next(iter(positive_question()))
    intakes.record_answers(clinic.reception, encounter.id, as_answers({question: True}))
    for actor in (clinic.reception, clinic.nurse, clinic.surgeon):
        with pytest.raises(Refused):
            intakes.record_answers(actor, encounter.id, as_answers({question: False}))
        with pytest.raises(Refused):
            intakes.record_answers(actor, encounter.id, {question: None})
    assert reloaded(clinic, encounter).is_emergency


def test_who_proposes_to_take_an_emergency_back_cannot_also_agree(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    emergencies.raise_(clinic.nurse, encounter.id)
    emergencies.propose_withdrawal(clinic.nurse, encounter.id, "wrong patient")
    with pytest.raises(NotAllowed):
        emergencies.decide_withdrawal(clinic.nurse, encounter.id, agree=True)
    assert reloaded(clinic, encounter).is_emergency
    emergencies.decide_withdrawal(clinic.nurse2, encounter.id, agree=True)
    back = reloaded(clinic, encounter)
    assert (back.stage, back.acuity) == ("waiting", None)


def test_an_emergency_by_the_rules_is_not_overridden_by_the_nurse_alone(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, positive_question())
    choice = triage.Choice(4, "specialist_consult", reason="findings_differ")
    with pytest.raises(Refused):
        triage.decide(clinic.nurse, encounter.id, reloaded(clinic, encounter).version, choice)
    assert reloaded(clinic, encounter).is_emergency


def test_the_rules_do_not_pin_again_what_two_people_took_back_until_something_new_fires(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, positive_question())
    emergencies.propose_withdrawal(clinic.nurse, encounter.id, "chronic, unchanged for years")
    emergencies.decide_withdrawal(clinic.surgeon, encounter.id, agree=True)
    question = knowledge.load().urgent_questions[4].id
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({question: False}))
    assert reloaded(clinic, encounter).stage == "waiting"
    spec = knowledge.load().findings
    bleeding = next(name for name in spec if name.startswith("gcs"))
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({bleeding: 12}))
    assert reloaded(clinic, encounter).stage == "emergency"


def test_any_other_route_is_refused_while_an_urgent_question_is_unanswered(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    with pytest.raises(Refused) as refusal:
        triage.decide(clinic.nurse, encounter.id, encounter.version, triage.Choice(3, "xray", reason="findings_differ"))
    assert refusal.value.code == "unanswered"


def test_one_open_place_per_patient_and_site(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    encounters.check_in(clinic.reception, patient.id, "r1")
    with pytest.raises(Conflict):
        encounters.check_in(clinic.reception, patient.id, "r2")


def test_the_same_form_sent_twice_opens_one_encounter(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    first = encounters.check_in(clinic.reception, patient.id, "r1")
    assert encounters.check_in(clinic.reception, patient.id, "r1") == first
