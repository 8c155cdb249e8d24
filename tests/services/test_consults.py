"""The surgeon: what waits on which list, the signed decision, and where the patient goes by it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.at_once import at_once
from tests.builders import SAFE, Clinic, as_answers, build_clinic, wait
from tests.decisions import conservative, not_now, operation
from tests.services.test_triage import all_no, later, override
from triage import db, knowledge
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused, Stale
from triage.domain.treatment import KINDS
from triage.models import AuditEvent, AuditPayload, Encounter, TreatmentDecision
from triage.services import claims, consults, emergencies, encounters, imaging, intakes, orders, questions, triage
from triage.services.consults import Choice

SIGNED: dict[str, Any] = {"identified": True}
CONSERVATIVE = conservative()
IMAGING = Choice("imaging", modality="ct", note="L4/5", **SIGNED)
PROCEDURE = operation("MED")
BLOCK = operation("NERVE_BLOCK")
NOT_NOW = not_now()
QUESTION = Choice("back_to_nurse", note="Since when is the foot weak?", **SIGNED)
TRANSFER = Choice("transfer", note="MRI tonight", **SIGNED)
EVERY = (CONSERVATIVE, IMAGING, PROCEDURE, BLOCK, NOT_NOW, QUESTION, TRANSFER)
YESTERDAY = date(2001, 1, 1)
PROCEDURES = [item.id for item in knowledge.load().procedures]
WAYS = {"review": "specialist_consult", "confirmation": "conservative_first", "imaging": "ct"}


def at_stage(clinic: Clinic, stage: str, level: int = 4, **patient: Any) -> Encounter:
    """Return a patient whom the nurse has sent to this stage."""
    encounter = wait(clinic.reception, all_no(), **patient)
    if stage == "emergency":
        emergencies.raise_(clinic.nurse, encounter.id)
    elif stage in WAYS:
        triage.decide(clinic.nurse, encounter.id, encounter.version, override(WAYS[stage], level))
    return now(clinic, encounter)


def now(clinic: Clinic, encounter: Encounter) -> Encounter:
    return encounters.get(clinic.surgeon, encounter.id)


def decide(clinic: Clinic, encounter: Encounter, choice: Choice, who: str = "surgeon") -> str:
    """Sign on the page as it stands now."""
    return consults.decide(clinic.people[who], encounter.id, now(clinic, encounter).version, choice)


def refusal(clinic: Clinic, encounter: Encounter, choice: Choice) -> str:
    """Return why it is refused, and see that nothing was written."""
    before = now(clinic, encounter)
    stage, version = before.stage, before.version
    with pytest.raises((Refused, Conflict)) as refused:
        decide(clinic, encounter, choice)
    after = now(clinic, encounter)
    assert (after.stage, after.version, consults.decisions_of(after)) == (stage, version, [])
    return str(refused.value.code)


# Where each decision leads


@pytest.mark.parametrize("stage", ["review", "confirmation"])
@pytest.mark.parametrize(
    ("choice", "goes_to"),
    [
        (CONSERVATIVE, "finished"),
        (PROCEDURE, "finished"),
        (BLOCK, "finished"),
        (NOT_NOW, "finished"),
        (IMAGING, "imaging"),
        (QUESTION, "waiting"),
        (TRANSFER, "emergency"),
    ],
)
def test_each_decision_sends_the_patient_where_it_says(
    clinic: Clinic, stage: str, choice: Choice, goes_to: str
) -> None:
    encounter = at_stage(clinic, stage)
    decide(clinic, encounter, choice)
    after = now(clinic, encounter)
    assert after.stage == goes_to
    assert (after.finished_at is not None) == (goes_to == "finished")


def test_the_signature_keeps_what_was_decided_by_whom_and_what_it_was_made_on(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decision_id = decide(clinic, encounter, PROCEDURE)
    signed = consults.decisions_of(encounter)[0]
    assert (signed.id, signed.staff.name) == (decision_id, clinic.surgeon.name)
    assert (signed.kind, signed.procedure, signed.level, signed.side) == ("procedure", "MED", "L4-5", "right")
    assert signed.seen["suggestion"] == now(clinic, encounter).suggestion
    assert signed.seen["findings"]
    kept = select(AuditPayload.body).join(AuditEvent, AuditEvent.id == AuditPayload.event_id)
    assert list(db.session.scalars(kept.where(AuditEvent.name == "treatment_decided"))) == [
        {"decision": decision_id, "kind": "procedure", "procedure": "MED", "level": "L4-5", "side": "right"}
    ]


def test_a_signed_decision_cannot_be_edited(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decision_id = decide(clinic, encounter, PROCEDURE)

    @db.verb
    def edit(_actor: None) -> None:
        change = update(TreatmentDecision).where(TreatmentDecision.id == decision_id).values(side="left")
        db.session.execute(change)

    with pytest.raises(Exception, match="append"):
        edit(None)
    assert consults.decisions_of(encounter)[0].side == "right"


def test_further_imaging_is_ordered_in_the_surgeons_name_and_comes_back_to_the_surgeon(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, IMAGING)
    order = orders.orders_of(encounter)[-1]
    assert (order.status, order.modality, order.ordered_by) == ("ordered", "ct", clinic.surgeon.staff_id)
    imaging.start(clinic.radiographer, order.id, order.version, ("name", "number"), "no", SAFE)
    version = imaging.get(clinic.radiographer, order.id).version
    imaging.complete(clinic.radiographer, order.id, version, "L-spine", {})
    assert now(clinic, encounter).stage == "review"
    decide(clinic, encounter, PROCEDURE)
    assert now(clinic, encounter).stage == "finished"


def test_a_question_reaches_the_nurse_and_is_open_until_it_is_answered_and_ended(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, QUESTION)
    waiting = now(clinic, encounter)
    (asked,) = questions.list_of(clinic.nurse, waiting)
    assert (asked.words, asked.asker.name, asked.to_role) == (QUESTION.note, clinic.surgeon.name, "nurse")
    triage.decide(clinic.nurse, encounter.id, waiting.version, override("specialist_consult"))
    assert [one.id for one in questions.list_open(clinic.surgeon)] == [asked.id]


def test_a_decision_that_ends_the_visit_takes_back_what_was_asked_and_not_answered(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    questions.ask(clinic.surgeon, encounter.id, "nurse", "Does he smoke?")
    answered = questions.ask(clinic.surgeon, encounter.id, "nurse", "Since when?")
    questions.answer(clinic.nurse, answered, 1, "Two weeks")
    questions.ask(clinic.nurse, encounter.id, "surgeon", "May he eat?")
    decide(clinic, encounter, PROCEDURE)
    left = {one.words for one in questions.list_open(clinic.surgeon)}
    assert left == {"Since when?", "May he eat?"}, "an answer is read first, and the nurse still waits for hers"


def test_a_patient_sent_back_is_nobodys_so_that_the_nurse_can_take_over(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    claims.claim(clinic.surgeon, encounter.id)
    decide(clinic, encounter, QUESTION)
    assert now(clinic, encounter).claim is None


def test_a_transfer_opens_the_emergency_at_once(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, TRANSFER)
    after = now(clinic, encounter)
    alarm = emergencies.find_open(after)
    assert after.is_emergency
    assert alarm is not None
    assert (alarm.cause, alarm.note) == ("decided", "MRI tonight")


def test_a_transfer_needs_no_words(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, Choice("transfer", **SIGNED))
    assert now(clinic, encounter).stage == "emergency"


# What a decision needs


@pytest.mark.parametrize(
    ("choice", "field", "code"),
    [
        (Choice("", **SIGNED), "kind", "kind_needed"),
        (Choice("surgery", **SIGNED), "kind", "kind_needed"),
        (conservative(measures=()), "measures", "measure_needed"),
        (conservative(measures=("NONSENSE",)), "measures", "measure_needed"),
        (conservative(weeks=None), "weeks", "weeks_needed"),
        (conservative(weeks=105), "weeks", "weeks_needed"),
        (conservative(if_needed=False), "review_on", "return_needed"),
        (conservative(review_on=YESTERDAY), "review_on", "day_not_ahead"),
        (not_now(review_on=None), "review_on", "review_day_needed"),
        (not_now(review_on=YESTERDAY), "review_on", "day_not_ahead"),
        (not_now(note=" "), "note", "note_needed"),
        (Choice("back_to_nurse", **SIGNED), "note", "note_needed"),
        (Choice("imaging", **SIGNED), "modality", "modality_needed"),
        (Choice("imaging", modality="mri", **SIGNED), "modality", "modality_needed"),
        (operation(""), "procedure", "procedure_needed"),
        (operation("NONSENSE"), "procedure", "procedure_needed"),
        (operation("NERVE_BLOCK", kind="procedure"), "procedure", "procedure_needed"),
        (operation("MED", ""), "level", "level_needed"),
        (operation("MED", "L9-10"), "level", "level_needed"),
        (operation("PLIF", level_to="L3-4"), "level_to", "level_order"),
        (operation("PLIF", level_to="L9-10"), "level_to", "level_order"),
        (operation("MED", side=""), "side", "side_needed"),
        (operation("MED", side="middle"), "side", "side_needed"),
        (operation("MED", alternatives=()), "alternatives", "alternative_needed"),
        (operation("MED", alternatives=("NONSENSE",)), "alternatives", "alternative_needed"),
        (operation("MED", answers={}), "answers", "answers_needed"),
        (operation("MED", note=" "), "note", "why_accepted"),
        (operation("SCS", step=""), "step", "step_needed"),
        (operation("NERVE_BLOCK", block=""), "block", "block_needed"),
        (operation("NERVE_BLOCK", level=""), "level", "level_needed"),
        (operation("NERVE_BLOCK", side=""), "side", "side_needed"),
        (conservative(identified=False), "identified", "identity_needed"),
    ],
)
def test_what_is_lacking_is_said_at_its_field_and_nothing_is_signed(
    clinic: Clinic, choice: Choice, field: str, code: str
) -> None:
    encounter = at_stage(clinic, "review")
    assert consults.check(encounter, choice)[field] == code
    assert refusal(clinic, encounter, choice) == code


@pytest.mark.parametrize("kind", KINDS)
def test_no_decision_is_signed_before_the_identity_is_confirmed(clinic: Clinic, kind: str) -> None:
    choice = replace(operation("MED"), kind=kind, modality="ct", identified=False)
    assert consults.check(at_stage(clinic, "review"), choice)["identified"] == "identity_needed"


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_every_procedure_asks_for_level_and_side_where_it_needs_them(clinic: Clinic, procedure: str) -> None:
    known = next(item for item in knowledge.load().procedures if item.id == procedure)
    encounter = at_stage(clinic, "review")
    lacking = consults.check(encounter, operation(procedure, "", ""))
    needed = {"level": known.needs_level, "side": known.needs_side}
    assert lacking.keys() == {name for name, asked in needed.items() if asked}
    decide(clinic, encounter, operation(procedure, side="left"))
    signed = consults.decisions_of(encounter)[0]
    assert (signed.procedure, signed.level) == (procedure, "L4-5")
    assert signed.side == ("left" if known.needs_side else "")


def test_what_was_left_over_from_another_kind_is_not_signed(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    left_over = replace(operation("MED"), kind="conservative", modality="ct", note=" rest ")
    decide(clinic, encounter, replace(left_over, measures=("brace",), weeks=6, if_needed=True))
    signed = consults.decisions_of(encounter)[0]
    assert (signed.procedure, signed.level, signed.side, signed.modality, signed.note) == ("", "", "", "", "rest")
    assert signed.details == {"measures": ["brace"], "weeks": 6, "if_needed": True}


# Up is free, down is guarded


def reopened(clinic: Clinic, stage: str, answer: Any) -> Encounter:
    """Return a patient at this stage with one urgent question opened again since."""
    encounter = at_stage(clinic, stage)
    question = knowledge.load().urgent_questions[0].id
    intakes.record_answers(
        clinic.nurse, encounter.id, {question: answer} if answer is None else as_answers({question: answer})
    )
    return now(clinic, encounter)


@pytest.mark.parametrize("stage", ["review", "confirmation"])
@pytest.mark.parametrize("choice", [CONSERVATIVE, PROCEDURE, BLOCK, NOT_NOW])
def test_nobody_is_sent_home_while_an_urgent_question_is_unanswered(clinic: Clinic, stage: str, choice: Choice) -> None:
    assert refusal(clinic, reopened(clinic, stage, None), choice) == "unanswered"


@pytest.mark.parametrize("choice", [CONSERVATIVE, BLOCK, NOT_NOW])
@pytest.mark.parametrize("stage", ["review", "confirmation"])
def test_what_does_not_help_against_a_danger_stays_closed_while_an_urgent_answer_is_not_known(
    clinic: Clinic, stage: str, choice: Choice
) -> None:
    assert refusal(clinic, reopened(clinic, stage, "not known"), choice) == "not_known_closes"


@pytest.mark.parametrize("answer", [None, "not known"])
@pytest.mark.parametrize("choice", [IMAGING, QUESTION, TRANSFER])
def test_an_open_question_never_closes_the_way_to_more_care(clinic: Clinic, answer: Any, choice: Choice) -> None:
    encounter = reopened(clinic, "review", answer)
    decide(clinic, encounter, choice)
    assert now(clinic, encounter).stage != "review"


@pytest.mark.parametrize("choice", [CONSERVATIVE, IMAGING, BLOCK, NOT_NOW, QUESTION])
def test_an_emergency_is_not_taken_back_by_a_treatment_decision(clinic: Clinic, choice: Choice) -> None:
    assert refusal(clinic, at_stage(clinic, "emergency"), choice) == "emergency_stands"


@pytest.mark.parametrize("choice", [PROCEDURE, TRANSFER])
def test_an_emergency_stays_pinned_whatever_is_decided_in_it(clinic: Clinic, choice: Choice) -> None:
    encounter = at_stage(clinic, "emergency")
    decide(clinic, encounter, choice)
    after = now(clinic, encounter)
    assert (after.stage, after.is_emergency) == ("emergency", True)
    assert emergencies.find_open(after) is not None
    assert encounters.timeline(after)[-1].step == "decide_in_emergency"


@pytest.mark.parametrize("stage", ["waiting", "imaging"])
@pytest.mark.parametrize("choice", [CONSERVATIVE, IMAGING, PROCEDURE, QUESTION])
def test_who_is_not_on_the_surgeons_list_is_not_decided_on(clinic: Clinic, stage: str, choice: Choice) -> None:
    assert refusal(clinic, at_stage(clinic, stage), choice) == "step_not_possible"


@pytest.mark.parametrize("stage", ["waiting", "imaging", "review", "confirmation"])
def test_a_surgeon_transfers_from_wherever_the_patient_is(clinic: Clinic, stage: str) -> None:
    encounter = at_stage(clinic, stage)
    decide(clinic, encounter, TRANSFER)
    assert now(clinic, encounter).is_emergency


@pytest.mark.parametrize("choice", EVERY)
def test_a_finished_visit_takes_no_further_decision(clinic: Clinic, choice: Choice) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, CONSERVATIVE)
    with pytest.raises(Conflict):
        decide(clinic, encounter, choice, "surgeon2")
    assert len(consults.decisions_of(encounter)) == 1


# Who, and one after the other


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "radiographer"])
def test_only_a_surgeon_signs(clinic: Clinic, who: str) -> None:
    encounter = at_stage(clinic, "review")
    with pytest.raises(NotAllowed):
        decide(clinic, encounter, CONSERVATIVE, who)
    assert now(clinic, encounter).stage == "review"


@pytest.mark.parametrize("choice", EVERY)
def test_a_page_older_than_the_patients_state_decides_nothing(clinic: Clinic, choice: Choice) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({"mrc_l5_right": 3}))
    with pytest.raises(Stale) as stale:
        consults.decide(clinic.surgeon, encounter.id, encounter.version, choice)
    assert stale.value.by == clinic.nurse.name
    assert not consults.decisions_of(encounter)


def test_of_two_surgeons_who_sign_at_once_one_does(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    version = encounter.version
    told = at_once(
        lambda: consults.decide(clinic.surgeon, encounter.id, version, CONSERVATIVE),
        lambda: consults.decide(clinic.surgeon2, encounter.id, version, PROCEDURE),
    )
    assert len(told) == 1
    assert isinstance(told[0], Conflict)
    assert len(consults.decisions_of(encounter)) == 1


def test_a_surgeon_of_another_site_sees_and_decides_nothing(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    other = build_clinic("osaka", clinic.nurse.organisation_id, "_o")
    assert not consults.list_cases(other.surgeon, "review")
    with pytest.raises(NotFound):
        consults.decide(other.surgeon, encounter.id, encounter.version, CONSERVATIVE)


# The lists


def test_each_list_shows_the_most_urgent_and_then_the_longest_waiting_first(clinic: Clinic) -> None:
    first, second = at_stage(clinic, "review"), at_stage(clinic, "review")
    urgent = at_stage(clinic, "review", level=3)
    at_stage(clinic, "imaging")
    confirm = at_stage(clinic, "confirmation")
    assert ids(clinic, "review") == [urgent.id, first.id, second.id]
    assert ids(clinic, "confirmation") == [confirm.id]


def ids(clinic: Clinic, stage: str) -> list[str]:
    return [case.encounter.id for case in consults.list_cases(clinic.surgeon, stage)]


@pytest.mark.parametrize("stage", ["review", "confirmation"])
def test_each_list_has_a_limit_and_says_who_is_over_it(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    at_stage(clinic, stage)
    limit = knowledge.load().lists[stage].minutes
    case = consults.list_cases(clinic.surgeon, stage)[0]
    assert (case.minutes, case.limit, case.is_over) == (0, limit, False)
    later(monkeypatch, minutes=limit + 1, seconds=5)
    late = consults.list_cases(clinic.surgeon, stage)[0]
    assert (late.minutes, late.is_over) == (limit + 1, True)
    assert timedelta(minutes=late.minutes) > timedelta(minutes=late.limit)


def test_next_and_previous_lead_through_the_review_and_then_the_list_to_confirm(clinic: Clinic) -> None:
    confirm, first, second = (at_stage(clinic, stage) for stage in ("confirmation", "review", "review"))
    assert consults.neighbours(clinic.surgeon, first) == (None, second.id)
    assert consults.neighbours(clinic.surgeon, second) == (first.id, confirm.id)
    assert consults.neighbours(clinic.surgeon, confirm) == (second.id, None)
    elsewhere = at_stage(clinic, "waiting")
    assert consults.neighbours(clinic.surgeon, elsewhere) == (None, first.id)


def test_a_request_for_imaging_and_an_unsigned_record_wait_for_the_surgeon_too(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "imaging")
    request = orders.orders_of(encounter)[0]
    assert [order.id for order in imaging.list_orders(clinic.surgeon) if order.status == "requested"] == [request.id]
    imaging.order(clinic.surgeon, request.id, request.version)
    assert not [order for order in imaging.list_orders(clinic.surgeon) if order.status == "requested"]
