"""Rules come into force by a clinical lead who did not write them, go back in one step, and lose no emergency."""

import pytest
from sqlalchemy import select

from tests.at_once import at_once
from tests.builders import Clinic, build_clinic, wait
from tests.published import ALARM, OTHER
from triage import knowledge
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused, Stale
from triage.domain.findings import Answer
from triage.knowledge import rules_text
from triage.models import AuditEvent, RulesetPublication, RulesetVersion, TriageDecision
from triage.services import (
    emergencies,
    encounters,
    intakes,
    publications,
    rule_drafts,
    rulesets,
    simulations,
    staff,
    triage,
)
from triage.services.organisations import today

SHIPPED = knowledge.load().ruleset
KEENER = rules_text.shipped().replace("2026.11-", "2027.01-").replace("pain_nrs >= 8", "pain_nrs >= 7")
KEENEST = KEENER.replace("2027.01-", "2027.02-").replace("pain_nrs >= 7", "pain_nrs >= 6")
ALARMING = KEENER + ALARM


def simulate(actor: Actor, draft_id: str) -> None:
    day = today(actor.site_id)
    simulation = simulations.get(actor, simulations.start(actor, draft_id, day, day))
    while simulation.finished_at is None:
        simulation = simulations.step(actor, simulation.id, simulation.done)


def draft(clinic: Clinic, text: str = KEENER, author: str = "surgeon") -> RulesetVersion:
    """Write a draft, try it out, and return it as the lead sees it."""
    draft_id = rule_drafts.create(clinic.people[author], text, "why")
    wait(clinic.reception)
    simulate(clinic.people[author], draft_id)
    return rulesets.get_version(clinic.surgeon2, draft_id)


def hash_now(clinic: Clinic) -> str:
    return rulesets.in_force(clinic.site_id).ruleset.hash


def put(clinic: Clinic, row: RulesetVersion, who: Actor | None = None) -> str:
    return publications.publish(who or clinic.surgeon2, row.id, row.version, hash_now(clinic))


def events(name: str) -> int:
    return len(session.scalars(select(AuditEvent).where(AuditEvent.name == name)).all())


def test_a_draft_of_the_surgeon_is_published_by_the_clinical_lead(clinic: Clinic) -> None:
    row = draft(clinic)
    assert hash_now(clinic) == SHIPPED.hash
    put(clinic, row)
    assert hash_now(clinic) == row.content_hash != SHIPPED.hash
    publication = rulesets.find_publication(clinic.site_id)
    assert publication
    assert (publication.staff.name, publication.name) == (clinic.surgeon2.name, row.name)
    assert events("rules_published") == 1


@pytest.mark.parametrize("who", ["admin", "nurse", "nurse2", "surgeon", "reception", "auditor"])
def test_nobody_else_publishes_rolls_back_or_signs(clinic: Clinic, who: str) -> None:
    row = draft(clinic)
    for refused in (
        lambda: put(clinic, row, clinic.people[who]),
        lambda: publications.roll_back(clinic.people[who], None, hash_now(clinic), "why"),
        lambda: publications.sign(clinic.people[who], SHIPPED.hash, "I do"),
        lambda: publications.withdraw_signature(clinic.people[who], SHIPPED.hash, "I do"),
    ):
        with pytest.raises(NotAllowed):
            refused()
    assert hash_now(clinic) == SHIPPED.hash


def test_the_author_does_not_publish(clinic: Clinic) -> None:
    with pytest.raises(NotAllowed, match="author_publishes"):
        put(clinic, draft(clinic, author="surgeon2"))
    assert rulesets.find_publication(clinic.site_id) is None


def test_nor_does_who_changed_a_word_in_it(clinic: Clinic) -> None:
    row = draft(clinic)
    rule_drafts.save(clinic.surgeon2, row.id, row.version, KEENEST)
    simulate(clinic.surgeon, row.id)
    with pytest.raises(NotAllowed, match="author_publishes"):
        put(clinic, rulesets.get_version(clinic.surgeon2, row.id))


def test_a_draft_that_was_not_simulated_is_not_published(clinic: Clinic) -> None:
    draft_id = rule_drafts.create(clinic.surgeon, KEENER)
    with pytest.raises(Refused, match="not_simulated"):
        put(clinic, rulesets.get_version(clinic.surgeon2, draft_id))


def test_nor_one_that_changed_after_its_simulation(clinic: Clinic) -> None:
    row = draft(clinic)
    rule_drafts.save(clinic.surgeon, row.id, row.version, KEENEST)
    with pytest.raises(Refused, match="not_simulated"):
        put(clinic, rulesets.get_version(clinic.surgeon2, row.id))


def test_nor_one_that_loses_an_emergency(clinic: Clinic) -> None:
    blind = KEENER.replace('acuity = "emergency"\n', 'acuity = "urgent"\n').replace("level = 1\n", "level = 3\n")
    with pytest.raises(Refused, match="emergency_lost"):
        put(clinic, draft(clinic, blind))


def test_nor_one_that_says_nothing_new_or_bears_a_name_that_others_bear(clinic: Clinic) -> None:
    with pytest.raises(Refused, match="already_in_force"):
        put(clinic, draft(clinic, rules_text.shipped()))
    with pytest.raises(Refused, match="version_name_taken"):
        put(clinic, draft(clinic, rules_text.shipped().replace("pain_nrs >= 8", "pain_nrs >= 7")))


def test_of_two_leads_who_publish_at_the_same_moment_one_is_told_to_look_again(clinic: Clinic) -> None:
    one, other = draft(clinic), draft(clinic, KEENEST)
    staff.add(clinic.admin, "lead3", "Lead Three", "a long password", ("surgeon", "clinical_lead"))
    seen, lead = hash_now(clinic), clinic.surgeon2
    told = at_once(
        lambda: publications.publish(lead, one.id, one.version, seen),
        lambda: publications.publish(lead, other.id, other.version, seen),
    )
    assert [error.code for error in told] == ["rules_changed_meanwhile"]
    assert hash_now(clinic) in (one.content_hash, other.content_hash)
    assert len(session.scalars(select(RulesetPublication)).all()) == 1


def test_one_draft_is_published_once(clinic: Clinic) -> None:
    row = draft(clinic)
    seen = hash_now(clinic)
    told = at_once(*[lambda: publications.publish(clinic.surgeon2, row.id, row.version, seen)] * 2)
    assert [type(error) for error in told] == [Conflict]
    assert len(session.scalars(select(RulesetPublication)).all()) == 1


def test_an_old_page_publishes_nothing(clinic: Clinic) -> None:
    row = draft(clinic)
    with pytest.raises(Stale):
        publications.publish(clinic.surgeon2, row.id, row.version - 1, hash_now(clinic))


def test_rollback_in_one_step_restores_exactly_the_rules_of_before(clinic: Clinic) -> None:
    first, second = draft(clinic), draft(clinic, KEENEST)
    put(clinic, first)
    simulate(clinic.surgeon, second.id)
    put(clinic, second)
    publications.roll_back(clinic.surgeon2, first.id, second.content_hash, "too many urgent")
    assert hash_now(clinic) == first.content_hash
    publications.roll_back(clinic.surgeon2, None, first.content_hash, "back to the start")
    assert hash_now(clinic) == SHIPPED.hash
    kinds = [(p.kind, p.content_hash) for p in rulesets.list_publications(clinic.nurse)]
    assert [kind for kind, _ in kinds] == ["rolled_back", "rolled_back", "published", "published"]
    kept = session.scalars(select(RulesetVersion).where(RulesetVersion.author_id.is_(None))).one()
    assert (kept.content_hash, kept.content) == (SHIPPED.hash, rules_text.shipped())


@pytest.mark.parametrize(
    ("reason", "hash_seen", "code"),
    [("", "now", "note_needed"), ("why", "old", "rules_changed_meanwhile"), ("why", "shipped", "already_in_force")],
)
def test_a_rollback_needs_a_reason_and_a_fresh_look(clinic: Clinic, reason: str, hash_seen: str, code: str) -> None:
    if hash_seen != "shipped":
        put(clinic, draft(clinic))
    seen = {"now": hash_now(clinic), "old": "0" * 64, "shipped": SHIPPED.hash}[hash_seen]
    with pytest.raises((Refused, Conflict), match=code):
        publications.roll_back(clinic.surgeon2, None, seen, reason)


def test_only_what_was_in_force_is_put_back(clinic: Clinic) -> None:
    row = draft(clinic)
    with pytest.raises(Refused, match="not_published"):
        publications.roll_back(clinic.surgeon2, row.id, hash_now(clinic), "why")
    other = build_clinic("kyoto", suffix="-k")
    with pytest.raises(NotFound):
        publications.roll_back(other.people["surgeon2"], row.id, SHIPPED.hash, "why")


def test_an_emergency_under_the_new_rules_is_pinned_at_the_moment_of_publication(clinic: Clinic) -> None:
    hurting, untold = wait(clinic.reception, {"back_pain": True}), wait(clinic.reception)
    row = draft(clinic, ALARMING)
    assert not encounters.get(clinic.nurse, hurting.id).is_emergency
    put(clinic, row)
    now = encounters.get(clinic.nurse, hurting.id)
    assert now.is_emergency
    assert emergencies.find_open(now)
    assert now.suggestion
    assert now.suggestion["ruleset_hash"] == row.content_hash
    assert now.version > hurting.version  # who had the sheet open is told to look again
    assert not encounters.get(clinic.nurse, untold.id).is_emergency
    assert events("suggestion_renewed") >= 2


def test_no_publication_takes_an_emergency_back(clinic: Clinic) -> None:
    put(clinic, draft(clinic, ALARMING))
    hurting = wait(clinic.reception, {"back_pain": True})
    assert hurting.is_emergency
    publications.roll_back(clinic.surgeon2, None, hash_now(clinic), "too many")
    now = encounters.get(clinic.nurse, hurting.id)
    assert now.is_emergency
    assert emergencies.find_open(now)
    assert now.suggestion
    assert now.suggestion["level"] > 2


def test_nor_may_its_answer_be_changed_because_its_rule_is_no_longer_in_force(clinic: Clinic) -> None:
    put(clinic, draft(clinic, ALARMING))
    hurting = wait(clinic.reception, {"back_pain": True})
    publications.roll_back(clinic.surgeon2, None, hash_now(clinic), "too many")
    for answer in (Answer(True, False), Answer(False), None):
        with pytest.raises(Refused, match="answer_holds_emergency"):
            intakes.record_answers(clinic.nurse, hurting.id, {"back_pain": answer})
    intakes.record_answers(clinic.nurse, hurting.id, {"leg_pain": Answer(True, True)})
    emergencies.propose_withdrawal(clinic.nurse, hurting.id, "the rule was too wide")
    emergencies.decide_withdrawal(clinic.nurse2, hurting.id, agree=True)
    intakes.record_answers(clinic.nurse, hurting.id, {"back_pain": Answer(True, False)})
    assert not encounters.get(clinic.nurse, hurting.id).is_emergency


def test_a_decision_keeps_the_rules_it_was_made_on(clinic: Clinic) -> None:
    calm = {question.id: False for question in knowledge.load().urgent_questions}
    encounter = wait(clinic.reception, calm)
    current = encounters.get(clinic.nurse, encounter.id)
    level, route = (current.suggestion or {})["level"], (current.suggestion or {})["route"]
    decision_id = triage.decide(clinic.nurse, encounter.id, current.version, triage.Choice(level, route)).id
    put(clinic, draft(clinic))
    session.close()
    decision = session.get_one(TriageDecision, decision_id)
    assert (decision.ruleset, decision.ruleset_hash) == (SHIPPED.version, SHIPPED.hash)
    assert decision.suggestion["ruleset_hash"] == SHIPPED.hash


# The sign-off record


def test_the_clinical_lead_signs_one_content_and_may_withdraw_it(clinic: Clinic) -> None:
    assert rulesets.signed_hashes(clinic.site_id) == frozenset()
    publications.sign(clinic.surgeon2, SHIPPED.hash, "I reviewed every rule.")
    assert rulesets.signed_hashes(clinic.site_id) == {SHIPPED.hash}
    with pytest.raises(Conflict, match="already_signed_rules"):
        publications.sign(clinic.surgeon2, SHIPPED.hash, "Again.")
    put(clinic, draft(clinic))
    assert hash_now(clinic) not in rulesets.signed_hashes(clinic.site_id)
    publications.withdraw_signature(clinic.surgeon2, SHIPPED.hash, "A source was withdrawn.")
    assert rulesets.signed_hashes(clinic.site_id) == frozenset()
    with pytest.raises(Conflict, match="not_signed_rules"):
        publications.withdraw_signature(clinic.surgeon2, SHIPPED.hash, "Again.")
    kinds = [row.kind for row in rulesets.list_signatures(clinic.nurse)]
    assert kinds == ["withdrawn", "signed"]


def test_a_signature_says_something_about_rules_that_are_or_were_in_force(clinic: Clinic) -> None:
    with pytest.raises(Refused, match="statement_needed"):
        publications.sign(clinic.surgeon2, SHIPPED.hash, "  ")
    with pytest.raises(Refused, match="not_published"):
        publications.sign(clinic.surgeon2, draft(clinic).content_hash, "I do")


def test_a_signature_at_one_clinic_is_none_at_another(clinic: Clinic) -> None:
    other = build_clinic("kyoto", suffix="-k")
    publications.sign(clinic.surgeon2, SHIPPED.hash, "I reviewed every rule.")
    assert rulesets.signed_hashes(other.site_id) == frozenset()


# Drafts


@pytest.mark.parametrize("who", ["nurse", "reception", "admin", "auditor", "radiographer"])
def test_only_surgeons_and_leads_draft(clinic: Clinic, who: str) -> None:
    with pytest.raises(NotAllowed):
        rule_drafts.create(clinic.people[who], KEENER)


def test_a_broken_draft_is_refused_with_line_and_reason(clinic: Clinic) -> None:
    broken = KEENER.replace("bladder_change and", "bladder_chance and", 1)
    with pytest.raises(Refused, match="draft_unsound") as error:
        rule_drafts.create(clinic.surgeon, broken)
    assert "unknown name: bladder_chance" in str(error.value.params["why"])
    fault = rule_drafts.fault_in(broken)
    assert fault
    assert broken.splitlines()[fault.line - 1] == "[[rule]]"
    assert rule_drafts.fault_in(KEENER) is None
    assert not rulesets.list_drafts(clinic.surgeon)


def test_of_two_authors_the_second_sees_what_the_first_wrote(clinic: Clinic) -> None:
    draft_id = rule_drafts.create(clinic.surgeon, KEENER)
    rule_drafts.save(clinic.nurse2, draft_id, 1, KEENEST, "one more")
    with pytest.raises(Stale) as error:
        rule_drafts.save(clinic.surgeon, draft_id, 1, OTHER)
    assert error.value.by == clinic.nurse2.name
    assert error.value.current["content"] == KEENEST
    assert rulesets.get_version(clinic.surgeon, draft_id).authors == sorted(
        [clinic.surgeon.staff_id, clinic.nurse2.staff_id]
    )


def test_a_published_or_discarded_draft_is_changed_no_more(clinic: Clinic) -> None:
    row = draft(clinic)
    put(clinic, row)
    with pytest.raises(Conflict, match="draft_is_closed"):
        rule_drafts.save(clinic.surgeon, row.id, row.version, KEENEST)
    thrown = rule_drafts.create(clinic.surgeon, KEENEST)
    rule_drafts.discard(clinic.surgeon, thrown, 1)
    with pytest.raises(Conflict, match="draft_is_closed"):
        rule_drafts.discard(clinic.surgeon, thrown, 2)
    with pytest.raises(Conflict, match="draft_is_closed"):
        put(clinic, rulesets.get_version(clinic.surgeon2, thrown))
    assert not rulesets.list_drafts(clinic.surgeon)


@pytest.mark.parametrize("turn", range(4))
def test_an_answer_saved_at_the_moment_of_publication_is_judged_by_the_new_rules(clinic: Clinic, turn: int) -> None:
    row, encounter = draft(clinic, ALARMING), wait(clinic.reception)
    seen, told = hash_now(clinic), {"back_pain": Answer(True, True)}
    uses = [
        lambda: publications.publish(clinic.surgeon2, row.id, row.version, seen),
        lambda: intakes.record_answers(clinic.nurse, encounter.id, told),
    ]
    assert at_once(*(uses if turn % 2 else uses[::-1])) == []
    now = encounters.get(clinic.nurse, encounter.id)
    assert now.is_emergency
    assert emergencies.find_open(now)
