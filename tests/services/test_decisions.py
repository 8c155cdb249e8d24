"""The signed decision in all its parts, its amendment, and what is looked at again on its day."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.at_once import at_once
from tests.builders import Clinic, as_answers, build_clinic
from tests.decisions import LATER, conservative, not_now, operation
from tests.services.test_consults import TRANSFER, at_stage, decide, now, refusal, reopened
from triage import clock, knowledge
from triage.domain.choice import ABSENT, ACCEPTED, FIRST, Choice
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused, Stale
from triage.models import Encounter, Pathway, TreatmentDecision
from triage.services import consults, decisions, encounters, intakes, pathway_lists

FUSIONS = [item.id for item in knowledge.load().procedures if item.fusion]
SCREWED: dict[str, Any] = {"implants": ("screws", "rods"), "grafts": ("autologous",), "implant_note": " 6.5 mm "}


def signed(clinic: Clinic, encounter: Encounter) -> TreatmentDecision:
    return consults.decisions_of(now(clinic, encounter))[0]


# What is said of a procedure


def test_a_fusion_is_signed_with_all_that_it_needs(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, operation("PLIF", "L3-4", level_to="L5-S1", told="We fix two bones.", **SCREWED))
    kept = signed(clinic, encounter)
    assert (kept.level, kept.side) == ("L3-4 – L5-S1", "")
    assert kept.details["indications"] == ["PLIF-I1"]
    assert kept.details["alternatives"] == ["REHAB"]
    assert (kept.details["implants"], kept.details["grafts"]) == (["screws", "rods"], ["autologous"])
    assert (kept.details["implant_note"], kept.details["told"]) == ("6.5 mm", "We fix two bones.")
    assert decisions.choice_of(kept).level_to == "L5-S1"


@pytest.mark.parametrize("stage", ["review", "emergency"])
@pytest.mark.parametrize("procedure", FUSIONS)
def test_no_fusion_is_signed_without_level_and_indication(clinic: Clinic, procedure: str, stage: str) -> None:
    encounter = at_stage(clinic, stage)
    for lacking in ({"level": ""}, {"indications": (), "indication_note": "  "}):
        choice = operation(procedure, **lacking)
        assert refusal(clinic, encounter, choice) in ("level_needed", "indication_needed")


def test_an_indication_may_be_said_in_the_surgeons_own_words(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, operation("LAMINOPLASTY", "C4-5", indication_note="Myelopathy"))
    assert signed(clinic, encounter).details["indication_note"] == "Myelopathy"


def test_an_indication_of_another_procedure_is_none(clinic: Clinic) -> None:
    choice = operation("PLIF", indications=("MED-I1",), indication_note="")
    assert refusal(clinic, at_stage(clinic, "review"), choice) == "indication_needed"


def test_every_point_against_it_and_every_unknown_one_is_answered(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    points = [p.id for p in decisions.operation_points(encounter, operation("PLDD"))]
    assert len(points) > 5
    whole = operation("PLDD")
    for missing in points:
        answers = {name: answer for name, answer in whole.answers.items() if name != missing}
        assert consults.check(encounter, replace(whole, answers=answers))["answers"] == "answers_needed"
    decide(clinic, encounter, whole)
    assert set(signed(clinic, encounter).details["answers"]) == set(points)


def test_what_is_known_to_speak_against_it_is_not_answered_away(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({"bleeding_tendency": True}))
    here = now(clinic, encounter)
    known = next(p for p in decisions.operation_points(here, operation("PLDD")) if p.state == "met")
    choice = operation("PLDD")
    absent = replace(choice, answers={**choice.answers, known.id: ABSENT})
    assert consults.check(here, absent)["answers"] == "answers_needed"
    first = replace(choice, answers={**choice.answers, known.id: FIRST})
    assert consults.check(here, first) == {}


def test_a_risk_is_accepted_with_a_written_reason_only(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    choice = operation("MED", note="  ")
    assert ACCEPTED in choice.answers.values()
    assert refusal(clinic, encounter, choice) == "why_accepted"
    decide(clinic, encounter, replace(choice, answers=dict.fromkeys(choice.answers, FIRST)))


def test_an_emergency_waits_for_no_weighing(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "emergency")
    decide(clinic, encounter, Choice("procedure", "MD", "L4-5", "right", identified=True))
    assert signed(clinic, encounter).procedure == "MD"


def test_the_stimulator_is_implanted_only_after_a_successful_trial(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    implant = operation("SCS", "T8-9", step="implant")
    assert refusal(clinic, encounter, implant) == "trial_needed"
    for answer in ("not known", False):
        intakes.record_answers(clinic.surgeon, encounter.id, as_answers({"stimulation_trial_successful": answer}))
        assert refusal(clinic, encounter, implant) == "trial_needed"
    intakes.record_answers(clinic.surgeon, encounter.id, as_answers({"stimulation_trial_successful": True}))
    decide(clinic, encounter, implant)
    assert signed(clinic, encounter).details["step"] == "implant"


def test_the_trial_itself_does_not_wait_for_its_own_result(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    asked = [p.id for p in decisions.operation_points(encounter, operation("SCS", "T8-9"))]
    assert "SCS-P2" not in asked
    decide(clinic, encounter, operation("SCS", "T8-9"))
    assert signed(clinic, encounter).details["step"] == "trial"


def test_a_block_says_its_kind_level_and_side_and_is_weighed_like_a_procedure(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    assert consults.check(encounter, operation("NERVE_BLOCK", answers={}))["answers"] == "answers_needed"
    decide(clinic, encounter, operation("NERVE_BLOCK", side="left"))
    kept = signed(clinic, encounter)
    assert (kept.kind, kept.procedure, kept.level, kept.side) == ("nerve_block", "NERVE_BLOCK", "L4-5", "left")
    assert kept.details["block"] == "root"


def test_a_caudal_block_has_neither_level_nor_side(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, operation("NERVE_BLOCK", block="caudal"))
    assert (signed(clinic, encounter).level, signed(clinic, encounter).side) == ("", "")


# Amending


def ended(clinic: Clinic, choice: Choice) -> TreatmentDecision:
    """Return a decision that was signed, its visit ended by it."""
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, choice)
    return signed(clinic, encounter)


def amend(clinic: Clinic, old: TreatmentDecision, choice: Choice, why: str = "wrong side", who: str = "surgeon") -> str:
    version = encounters.get(clinic.surgeon, old.encounter_id).version
    return decisions.amend(clinic.people[who], old.id, version, choice, why)


def test_a_signed_decision_is_amended_after_the_visit_and_the_old_one_stays(clinic: Clinic) -> None:
    old = ended(clinic, operation("MED", side="right"))
    new_id = amend(clinic, old, operation("MED", side="left"), "  wrong side  ")
    new, kept = consults.decisions_of(encounters.get(clinic.surgeon, old.encounter_id))
    assert (new.id, new.side, new.amended) == (new_id, "left", None)
    assert (kept.id, kept.side) == (old.id, "right")
    assert (kept.amended.decision_id, kept.amended.reason) == (new_id, "wrong side")
    assert new.amends.amends_id == old.id
    assert encounters.get(clinic.surgeon, old.encounter_id).stage == "finished"


def test_a_decision_is_amended_once_and_then_its_successor(clinic: Clinic) -> None:
    old = ended(clinic, operation("MED"))
    new_id = amend(clinic, old, conservative())
    with pytest.raises(Conflict) as again:
        amend(clinic, old, not_now())
    assert again.value.code == "decision_amended"
    amend(clinic, decisions.find(clinic.surgeon, new_id), not_now())
    assert len(consults.decisions_of(encounters.get(clinic.surgeon, old.encounter_id))) == 3


def test_two_surgeons_who_amend_at_once_do_not_both_succeed(clinic: Clinic) -> None:
    old = ended(clinic, operation("MED"))
    version = encounters.get(clinic.surgeon, old.encounter_id).version
    told = at_once(
        lambda: decisions.amend(clinic.surgeon, old.id, version, conservative(), "one"),
        lambda: decisions.amend(clinic.surgeon2, old.id, version, not_now(), "two"),
    )
    assert [type(error) for error in told] in ([Stale], [Conflict])
    assert len(consults.decisions_of(encounters.get(clinic.surgeon, old.encounter_id))) == 2


@pytest.mark.parametrize("choice", [Choice("imaging", modality="ct", identified=True), TRANSFER])
def test_who_has_gone_home_is_not_moved_by_an_amendment(clinic: Clinic, choice: Choice) -> None:
    old = ended(clinic, operation("MED"))
    with pytest.raises(Refused) as refused:
        amend(clinic, old, choice)
    assert refused.value.code == "amend_kind"


@pytest.mark.parametrize(
    ("choice", "why", "code"),
    [
        (conservative(), "  ", "amend_reason_needed"),
        (conservative(identified=False), "why", "identity_needed"),
        (operation("PLIF", ""), "why", "level_needed"),
    ],
)
def test_an_amendment_needs_its_reason_and_all_that_a_decision_needs(
    clinic: Clinic, choice: Choice, why: str, code: str
) -> None:
    old = ended(clinic, operation("MED"))
    with pytest.raises(Refused) as refused:
        amend(clinic, old, choice, why)
    assert refused.value.code == code
    assert decisions.find(clinic.surgeon, old.id).amended is None


def test_a_decision_of_an_open_visit_is_followed_by_another_and_not_amended(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, Choice("back_to_nurse", note="Since when?", identified=True))
    with pytest.raises(Conflict):
        amend(clinic, signed(clinic, encounter), conservative())


def test_an_operation_in_an_emergency_is_corrected_there(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "emergency")
    decide(clinic, encounter, operation("MD", side="right"))
    amend(clinic, signed(clinic, encounter), operation("MD", side="left"))
    assert signed(clinic, encounter).side == "left"
    with pytest.raises(Refused):
        amend(clinic, signed(clinic, encounter), conservative())
    assert now(clinic, encounter).is_emergency


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "radiographer"])
def test_only_a_surgeon_amends(clinic: Clinic, who: str) -> None:
    old = ended(clinic, operation("MED"))
    with pytest.raises(NotAllowed):
        amend(clinic, old, conservative(), who=who)


def test_a_decision_of_another_site_is_not_there(clinic: Clinic) -> None:
    old = ended(clinic, operation("MED"))
    other = build_clinic("osaka", clinic.nurse.organisation_id, "_o")
    with pytest.raises(NotFound):
        decisions.amend(other.surgeon, old.id, 1, conservative(), "why")


def test_a_page_older_than_the_visit_amends_nothing(clinic: Clinic) -> None:
    old = ended(clinic, operation("MED"))
    version = encounters.get(clinic.surgeon, old.encounter_id).version
    with pytest.raises(Stale):
        decisions.amend(clinic.surgeon, old.id, version - 1, conservative(), "why")


def test_the_way_after_the_decision_follows_its_amendment(clinic: Clinic) -> None:
    old = ended(clinic, operation("PLIF", "L4-5"))
    patient = encounters.get(clinic.surgeon, old.encounter_id).patient_id
    new_id = amend(clinic, old, operation("PLIF", "L3-4"))
    (going,) = open_ways(clinic, patient)
    assert (going.decision_id, going.level) == (new_id, "L3-4")
    amend(clinic, decisions.find(clinic.surgeon, new_id), conservative())
    assert open_ways(clinic, patient) == []


def open_ways(clinic: Clinic, patient_id: str) -> list[Pathway]:
    return [row for row in pathway_lists.list_of_patient(clinic.surgeon, patient_id) if row.ended_at is None]


# Not now


def test_what_waits_comes_back_to_the_surgeons_list_a_week_before_its_day(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = ended(clinic, not_now())
    assert decisions.to_look_at_again(clinic.surgeon) == []
    late = clock.now().replace(year=LATER.year, month=5, day=20)
    monkeypatch.setattr(clock, "now", lambda: late)
    assert decisions.to_look_at_again(clinic.surgeon) == []
    monkeypatch.setattr(clock, "now", lambda: late + timedelta(days=6))
    assert [row.id for _, row in decisions.to_look_at_again(clinic.surgeon)] == [old.id]
    monkeypatch.setattr(clock, "now", lambda: late + timedelta(days=400))
    assert [row.id for _, row in decisions.to_look_at_again(clinic.surgeon)] == [old.id]
    other = build_clinic("osaka", clinic.nurse.organisation_id, "_o")
    assert decisions.to_look_at_again(other.surgeon) == []
    amend(clinic, old, not_now(review_on=date(2300, 1, 1)))
    assert decisions.to_look_at_again(clinic.surgeon) == []


def test_who_has_come_again_is_no_longer_looked_for(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    old = ended(clinic, not_now())
    late = clock.now().replace(year=LATER.year, month=7, day=20)
    monkeypatch.setattr(clock, "now", lambda: late)
    assert len(decisions.to_look_at_again(clinic.surgeon)) == 1
    patient = encounters.get(clinic.surgeon, old.encounter_id).patient_id
    encounters.check_in(clinic.reception, patient, "again")
    assert decisions.to_look_at_again(clinic.surgeon) == []


def test_an_urgent_question_that_is_open_keeps_a_decision_from_being_amended_downwards(clinic: Clinic) -> None:
    encounter = reopened(clinic, "emergency", "not known")
    decide(clinic, encounter, operation("MD"))
    with pytest.raises(Refused):
        amend(clinic, signed(clinic, encounter), conservative())
