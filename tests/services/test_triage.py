"""The decision on the triage sheet: accepting, another way with a reason, where the patient goes, undoing it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.at_once import at_once
from tests.builders import Clinic, arrive, as_answers, build_clinic, wait
from triage import clock, db, knowledge
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused, Stale
from triage.domain.lifecycle import ROUTES
from triage.models import AuditEvent, Encounter, ImagingOrder, TriageDecision
from triage.services import claims, emergencies, encounters, intakes, orders, triage

OTHER_ROUTES = sorted(set(ROUTES) - {"emergency_specialist"})


def all_no(**but: Any) -> dict[str, Any]:
    """Answer every urgent question with no, except those given."""
    return {question.id: False for question in knowledge.load().urgent_questions} | but


def reloaded(clinic: Clinic, encounter: Encounter) -> Encounter:
    return encounters.get(clinic.nurse, encounter.id)


def suggested(encounter: Encounter, **but: Any) -> triage.Choice:
    """Return the choice that accepts the suggestion."""
    now = triage.situation(encounter).suggestion
    modality = triage.suggested_modality(now) or "ct"
    return triage.Choice(now.level, now.route, **({"modality": modality, "without": "the rest follows"} | but))


def override(route: str, level: int = 4, **but: Any) -> triage.Choice:
    return triage.Choice(
        level, route, **({"modality": "ct", "reason": "findings_differ", "without": "the rest follows"} | but)
    )


def orders_of(encounter: Encounter) -> list[ImagingOrder]:
    query = select(ImagingOrder).where(ImagingOrder.encounter_id == encounter.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def events(encounter: Encounter, name: str) -> int:
    query = select(AuditEvent).where(AuditEvent.encounter_id == encounter.id, AuditEvent.name == name)
    return len(list(db.session.scalars(query)))


def later(monkeypatch: pytest.MonkeyPatch, **time: float) -> None:
    moment = clock.now() + timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: moment)


# Accepting


def test_accepting_keeps_the_suggestion_the_findings_and_the_version_of_the_rules(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, suggested(encounter))
    decision = triage.decisions_of(encounter)[0]
    assert decision.accepted
    assert (decision.suggestion["level"], decision.suggestion["route"]) == (decision.acuity, decision.route)
    assert decision.ruleset == knowledge.load().ruleset.version
    assert decision.staff.name == clinic.nurse.name
    assert decision.findings
    assert events(encounter, "triage_decided") == 1


def test_accepted_is_kept_as_accepted_only_when_level_and_route_are_the_suggested_ones(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    now = triage.situation(encounter).suggestion
    choice = triage.Choice(now.level - 1, now.route, reason="findings_differ", note="more pain than it sounds")
    triage.decide(clinic.nurse, encounter.id, encounter.version, choice)
    decision = triage.decisions_of(encounter)[0]
    assert not decision.accepted
    assert (decision.reason, decision.note) == ("findings_differ", "more pain than it sounds")


def test_a_surgeon_may_decide_too(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.surgeon, encounter.id, encounter.version, suggested(encounter))
    assert reloaded(clinic, encounter).stage != "waiting"


# Where each route leads


@pytest.mark.parametrize(
    ("route", "stage"),
    [
        ("specialist_consult", "review"),
        ("xray", "imaging"),
        ("ct", "imaging"),
        ("imaging_then_specialist", "imaging"),
        ("conservative_first", "confirmation"),
        ("emergency_specialist", "emergency"),
    ],
)
def test_where_each_route_leads(clinic: Clinic, route: str, stage: str) -> None:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, override(route))
    routed = reloaded(clinic, encounter)
    assert (routed.stage, routed.route) == (stage, route)
    assert routed.acuity == (2 if stage == "emergency" else 4)
    assert (emergencies.find_open(routed) is not None) == (stage == "emergency")


@pytest.mark.parametrize(
    ("route", "modality", "specialist"),
    [("xray", "xray", False), ("ct", "ct", False), ("imaging_then_specialist", "xray", True)],
)
def test_a_nurses_route_to_imaging_is_a_request_and_no_order(
    clinic: Clinic, route: str, modality: str, specialist: bool
) -> None:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, override(route, modality="xray"))
    order = orders_of(encounter)[0]
    assert (order.status, order.modality, order.then_specialist, order.ordered_by) == (
        "requested", modality, specialist, None,
    )  # fmt: skip


# The gate


@pytest.mark.parametrize("route", OTHER_ROUTES)
def test_no_other_way_opens_while_an_urgent_question_is_unanswered_not_even_for_a_surgeon(
    clinic: Clinic, route: str
) -> None:
    encounter = wait(clinic.reception)
    for actor in (clinic.nurse, clinic.surgeon):
        with pytest.raises(Refused) as refused:
            triage.decide(actor, encounter.id, encounter.version, override(route))
        assert refused.value.code == "unanswered"
    assert reloaded(clinic, encounter).stage == "waiting"
    assert triage.decisions_of(encounter) == []


@pytest.mark.parametrize("reason", ["", "because", "FINDINGS_DIFFER"])
def test_another_way_needs_a_reason_of_the_clinics_list(clinic: Clinic, reason: str) -> None:
    encounter = wait(clinic.reception, all_no())
    with pytest.raises(Refused) as refused:
        triage.decide(clinic.nurse, encounter.id, encounter.version, override("ct", reason=reason))
    assert refused.value.code == "reason_needed"


@pytest.mark.parametrize("level", [0, -3, 6, 2**63])
def test_a_level_outside_1_to_5_is_refused(clinic: Clinic, level: int) -> None:
    encounter = wait(clinic.reception, all_no())
    with pytest.raises(Refused) as refused:
        triage.decide(clinic.nurse, encounter.id, encounter.version, override("ct", level))
    assert refused.value.code == "acuity_needed"


@pytest.mark.parametrize("route", ["", "home", "come_back"])
def test_a_route_that_the_clinic_does_not_have_is_refused(clinic: Clinic, route: str) -> None:
    encounter = wait(clinic.reception, all_no())
    with pytest.raises(Refused) as refused:
        triage.decide(clinic.nurse, encounter.id, encounter.version, override(route))
    assert refused.value.code == "route_needed"


@pytest.mark.parametrize("modality", ["", "mri", "pet"])
def test_imaging_before_the_specialist_needs_a_machine_the_clinic_has(clinic: Clinic, modality: str) -> None:
    encounter = wait(clinic.reception, all_no())
    choice = override("imaging_then_specialist", modality=modality)
    with pytest.raises(Refused) as refused:
        triage.decide(clinic.nurse, encounter.id, encounter.version, choice)
    assert refused.value.code == "modality_needed"


def test_a_patient_whose_intake_is_not_sent_yet_is_not_routed_but_may_be_an_emergency(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    intakes.record_answers(clinic.reception, encounter.id, as_answers(all_no()))
    with pytest.raises(Conflict):
        triage.decide(clinic.nurse, encounter.id, reloaded(clinic, encounter).version, override("ct"))
    assert triage.decisions_of(encounter) == []
    triage.decide(clinic.nurse, encounter.id, 0, override("emergency_specialist"))
    assert reloaded(clinic, encounter).stage == "emergency"


def test_a_refused_decision_leaves_nothing_behind(clinic: Clinic) -> None:
    question = knowledge.load().urgent_questions[2].id
    encounter = wait(clinic.reception, all_no(**{question: "not known"}))
    choice = override("ct", reason="", not_known_reasons={question: "asleep"})
    with pytest.raises(Refused):
        triage.decide(clinic.nurse, encounter.id, encounter.version, choice)
    assert (triage.decisions_of(encounter), triage.open_tasks(clinic.nurse), orders_of(encounter)) == ([], [], [])


# Who, and two at once


@pytest.mark.parametrize("who", ["reception", "radiographer"])
def test_only_a_nurse_or_a_surgeon_decides(clinic: Clinic, who: str) -> None:
    encounter = wait(clinic.reception, all_no())
    with pytest.raises(NotAllowed):
        triage.decide(clinic.people[who], encounter.id, encounter.version, suggested(encounter))


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_an_administrator_and_an_auditor_lower_nothing(clinic: Clinic, who: str) -> None:
    encounter = wait(clinic.reception, all_no())
    with pytest.raises((NotAllowed, NotFound)):
        triage.decide(clinic.people[who], encounter.id, encounter.version, suggested(encounter))


def test_another_nurses_patient_is_not_routed_but_may_be_raised(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    claims.claim(clinic.nurse2, encounter.id)
    with pytest.raises(Conflict) as conflict:
        triage.decide(clinic.nurse, encounter.id, encounter.version, suggested(encounter))
    assert conflict.value.code == "claimed_by_other"
    triage.decide(clinic.nurse, encounter.id, encounter.version, override("emergency_specialist"))
    assert reloaded(clinic, encounter).is_emergency


def test_a_claim_that_lapsed_holds_nobody_up(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter = wait(clinic.reception, all_no())
    claims.claim(clinic.nurse2, encounter.id)
    later(monkeypatch, minutes=31)
    triage.decide(clinic.nurse, encounter.id, encounter.version, suggested(encounter))
    assert reloaded(clinic, encounter).stage == "confirmation"


def test_a_decision_on_an_old_page_is_refused_and_says_who_was_faster(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    old = encounter.version
    question = knowledge.load().urgent_questions[0].id
    intakes.record_answers(clinic.nurse2, encounter.id, {question: None})
    with pytest.raises(Stale) as stale:
        triage.decide(clinic.nurse, encounter.id, old, suggested(encounter))
    assert stale.value.by == clinic.nurse2.name


def test_of_two_nurses_who_decide_at_once_one_wins_and_the_other_is_told(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    choice, version = override("ct"), encounter.version
    db.session.remove()
    told = at_once(
        lambda: triage.decide(clinic.nurse, encounter.id, version, choice),
        lambda: triage.decide(clinic.nurse2, encounter.id, version, choice),
    )
    assert len(told) == 1
    assert isinstance(told[0], Conflict)
    assert len(triage.decisions_of(encounter)) == 1
    assert len(orders_of(encounter)) == 1


def test_the_same_decision_sent_twice_is_kept_once(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, override("ct"))
    with pytest.raises(Conflict):
        triage.decide(clinic.nurse, encounter.id, encounter.version, override("ct"))
    assert len(orders_of(encounter)) == 1


def test_a_person_of_another_site_does_not_see_the_patient(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    other = build_clinic("osaka", clinic.nurse.organisation_id, "_o")
    with pytest.raises(NotFound):
        triage.decide(other.nurse, encounter.id, encounter.version, override("emergency_specialist"))


# Undo


def routed(clinic: Clinic, route: str = "ct") -> Encounter:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, override(route))
    return reloaded(clinic, encounter)


@pytest.mark.parametrize("route", OTHER_ROUTES)
def test_a_routing_is_undone_within_ten_minutes_and_the_patient_waits_untriaged(clinic: Clinic, route: str) -> None:
    encounter = routed(clinic, route)
    triage.recall(clinic.nurse2, encounter.id)
    back = reloaded(clinic, encounter)
    assert (back.stage, back.acuity, back.route, back.then_specialist) == ("waiting", None, None, False)
    assert all((order.status, order.reason) == ("cancelled", "recalled") for order in orders_of(encounter))
    assert len(triage.decisions_of(encounter)) == 1  # what was decided stays on record
    assert events(encounter, "recalled") == 1


def test_after_ten_minutes_a_routing_stands(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter = routed(clinic)
    later(monkeypatch, minutes=10, seconds=5)
    assert triage.find_undo(encounter) is None
    with pytest.raises(Conflict):
        triage.recall(clinic.nurse, encounter.id)


def test_once_imaging_has_started_the_routing_stands(clinic: Clinic) -> None:
    encounter = routed(clinic)
    set_status(clinic, orders_of(encounter)[0].id, "started")
    with pytest.raises(Conflict):
        triage.recall(clinic.nurse, encounter.id)
    assert reloaded(clinic, encounter).stage == "imaging"


def set_status(clinic: Clinic, order_id: str, status: str) -> None:
    """Bring an order into a status directly: how it gets there is the imaging list's own promise."""

    @db.verb
    def put(actor: Any) -> None:
        order = db.session.get(ImagingOrder, order_id)
        assert order is not None
        order.status = status
        orders.record(actor, "imaging_ordered", order=order.id, modality=order.modality)

    put(clinic.surgeon)


def test_an_emergency_is_never_undone_by_one_person(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, override("emergency_specialist"))
    with pytest.raises(Refused):
        triage.recall(clinic.nurse, encounter.id)
    assert reloaded(clinic, encounter).is_emergency


def test_an_old_undo_button_does_not_undo_a_newer_decision(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    first = triage.decide(clinic.nurse, encounter.id, encounter.version, override("ct")).id
    triage.recall(clinic.nurse, encounter.id, first)
    triage.decide(clinic.nurse, encounter.id, reloaded(clinic, encounter).version, override("xray"))
    with pytest.raises(Conflict):
        triage.recall(clinic.nurse, encounter.id, first)
    assert reloaded(clinic, encounter).route == "xray"


def test_a_decision_is_never_edited(clinic: Clinic) -> None:
    encounter = routed(clinic)

    @db.verb
    def edit(actor: Any) -> None:
        decision = db.session.scalar(select(TriageDecision).where(TriageDecision.encounter_id == encounter.id))
        assert decision is not None
        decision.acuity = 5
        orders.record(
            actor, "triage_decided", decision="", acuity=5, route="", accepted=True, reason="", lacks="", without=""
        )

    with pytest.raises(Exception, match="append-only|never|immutable|not allowed|edited"):
        edit(clinic.nurse)
