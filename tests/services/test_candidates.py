"""The candidates of a case: by the rules in force at its site, and kept with the decision as the surgeon saw them."""

from tests.builders import Clinic, as_answers, build_clinic
from tests.published import put_in_force
from tests.services.test_consults import CONSERVATIVE, PROCEDURE, at_stage, decide, now
from triage.domain.candidate import Candidate
from triage.knowledge import rules_text
from triage.models import Encounter, TreatmentDecision
from triage.services import consults, intakes

LATERAL = {
    "back_pain": True, "prior_pt": True, "prior_medication": True, "prior_injection": False, "prior_relief": False,
}  # fmt: skip


def lateral(clinic: Clinic, encounter: Encounter) -> Candidate:
    found = consults.candidates_for(now(clinic, encounter))
    return next(candidate for candidate in found if candidate.procedure == "LLIF")


def test_a_recorded_diagnosis_and_level_are_weighed_at_once(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    assert lateral(clinic, encounter).verdict == "unknown"
    intakes.record_answers(clinic.surgeon, encounter.id, as_answers(LATERAL | {"dx_degenerative_disc": True}))
    assert [p.facts for p in lateral(clinic, encounter).for_] == [("dx_degenerative_disc",)]
    intakes.record_answers(clinic.surgeon, encounter.id, as_answers({"concerned_level": "L5-S1"}))
    assert lateral(clinic, encounter).verdict == "against"


def test_being_told_of_a_herniation_confirms_none(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.reception, encounter.id, as_answers({"diagnosis.herniated_disc": True}))
    found = {c.procedure: c for c in consults.candidates_for(now(clinic, encounter))}
    assert found["MED"].for_ == ()
    assert "dx_herniated_disc" in found["MED"].unknown[0].facts


def test_being_told_of_an_infection_bars_the_lateral_way(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({"diagnosis.discitis": True}))
    assert "LLIF-C-INFECTION" in {p.id for p in lateral(clinic, encounter).against}


def test_the_reading_in_force_is_the_one_of_the_site(clinic: Clinic) -> None:
    other = build_clinic("osaka", suffix="-o")
    here, there = at_stage(clinic, "review"), at_stage(other, "review")
    for who, encounter in ((clinic, here), (other, there)):
        intakes.record_answers(who.surgeon, encounter.id, as_answers(LATERAL))
    put_in_force(other.surgeon, rules_text.shipped().replace('reading = "any"', 'reading = "all"'))
    states = [
        next(p.state for p in lateral(who, encounter).prerequisites if p.id == "LLIF-P2")
        for who, encounter in ((clinic, here), (other, there))
    ]
    assert states == ["met", "not_met"]


def test_what_the_surgeon_saw_stays_with_the_decision(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.surgeon, encounter.id, as_answers(LATERAL | {"concerned_level": "L3-4"}))
    before = consults.candidates_for(now(clinic, encounter))
    decide(clinic, encounter, PROCEDURE)
    put_in_force(clinic.surgeon, rules_text.shipped().replace('reading = "any"', 'reading = "all"'))
    decision = consults.decisions_of(now(clinic, encounter))[0]
    assert consults.seen_candidates(decision) == before
    assert consults.candidates_for(now(clinic, encounter)) != before


def test_a_procedure_with_something_against_it_is_the_surgeons_to_choose(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.surgeon, encounter.id, as_answers({"imaging_concordant": False}))
    decide(clinic, encounter, PROCEDURE)
    assert consults.decisions_of(now(clinic, encounter))[0].procedure == PROCEDURE.procedure


def test_a_decision_from_before_the_candidates_shows_none(clinic: Clinic) -> None:
    assert consults.seen_candidates(TreatmentDecision(seen={"findings": {}, "suggestion": None})) == ()
    encounter = at_stage(clinic, "confirmation")
    decide(clinic, encounter, CONSERVATIVE)
    assert len(consults.seen_candidates(consults.decisions_of(now(clinic, encounter))[0])) == 14
