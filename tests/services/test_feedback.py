"""Words against a rule: kept with its version, answered once by the clinical lead, and never a patient's name."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from tests.at_once import at_once
from tests.builders import Clinic, build_clinic, wait
from tests.services.test_agreement import all_no, later, override, reloaded, triaged
from triage import knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused
from triage.models import AuditEvent, RuleFeedback, RuleFeedbackAnswer
from triage.services import emergencies, feedback, triage

BASE = knowledge.load().ruleset.default.id


def given(clinic: Clinic, text: str = "does not fit an athlete", rule: str = BASE) -> str:
    return feedback.give_feedback(clinic.nurse, wait(clinic.reception, all_no()).id, rule, text)


def test_feedback_is_kept_with_the_version_of_the_rule_and_is_on_the_record(clinic: Clinic) -> None:
    given(clinic, "  does not fit an athlete ")
    (said,) = feedback.list_feedback(clinic.surgeon, BASE)
    ruleset = knowledge.load().ruleset
    assert (said.text, said.staff.name, said.answer) == ("does not fit an athlete", clinic.nurse.name, None)
    assert (said.ruleset, said.ruleset_hash) == (ruleset.version, ruleset.hash)
    event = session.scalar(select(AuditEvent).where(AuditEvent.name == "rule_feedback_given"))
    assert event is not None
    assert event.encounter_id == said.encounter_id
    assert feedback.count_open(clinic.surgeon) == {BASE: 1}


def test_the_newest_comes_first_and_the_rest_on_further_pages(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "PAGE", 2)
    for number in range(3):
        later(monkeypatch, minutes=1)
        given(clinic, f"word {number}")
    assert [said.text for said in feedback.list_feedback(clinic.surgeon, BASE)] == ["word 2", "word 1"]
    assert [said.text for said in feedback.list_feedback(clinic.surgeon, BASE, 1)] == ["word 0"]


def test_only_who_decides_gives_feedback_with_words_on_a_rule_in_force(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    for who in (clinic.reception, clinic.radiographer, clinic.auditor, clinic.admin):
        with pytest.raises(NotAllowed):
            feedback.give_feedback(who, encounter.id, BASE, "words")
    with pytest.raises(Refused, match="note_needed"):
        feedback.give_feedback(clinic.nurse, encounter.id, BASE, "  ")
    with pytest.raises(NotFound):
        feedback.give_feedback(clinic.nurse, encounter.id, "NO-RULE", "words")
    other = build_clinic("osaka", clinic.nurse.organisation_id, "_osaka")
    with pytest.raises(NotFound):
        feedback.give_feedback(other.nurse, encounter.id, BASE, "words")


def test_the_clinical_lead_answers_and_it_is_no_longer_open(clinic: Clinic) -> None:
    feedback_id = given(clinic)
    assert feedback.answer(clinic.surgeon2, feedback_id, "changed in the next version") == BASE
    (said,) = feedback.list_feedback(clinic.nurse, BASE)
    assert said.answer is not None
    assert (said.answer.text, said.answer.staff.name) == ("changed in the next version", clinic.surgeon2.name)
    assert feedback.count_open(clinic.surgeon) == {}
    for who in (clinic.nurse, clinic.nurse2, clinic.surgeon, clinic.auditor, clinic.admin):
        with pytest.raises(NotAllowed):
            feedback.answer(who, feedback_id, "words")
    with pytest.raises(Refused, match="note_needed"):
        feedback.answer(clinic.surgeon2, given(clinic), " ")


def test_of_two_answers_at_the_same_moment_one_stands(clinic: Clinic) -> None:
    feedback_id = given(clinic)
    told = at_once(*[lambda: feedback.answer(clinic.surgeon2, feedback_id, "one") for _ in range(2)])
    assert [error.code for error in told] == ["already_answered"]
    session.remove()
    assert len(session.scalars(select(RuleFeedbackAnswer)).all()) == 1
    with pytest.raises(Conflict, match="already_answered"):
        feedback.answer(clinic.surgeon2, feedback_id, "later")


@pytest.mark.parametrize("table", [RuleFeedback, RuleFeedbackAnswer])
def test_what_was_written_is_never_edited(clinic: Clinic, table: type) -> None:
    feedback.answer(clinic.surgeon2, given(clinic), "an answer")

    @verb
    def edit(actor: Actor) -> None:
        session.scalars(select(table)).one().text = "never said"
        session.info["recorded"] = True

    with pytest.raises(DBAPIError, match="append-only"):
        edit(clinic.surgeon2)


def test_another_sites_words_are_invisible(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, "_osaka")
    feedback_id = given(clinic)
    triaged(clinic, override("specialist_consult", note="private"))
    assert not feedback.list_feedback(other.surgeon, BASE)
    assert not feedback.list_overrides(other.surgeon, BASE)
    assert feedback.count_open(other.surgeon) == {}
    with pytest.raises(NotFound):
        feedback.answer(other.surgeon2, feedback_id, "words")


def test_the_reason_for_another_way_stands_under_the_rules_that_had_fired(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    triaged(clinic)
    triaged(clinic, override("specialist_consult", note="an athlete"))
    later(monkeypatch, minutes=1)
    triaged(clinic, override("ct", note="a fall"))
    notes = [decision.note for decision in feedback.list_overrides(clinic.surgeon, BASE)]
    assert notes == ["a fall", "an athlete"]
    assert not feedback.list_overrides(clinic.surgeon, "PAIN-01")
    assert not feedback.list_overrides(clinic.surgeon, "BASE-%")


def test_an_undone_decision_is_not_listed_and_the_next_one_is(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter = triaged(clinic, override("specialist_consult", note="a slip"))
    later(monkeypatch, minutes=2)
    triage.recall(clinic.nurse, encounter.id)
    later(monkeypatch, minutes=2)
    again = reloaded(clinic, encounter)
    triage.decide(clinic.nurse, again.id, again.version, override("ct", note="meant"))
    assert [decision.note for decision in feedback.list_overrides(clinic.surgeon, BASE)] == ["meant"]


def test_an_emergency_taken_back_stands_under_its_rule(clinic: Clinic) -> None:
    pinned = wait(clinic.reception, all_no(**{knowledge.load().urgent_questions[0].id: True}))
    alarm = emergencies.find_open(reloaded(clinic, pinned))
    assert alarm is not None
    rule = alarm.rules[0]
    emergencies.propose_withdrawal(clinic.nurse, pinned.id, "asked again: no")
    assert not feedback.list_withdrawn(clinic.surgeon, rule)
    emergencies.decide_withdrawal(clinic.surgeon, pinned.id, True)
    assert [taken.reason for taken in feedback.list_withdrawn(clinic.surgeon, rule)] == ["asked again: no"]
    assert not feedback.list_withdrawn(clinic.surgeon, "PAIN-01")


def test_who_may_read_what_was_written(clinic: Clinic) -> None:
    may = {name for name, actor in clinic.people.items() if feedback.may_read_words(actor)}
    assert may >= {"nurse", "nurse2", "surgeon", "surgeon2"}
    assert not may & {"auditor", "admin"}
