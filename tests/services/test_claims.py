"""A patient is with one person at a time: taken, given back, handed over, taken over, lapsed, undone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from tests.at_once import at_once
from tests.builders import SAFE, Clinic, arrive, as_answers, build_clinic, leave_unseen, wait
from tests.decisions import conservative
from tests.services.test_reassessments import QUIET
from tests.services.test_triage import all_no, override
from triage import clock, knowledge
from triage.db import aside, session, verb
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.domain.comeback import Day
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.lifecycle import CLOSED, STEPS
from triage.models import AuditEvent, AuditPayload, Claim, ClaimStep, Encounter, LoginSession, Staff
from triage.services import (
    alerts,
    claims,
    colleagues,
    consults,
    departures,
    emergencies,
    encounters,
    hours,
    imaging,
    intakes,
    notices,
    returns,
    staff,
    triage,
)
from triage.services.audit import record
from triage.services.organisations import today


def holder(encounter: Encounter) -> str | None:
    session.close()
    held = session.get(Claim, encounter.id)
    return held.staff_id if held else None


def lease(encounter: Encounter) -> str:
    session.close()
    return session.get_one(Claim, encounter.id).lease


def last_event() -> tuple[str, dict[str, Any]]:
    session.close()
    query = select(AuditEvent.name, AuditPayload.body).join(AuditPayload, AuditPayload.event_id == AuditEvent.id)
    name, body = session.execute(query.order_by(AuditEvent.sequence.desc())).first() or ("", {})
    return name, body


@verb
def hire(actor: Actor, number: int) -> str:
    person = Staff(organisation_id=actor.organisation_id, user_name=f"n{number}", name=f"Nurse {number}")
    session.add(person)
    session.flush()
    record(actor, "staff_added", whose=person.id, user_name=person.user_name)
    return person.id


def twenty_nurses(clinic: Clinic) -> list[Actor]:
    return [replace(clinic.nurse, staff_id=hire(clinic.admin, n), name=f"Nurse {n}") for n in range(20)]


def at_work(*people: Actor, at: datetime | None = None) -> None:
    """Let these people be signed in, as their browsers would."""
    seen = {"created_at": at or clock.now(), "seen_at": at or clock.now()}
    with aside() as own:
        for who in people:
            own.merge(LoginSession(token_hash=f"of {who.staff_id}", staff_id=who.staff_id, site_id=who.site_id, **seen))


def record_around(own: Session, actor: Actor) -> None:
    """Let a careless writer at least satisfy the guard that wants an audit event."""
    own.info["recorded"] = True


def image(clinic: Clinic, encounter: Encounter) -> None:
    """Have the doctor order and the radiographer do what the nurse asked for."""
    for step in ("order", "start", "complete"):
        (order,) = imaging.list_of(clinic.surgeon, encounter)
        if step == "order":
            imaging.order(clinic.surgeon, order.id, order.version)
        elif step == "start":
            imaging.start(clinic.radiographer, order.id, order.version, ["name", "ticket"], "no", SAFE)
        else:
            imaging.complete(clinic.radiographer, order.id, order.version, "ap", {})
        session.close()


# Taking


def test_of_twenty_people_who_take_a_patient_at_once_one_wins_and_nineteen_are_told_who(clinic: Clinic) -> None:
    encounter, people = wait(clinic.reception), twenty_nurses(clinic)
    refused = at_once(*(lambda who=who: claims.claim(who, encounter.id) for who in people))
    winner = holder(encounter)
    name = next(who.name for who in people if who.staff_id == winner)
    assert len(refused) == 19
    assert {(type(told), told.code, told.params["by"]) for told in refused} == {(Conflict, "claimed_by_other", name)}
    assert session.scalars(select(ClaimStep.act)).all() == ["claimed"], "who lost has left no trace"


def test_who_presses_again_renews_the_claim_and_keeps_the_moment_it_began(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    claims.claim(clinic.nurse, encounter.id)
    began, before = session.get_one(Claim, encounter.id).claimed_at, lease(encounter)
    with clock.at(start + timedelta(minutes=25)):
        again = claims.claim(clinic.nurse, encounter.id)
        assert again
        assert again.id == before, "the same lease, and the same undo"
    with clock.at(start + timedelta(minutes=50)), pytest.raises(Conflict):
        claims.claim(clinic.nurse2, encounter.id)
    session.close()
    assert session.get_one(Claim, encounter.id).claimed_at == began
    assert lease(encounter) == before


def test_a_nurse_may_have_as_many_patients_as_she_takes(clinic: Clinic) -> None:
    rows = [wait(clinic.reception) for _ in range(5)]
    for row in rows:
        claims.claim(clinic.nurse, row.id)
    assert {holder(row) for row in rows} == {clinic.nurse.staff_id}


def test_an_act_renews_the_claim_but_not_twice_within_a_second(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()

    def active(after: float) -> datetime:
        with clock.at(start + timedelta(seconds=after)):
            claims.claim(clinic.nurse, encounter.id)
        session.close()
        return session.get_one(Claim, encounter.id).active_at

    assert active(60) == active(60.5) == start + timedelta(seconds=60)
    assert active(62) == start + timedelta(seconds=62)


def test_a_claim_without_activity_lapses_and_the_next_person_may_take_it(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    with clock.at(clock.now() + timedelta(minutes=29)), pytest.raises(Conflict):
        claims.claim(clinic.nurse2, encounter.id)
    with clock.at(clock.now() + timedelta(minutes=31)):
        claims.claim(clinic.nurse2, encounter.id)
    assert holder(encounter) == clinic.nurse2.staff_id
    assert last_event() == ("claim_taken_over", {"whose": clinic.nurse.staff_id, "reason": ""})


def test_how_long_a_claim_holds_is_the_sites_to_say(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    claims.claim(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(minutes=6)):
        with pytest.raises(Conflict):
            claims.claim(clinic.nurse2, encounter.id)
        claims.claim(clinic.nurse2, encounter.id, timedelta(minutes=5))
    assert holder(encounter) == clinic.nurse2.staff_id


def test_whoever_records_something_keeps_the_patient_they_took(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    claims.claim(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(minutes=25)):
        intakes.record_answers(clinic.nurse, encounter.id, as_answers({"back_pain": True}))
        intakes.record_answers(clinic.surgeon, encounter.id, as_answers({"leg_pain": True}))
    with clock.at(start + timedelta(minutes=40)), pytest.raises(Conflict):
        claims.claim(clinic.nurse2, encounter.id)
    with clock.at(start + timedelta(minutes=56)):
        claims.claim(clinic.nurse2, encounter.id)


def test_a_patient_of_another_site_cannot_be_taken(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    encounter = wait(clinic.reception)
    with pytest.raises(NotFound):
        claims.claim(other.nurse, encounter.id)


# An old page


def test_an_old_page_neither_gives_back_nor_hands_on_nor_takes_over_a_newer_claim(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    old = lease(encounter)
    claims.release(clinic.nurse, encounter.id, old)
    claims.claim(clinic.surgeon, encounter.id)
    at_work(clinic.surgeon2)
    acts: list[Callable[[Actor], object]] = [
        lambda who: claims.release(who, encounter.id, old),
        lambda who: claims.take_over(who, encounter.id, "shift ended", old),
        lambda who: claims.hand_over(who, encounter.id, clinic.surgeon2.staff_id, "", old),
    ]
    for who in (clinic.nurse2, clinic.surgeon):  # the lead nurse, and the very person who has it, each on an old page
        for act in acts if who is clinic.nurse2 else (acts[0], acts[2]):
            with pytest.raises(Conflict, match="claimed_by_other") as refused:
                act(who)
            assert refused.value.params["by"] == "Surgeon"
            assert holder(encounter) == clinic.surgeon.staff_id


def test_what_lapsed_unseen_is_shown_before_it_is_taken(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    claims.claim(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(minutes=31)):
        with pytest.raises(Conflict) as refused:
            claims.claim(clinic.nurse2, encounter.id, seen="")  # the page showed that nobody has the patient
        assert refused.value.params["by"] == "Nurse"
        claims.claim(clinic.nurse2, encounter.id, seen=lease(encounter))
    assert holder(encounter) == clinic.nurse2.staff_id


def test_of_a_release_and_a_renewal_at_the_same_moment_neither_is_lost(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    seen = lease(encounter)
    refused = at_once(
        lambda: claims.release(clinic.nurse, encounter.id, seen),
        lambda: claims.take_over(clinic.nurse2, encounter.id, "she is at lunch", seen),
    )
    assert len(refused) <= 1
    assert holder(encounter) in (None, clinic.nurse2.staff_id)
    assert len(list(session.scalars(select(ClaimStep)))) == 3 - len(refused)


def test_the_database_compares_the_lease_by_itself(clinic: Clinic) -> None:
    """Whoever writes a claim that was read before another change is refused, with the site's lock or without."""
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    session.close()
    stale = session.get_one(Claim, encounter.id)
    session.expunge(stale)
    claims.take_over(clinic.nurse2, encounter.id, "shift ended")

    @verb
    def careless(actor: Actor) -> None:
        session.add(stale)
        stale.staff_id = clinic.surgeon.staff_id
        record(actor, "claimed", patient_id=encounter.patient_id, encounter_id=encounter.id)

    with pytest.raises(StaleDataError):
        careless(clinic.surgeon)
    assert holder(encounter) == clinic.nurse2.staff_id


# Giving back, handing over, taking over


def test_only_who_has_a_patient_or_the_lead_nurse_gives_it_back(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.surgeon, encounter.id)
    with pytest.raises(Conflict):
        claims.release(clinic.nurse, encounter.id)
    claims.release(clinic.nurse2, encounter.id)
    assert last_event() == ("claim_released", {"whose": clinic.surgeon.staff_id})
    with pytest.raises(Conflict, match="not_claimed"):
        claims.release(clinic.nurse2, encounter.id)


def test_the_lead_nurse_takes_a_patient_over_with_the_reason_and_the_other_one_is_told(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    with pytest.raises(Refused, match="note_needed"):
        claims.take_over(clinic.nurse2, encounter.id, "  ")
    claims.take_over(clinic.nurse2, encounter.id, "she is at lunch", lease(encounter))
    assert holder(encounter) == clinic.nurse2.staff_id
    assert last_event() == ("claim_taken_over", {"whose": clinic.nurse.staff_id, "reason": "she is at lunch"})
    (news,) = notices.list_untold(clinic.nurse)
    assert (news.act, news.by, news.note) == ("taken_over", "Nurse2", "she is at lunch")


def test_a_patient_is_handed_to_a_colleague_who_is_at_work_and_hears_of_it(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    with pytest.raises(Refused, match="colleague_needed"):
        claims.hand_over(clinic.nurse, encounter.id, clinic.nurse2.staff_id)
    at_work(clinic.nurse2, clinic.radiographer, clinic.nurse, clinic.reception)
    names = [colleague.name for colleague in colleagues.list_active(clinic.nurse, "waiting")]
    assert names == ["Nurse2"], "not oneself, nor who takes nobody"
    names = [colleague.name for colleague in colleagues.list_active(clinic.nurse, "imaging")]
    assert names == ["Nurse2", "Radiographer"]
    claims.hand_over(clinic.nurse, encounter.id, clinic.nurse2.staff_id, "blood pressure again at 10", lease(encounter))
    assert holder(encounter) == clinic.nurse2.staff_id
    told = {"whose": clinic.nurse.staff_id, "to": clinic.nurse2.staff_id, "note": "blood pressure again at 10"}
    assert last_event() == ("claim_handed_over", told)
    (news,) = notices.list_untold(clinic.nurse2)
    assert (news.act, news.by, news.note) == ("handed_over", "Nurse", "blood pressure again at 10")
    claims.hand_over(clinic.nurse2, encounter.id, clinic.nurse.staff_id)
    assert holder(encounter) == clinic.nurse.staff_id, "the receiver may give it back"


@pytest.mark.parametrize("why", ["gone home", "signed out", "deactivated", "another site", "no such person"])
def test_nobody_is_handed_a_patient_who_is_not_there_to_take_it(clinic: Clinic, why: str) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    encounter, to = wait(clinic.reception), clinic.nurse2
    claims.claim(clinic.nurse, encounter.id)
    at_work(clinic.nurse2, other.nurse)
    with aside() as own:
        mine = update(LoginSession).where(LoginSession.staff_id == to.staff_id)
        if why == "gone home":
            own.execute(mine.values(seen_at=clock.now() - timedelta(minutes=61)))
        if why == "signed out":
            own.execute(mine.values(ended_at=clock.now()))
    if why == "deactivated":
        staff.deactivate(clinic.admin, "nurse2")
    to_id = {"another site": other.nurse.staff_id, "no such person": "nobody"}.get(why, to.staff_id)
    with pytest.raises(Refused, match="colleague_needed"):
        claims.hand_over(clinic.nurse, encounter.id, to_id)
    assert holder(encounter) == clinic.nurse.staff_id


def test_who_has_been_told_is_told_once_and_nobody_after_the_visit(clinic: Clinic) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception)
    for encounter in (first, second):
        claims.claim(clinic.nurse, encounter.id)
        claims.take_over(clinic.nurse2, encounter.id, "shift ended")
    assert len(notices.list_untold(clinic.nurse)) == 2
    encounters.open_(clinic.nurse, first.id, "claim")
    session.close()
    assert [news.encounter_id for news in notices.list_untold(clinic.nurse)] == [second.id]
    leave_unseen(clinic.reception, second.id, encounters.get(clinic.nurse, second.id).version, "train")
    assert notices.list_untold(clinic.nurse) == []


def test_whose_claim_has_lapsed_is_told_until_it_is_taken_again_or_by_another(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    claims.claim(clinic.nurse, encounter.id)

    def told(who: Actor) -> list[str]:
        session.close()
        return [line.ticket for line in alerts.look(who).lapsed]

    assert told(clinic.nurse) == []
    with clock.at(start + timedelta(minutes=31)):
        assert told(clinic.nurse) == [encounter.ticket]
        assert told(clinic.nurse2) == []
        claims.claim(clinic.nurse, encounter.id)
        assert told(clinic.nurse) == []


# Undo


def test_each_act_is_undone_within_ten_minutes_and_the_patient_is_with_whom_it_was_before(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    at_work(clinic.nurse2)
    step = claims.claim(clinic.nurse, encounter.id)
    claims.undo(clinic.nurse, encounter.id, step.id)
    assert holder(encounter) is None
    claims.claim(clinic.nurse, encounter.id)
    began = session.get_one(Claim, encounter.id).claimed_at
    given = claims.release(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(minutes=9)):
        claims.undo(clinic.nurse, encounter.id, given.id)
        assert holder(encounter) == clinic.nurse.staff_id
        assert session.get_one(Claim, encounter.id).claimed_at == began
        handed = claims.hand_over(clinic.nurse, encounter.id, clinic.nurse2.staff_id)
        claims.undo(clinic.nurse, encounter.id, handed.id)
        assert holder(encounter) == clinic.nurse.staff_id
        assert notices.list_untold(clinic.nurse2) == [], "it is as if it had not been"
        over = claims.take_over(clinic.nurse2, encounter.id, "shift ended")
        encounters.open_(clinic.nurse, encounter.id, "claim")  # she has read it
        session.close()
        claims.undo(clinic.nurse2, encounter.id, over.id)
        assert holder(encounter) == clinic.nurse.staff_id
        assert [news.act for news in notices.list_untold(clinic.nurse)] == ["undone"], (
            "who has read it hears of this too"
        )
    assert last_event()[0] == "claim_undone"


def test_an_act_is_undone_by_who_did_it_once_and_not_after_ten_minutes(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    step = claims.claim(clinic.nurse, encounter.id)
    with pytest.raises(Conflict, match="undo_not_yours"):
        claims.undo(clinic.nurse2, encounter.id, step.id)
    with clock.at(start + timedelta(minutes=11)), pytest.raises(Conflict, match="undo_too_late"):
        claims.undo(clinic.nurse, encounter.id, step.id)
    claims.undo(clinic.nurse, encounter.id, step.id)
    with pytest.raises(Conflict, match="undo_acted_since"):
        claims.undo(clinic.nurse, encounter.id, step.id)
    with pytest.raises(NotFound):
        claims.undo(clinic.nurse, wait(clinic.reception).id, step.id)


@pytest.mark.parametrize("since", ["taken", "worked on", "sent on", "left"])
def test_an_undo_is_refused_where_somebody_has_acted_since(clinic: Clinic, since: str) -> None:
    encounter, start = wait(clinic.reception, all_no()), clock.now()
    at_work(clinic.nurse2)
    claims.claim(clinic.nurse, encounter.id)
    if since in ("worked on", "sent on"):
        step = claims.hand_over(clinic.nurse, encounter.id, clinic.nurse2.staff_id)
    else:
        step = claims.release(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(minutes=1)):
        if since == "taken":
            claims.claim(clinic.nurse2, encounter.id)
        if since == "worked on":
            intakes.record_answers(clinic.nurse2, encounter.id, as_answers({"back_pain": True}))
        version = encounters.get(clinic.nurse2, encounter.id).version
        if since == "sent on":
            triage.decide(clinic.nurse2, encounter.id, version, override("xray"))
        if since == "left":
            leave_unseen(clinic.reception, encounter.id, version, "train")
        before = holder(encounter)
        with pytest.raises(Conflict) as refused:
            claims.undo(clinic.nurse, encounter.id, step.id)
    assert holder(encounter) == before
    if since == "left":
        assert refused.value.code == "step_not_possible"
    else:
        assert (refused.value.code, refused.value.params["by"]) == ("undo_acted_since", "Nurse2")


def test_who_took_a_patient_at_the_desk_is_told_that_the_desk_has_sent_it_on_since(clinic: Clinic) -> None:
    encounter, start = arrive(clinic.reception), clock.now()
    step = claims.claim(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(minutes=1)):
        intakes.submit(clinic.reception, encounter.id)
        with pytest.raises(Conflict) as refused:
            claims.undo(clinic.nurse, encounter.id, step.id)
    assert (refused.value.code, refused.value.params["by"]) == ("undo_acted_since", "Reception")
    assert holder(encounter) == clinic.nurse.staff_id


def test_a_hand_over_is_not_undone_once_the_colleague_works_however_quickly_she_began(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    at_work(clinic.nurse2)
    claims.claim(clinic.nurse, encounter.id)
    with clock.at(start + timedelta(seconds=5)):
        step = claims.hand_over(clinic.nurse, encounter.id, clinic.nurse2.staff_id)
    with clock.at(start + timedelta(seconds=5, milliseconds=200)):  # her sheet was open and saves by itself
        intakes.record_answers(clinic.nurse2, encounter.id, as_answers({"back_pain": True}))
    with clock.at(start + timedelta(seconds=20)), pytest.raises(Conflict, match="undo_acted_since"):
        claims.undo(clinic.nurse, encounter.id, step.id)
    assert holder(encounter) == clinic.nurse2.staff_id


def test_what_is_undone_twice_at_once_is_undone_once(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    step = claims.claim(clinic.nurse, encounter.id)
    refused = at_once(*[lambda: claims.undo(clinic.nurse, encounter.id, step.id)] * 4)
    assert [told.code for told in refused] == ["undo_acted_since"] * 3
    assert holder(encounter) is None


# A visit and its place end together


def emergency(clinic: Clinic, encounter: Encounter) -> None:
    emergencies.raise_(clinic.nurse, encounter.id)
    for step in ("called", "accepted", "left"):
        hospital = knowledge.load().hospitals[0].id if step == "called" else ""
        emergencies.record_step(clinic.nurse, encounter.id, step, hospital)


def decided(clinic: Clinic, encounter: Encounter, route: str) -> None:
    version = encounters.get(clinic.nurse, encounter.id).version
    triage.decide(clinic.nurse, encounter.id, version, override(route))
    claims.claim(clinic.surgeon, encounter.id)
    version = encounters.get(clinic.surgeon, encounter.id).version
    consults.decide(clinic.surgeon, encounter.id, version, conservative("x"))


def gone(clinic: Clinic, encounter: Encounter) -> None:
    version = encounters.get(clinic.reception, encounter.id).version
    leave_unseen(clinic.reception, encounter.id, version, "has a train to catch")


def finished_afterwards(clinic: Clinic, encounter: Encounter) -> None:
    row = encounters.get(clinic.reception, encounter.id)
    left_open = departures.open_of(row).names
    departures.leave(clinic.reception, row.id, row.version, "seen_and_gone_home", "", left_open, "finished")


def asked_back(clinic: Clinic, encounter: Encounter) -> None:
    intakes.record_answers(clinic.nurse, encounter.id, as_answers(QUIET))
    row = encounters.get(clinic.reception, encounter.id)
    day = Day(hours.next_open(clinic.site_id, today(clinic.site_id), 1))
    returns.ask_back(clinic.reception, row.id, row.version, day, "no_slot_today")


#: Each step that ends a visit -> the ways in which people take it.
ENDS: dict[str, list[Callable[[Clinic, Encounter], None]]] = {
    "decide": [
        lambda clinic, row: decided(clinic, row, "specialist_consult"),
        lambda clinic, row: decided(clinic, row, "conservative_first"),
    ],
    "leave_for_hospital": [emergency],
    "ask_back": [asked_back],
    "leave_unseen": [gone],
    "end_visit": [finished_afterwards],
}


def test_every_step_that_ends_a_visit_is_tried_below() -> None:
    assert {step for step, ways in STEPS.items() if set(ways.values()) & set(CLOSED)} == ENDS.keys()


@pytest.mark.parametrize(("step", "way"), [(step, way) for step, ways in ENDS.items() for way in range(len(ways))])
def test_however_a_visit_ends_its_place_ends_with_it(clinic: Clinic, step: str, way: int) -> None:
    encounter = wait(clinic.reception, all_no())
    claims.claim(clinic.nurse, encounter.id)
    ENDS[step][way](clinic, encounter)
    session.close()
    ended = session.get_one(Encounter, encounter.id)
    assert ended.finished_at is not None
    assert ended.stage in CLOSED
    assert holder(encounter) is None


def test_the_database_itself_ends_the_place_with_the_visit_whoever_writes(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    with aside() as own:  # around every use case
        own.execute(update(Encounter).values(finished_at=clock.now(), stage=lifecycle.LEFT))
        record_around(own, clinic.nurse)
    assert holder(encounter) is None


def test_the_database_itself_gives_nobody_a_place_in_a_visit_that_has_ended(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)
    gone(clinic, encounter)
    late = {"encounter_id": encounter.id, "staff_id": clinic.nurse.staff_id, "lease": "x"}
    with pytest.raises(DBAPIError, match="the visit has ended"), aside() as own:
        own.execute(insert(Claim).values(**late, claimed_at=clock.now(), active_at=clock.now()))
    assert holder(encounter) is None


def test_the_database_itself_keeps_one_open_place_for_a_patient(clinic: Clinic) -> None:
    here = wait(clinic.reception)
    twin = {
        "site_id": here.site_id, "patient_id": here.patient_id, "ticket_date": here.ticket_date, "ticket": "B999",
        "arrived_at": clock.now(), "stage": lifecycle.WAITING, "stage_since": clock.now(),
    }  # fmt: skip
    with pytest.raises(IntegrityError), aside() as own:
        own.execute(insert(Encounter).values(**twin))
    gone(clinic, here)
    with aside() as own:
        own.execute(insert(Encounter).values(**twin))
        record_around(own, clinic.nurse)
    with pytest.raises(IntegrityError), aside() as own:  # nor does an ended visit come to life beside an open one
        own.execute(update(Encounter).where(Encounter.id == here.id).values(finished_at=None))


def test_a_nurse_who_stays_with_a_patient_keeps_her_through_the_examination(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, override("xray"))
    claims.claim(clinic.nurse2, encounter.id)
    image(clinic, encounter)
    assert holder(encounter) == clinic.nurse2.staff_id
