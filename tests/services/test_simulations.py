"""A draft tried on the stored visits: each is counted once, whatever interrupts, and no lost emergency stays hidden."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import joinedload

from tests import drafts
from tests.at_once import at_once
from tests.builders import Clinic, build_clinic, wait
from tests.drafts import put_in_force, rewrite, write_draft
from triage import clock, knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import Invalid, NotAllowed, NotFound, Refused
from triage.domain.rules import evaluate
from triage.domain.simulation import Tally
from triage.domain.vignettes import Trial
from triage.models import AuditEvent, AuditPayload, Encounter, Simulation
from triage.services import intakes, rulesets, simulations, stored
from triage.services.organisations import today

SHIPPED, BLIND, KEENER = drafts.shipped(), drafts.blind(), drafts.keener()
ANSWERS: tuple[dict[str, Any], ...] = (
    {"back_pain": True, "saddle_anaesthesia": True},
    {"back_pain": True, "pain_nrs": 7},
    {"back_pain": True, "pain_nrs": 9},
    {"leg_pain": True, "leg_weakness": "not known"},
    {},
)


@pytest.fixture
def visits(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> list[Encounter]:
    """Ten stored visits, read three at a time."""
    monkeypatch.setattr(simulations, "BATCH", 3)
    return [wait(clinic.reception, dict(ANSWERS[number % len(ANSWERS)])) for number in range(10)]


def start(clinic: Clinic, text: str, days: int = 30) -> str:
    until = today(clinic.site_id)
    version_id = write_draft(clinic.surgeon, text)
    return simulations.start(clinic.surgeon, version_id, until - timedelta(days=days), until)


def run(actor: Actor, simulation_id: str) -> Simulation:
    row = simulations.get(actor, simulation_id)
    while row.finished_at is None:
        row = simulations.step(actor, simulation_id, row.done, seconds=0)
    return row


def naive(site_id: str, text: str) -> dict[str, tuple[Any, Any]]:
    draft, found = knowledge.with_rules(text), {}
    query = select(Encounter).where(Encounter.site_id == site_id).options(joinedload(Encounter.patient))
    for encounter in session.scalars(query):
        findings = intakes.resolve(knowledge.load(), intakes.answers_of(encounter))
        found[encounter.id] = (evaluate(knowledge.load().ruleset, findings), evaluate(draft.ruleset, findings))
    return found


@pytest.mark.parametrize("text", [SHIPPED, BLIND, KEENER], ids=["nothing changed", "blind", "keener"])
def test_the_counts_are_those_of_asking_for_each_visit_by_itself(
    clinic: Clinic, visits: list[Encounter], text: str
) -> None:
    tally = Tally.from_dict(run(clinic.surgeon, start(clinic, text)).tally)
    expected = naive(clinic.site_id, text)
    assert tally.cases == len(visits) == len(expected)
    assert tally.level == Counter((str(a.level), str(b.level)) for a, b in expected.values())
    assert tally.route == Counter((a.route, b.route) for a, b in expected.values())
    assert tally.acuity == Counter((a.acuity, b.acuity) for a, b in expected.values())


def test_a_draft_that_says_the_same_changes_nothing(clinic: Clinic, visits: list[Encounter]) -> None:
    row = run(clinic.surgeon, start(clinic, SHIPPED))
    assert Tally.from_dict(row.tally).changed == 0
    assert Trial.from_dict(row.trial).lost == ()
    assert simulations.gate(clinic.site_id, row.content_hash) is None


def test_every_lost_emergency_is_named_and_closes_the_way_to_publication(
    clinic: Clinic, visits: list[Encounter]
) -> None:
    row = run(clinic.surgeon, start(clinic, BLIND))
    assert {change.case for change in Tally.from_dict(row.tally).lost} == {visits[0].id, visits[5].id}
    assert len(Trial.from_dict(row.trial).lost) >= 40
    assert simulations.gate(clinic.site_id, row.content_hash) == "emergency_lost"


def test_an_emergency_of_the_vignettes_alone_closes_the_way_too(clinic: Clinic) -> None:
    wait(clinic.reception, {"back_pain": True, "pain_nrs": 3})
    row = run(clinic.surgeon, start(clinic, BLIND))
    assert Tally.from_dict(row.tally).lost == []
    assert simulations.gate(clinic.site_id, row.content_hash) == "emergency_lost"


def test_a_harmless_change_is_counted_by_the_rule_that_makes_it(clinic: Clinic, visits: list[Encounter]) -> None:
    tally = Tally.from_dict(run(clinic.surgeon, start(clinic, KEENER)).tally)
    assert {change.case for change in tally.changes} == {visits[1].id, visits[6].id}
    assert tally.kinds == {"raised": 2}
    assert tally.by_rule["PAIN-01"] == {"raised": 2}


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_interrupted_after_any_piece_it_goes_on_where_it_was(
    clinic: Clinic, visits: list[Encounter], stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(clinic.surgeon, start(clinic, BLIND))
    simulation_id = start(clinic, BLIND)
    for _ in range(stop):
        row = simulations.step(clinic.surgeon, simulation_id, simulations.get(clinic.surgeon, simulation_id).done, 0)
    assert row.done == stop * 3

    def dies(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(simulations, "_record_end", dies)
        patch.setattr(simulations, "compare", dies)
        with pytest.raises(KeyboardInterrupt):
            simulations.step(clinic.surgeon, simulation_id, row.done)
    session.remove()
    ended = run(clinic.nurse2, simulation_id)
    assert (ended.tally, ended.trial, ended.done) == (whole.tally, whole.trial, 10)


def test_dying_while_the_end_is_written_loses_nothing(
    clinic: Clinic, visits: list[Encounter], monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation_id = start(clinic, KEENER)

    def dies(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(simulations, "_record_end", dies)
        with pytest.raises(KeyboardInterrupt):
            run(clinic.surgeon, simulation_id)
    assert simulations.get(clinic.surgeon, simulation_id).finished_at is None
    assert run(clinic.surgeon, simulation_id).done == 10
    assert [e.name for e in events()].count("simulation_finished") == 1


def events() -> list[AuditEvent]:
    query = select(AuditEvent).where(AuditEvent.name.like("simulation%")).order_by(AuditEvent.sequence)
    return list(session.scalars(query))


def test_two_tabs_do_not_count_a_visit_twice(clinic: Clinic, visits: list[Encounter]) -> None:
    simulation_id = start(clinic, BLIND)
    assert simulations.step(clinic.surgeon, simulation_id, 0, seconds=0).done == 3
    assert simulations.step(clinic.surgeon2, simulation_id, 0, seconds=0).done == 3
    assert run(clinic.surgeon, simulation_id).done == 10


def test_of_two_tabs_at_work_on_the_same_piece_one_is_kept(
    clinic: Clinic, visits: list[Encounter], monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation_id, count_on = start(clinic, BLIND), simulations._count_on

    def meanwhile(*args: Any) -> Any:
        piece = count_on(*args)
        monkeypatch.setattr(simulations, "_count_on", count_on)
        simulations.step(clinic.surgeon2, simulation_id, 0, seconds=0)
        return piece

    monkeypatch.setattr(simulations, "_count_on", meanwhile)
    row = simulations.step(clinic.surgeon, simulation_id, 0, seconds=0)
    assert row.done == 3
    assert Tally.from_dict(row.tally).cases == 3
    assert run(clinic.surgeon, simulation_id).done == 10


def test_six_tabs_that_all_count_to_the_end_count_every_visit_once(clinic: Clinic, visits: list[Encounter]) -> None:
    simulation_id = start(clinic, BLIND)
    at_once(*[lambda: run(clinic.surgeon, simulation_id)] * 6)
    row = simulations.get(clinic.surgeon, simulation_id)
    assert (row.done, Tally.from_dict(row.tally).cases, len(Tally.from_dict(row.tally).lost)) == (10, 10, 2)
    assert [event.name for event in events()] == ["simulation_started", "simulation_finished"]


def test_start_and_end_are_on_the_record_with_their_numbers(clinic: Clinic, visits: list[Encounter]) -> None:
    simulation_id = start(clinic, BLIND)
    run(clinic.nurse2, simulation_id)
    begun, ended = events()
    assert (begun.staff_id, ended.staff_id) == (clinic.surgeon.staff_id, clinic.nurse2.staff_id)
    payload = session.get_one(AuditPayload, ended.id).body
    assert (payload["visits"], payload["changed"], payload["lost"]) == (10, 2, 2)
    assert len(payload["vignettes_lost"]) >= 40


def test_what_arrives_while_it_runs_is_not_counted(clinic: Clinic, visits: list[Encounter]) -> None:
    simulation_id = start(clinic, KEENER)
    simulations.step(clinic.surgeon, simulation_id, 0, seconds=0)
    wait(clinic.reception)
    row = run(clinic.surgeon, simulation_id)
    assert row.done == row.total == 10


def test_only_the_visits_of_the_days_and_of_the_own_clinic_count(clinic: Clinic) -> None:
    other = build_clinic("kyoto", suffix="-k")
    wait(other.reception)
    with clock.at(clock.now() - timedelta(days=40)):
        wait(clinic.reception, {"back_pain": True})
    recent = wait(clinic.reception, {"back_pain": True})
    period = stored.Period(clinic.site_id, recent.ticket_date, recent.ticket_date, clock.now())
    assert [visit.id for visit in stored.visits_after(period, None, 10)] == [recent.id]
    assert run(clinic.surgeon, start(clinic, KEENER)).total == 1
    assert run(clinic.surgeon, start(clinic, KEENER, days=50)).total == 2


def test_days_and_tickets_of_very_many_visits_are_found(
    clinic: Clinic, visits: list[Encounter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "LOT", 4)
    found = stored.places(clinic.site_id, [visit.id for visit in visits] + ["nothing"])
    assert found == {visit.id: (visit.ticket_date, visit.ticket) for visit in visits}


def test_the_age_is_that_of_the_day_of_the_visit(clinic: Clinic) -> None:
    born = today(clinic.site_id) - timedelta(days=365 * 20 + 3)
    with clock.at(clock.now() - timedelta(days=400)):
        young = wait(clinic.reception, {"back_pain": True}, birth_date=born)
    period = stored.Period(clinic.site_id, date.min, date.max, clock.now())
    [visit] = stored.visits_after(period, None, 10)
    assert (visit.id, visit.answers["age"].value, visit.answers["sex"].value) == (young.id, 18, "M")


def test_a_piece_takes_two_queries_for_any_number_of_visits(
    clinic: Clinic, visits: list[Encounter], statements: list[str]
) -> None:
    statements.clear()
    period = stored.Period(clinic.site_id, date.min, date.max, clock.now())
    assert len(stored.visits_after(period, None, 100)) == 10
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 2


def test_a_period_without_visits_ends_at_once_and_opens_no_way_past_the_visits(clinic: Clinic) -> None:
    row = run(clinic.surgeon, start(clinic, KEENER))
    assert (row.total, row.done) == (0, 0)
    assert simulations.gate(clinic.site_id, row.content_hash) is None
    with clock.at(clock.now() - timedelta(days=40)):
        wait(clinic.reception)
    assert simulations.gate(clinic.site_id, row.content_hash) == "simulated_on_nothing"


def test_without_a_finished_simulation_of_this_very_content_nothing_is_published(
    clinic: Clinic, visits: list[Encounter]
) -> None:
    simulation_id = start(clinic, KEENER)
    content = simulations.get(clinic.surgeon, simulation_id).content_hash
    assert simulations.gate(clinic.site_id, content) == "not_simulated"
    simulations.step(clinic.surgeon, simulation_id, 0, seconds=0)
    assert simulations.gate(clinic.site_id, content) == "not_simulated"
    run(clinic.surgeon, simulation_id)
    assert simulations.gate(clinic.site_id, content) is None
    assert simulations.gate(clinic.site_id, knowledge.with_rules(BLIND).ruleset.hash) == "not_simulated"


def test_a_loss_found_in_any_period_counts_though_another_period_shows_none(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "load_vignettes", tuple)
    with clock.at(clock.now() - timedelta(days=40)):
        wait(clinic.reception, dict(ANSWERS[0]))
    wait(clinic.reception, dict(ANSWERS[1]))
    version_id, until = write_draft(clinic.surgeon, BLIND), today(clinic.site_id)
    recent = run(clinic.surgeon, simulations.start(clinic.surgeon, version_id, until, until))
    assert simulations.gate(clinic.site_id, recent.content_hash) is None
    run(clinic.surgeon, simulations.start(clinic.surgeon, version_id, until - timedelta(days=60), until))
    assert simulations.gate(clinic.site_id, recent.content_hash) == "emergency_lost"


def test_a_draft_changed_meanwhile_makes_the_simulation_stale(clinic: Clinic, visits: list[Encounter]) -> None:
    simulation_id = start(clinic, KEENER)
    row = simulations.step(clinic.surgeon, simulation_id, 0, seconds=0)
    assert simulations.why_stale(row) == ""
    rewrite(clinic.surgeon, row.version_id, BLIND)
    again = simulations.step(clinic.surgeon, simulation_id, row.done, seconds=0)
    assert (again.done, again.finished_at) == (row.done, None)
    assert simulations.why_stale(again) == "draft_changed"
    rewrite(clinic.surgeon, row.version_id, KEENER)
    assert run(clinic.surgeon, simulation_id).done == 10


def test_other_rules_in_force_make_it_stale_and_close_the_way(clinic: Clinic, visits: list[Encounter]) -> None:
    row = run(clinic.surgeon, start(clinic, KEENER))
    assert simulations.gate(clinic.site_id, row.content_hash) is None
    put_in_force(clinic.surgeon2, write_draft(clinic.surgeon2, drafts.calmer()))
    session.remove()
    assert simulations.why_stale(simulations.get(clinic.surgeon, row.id)) == "rules_changed"
    assert simulations.gate(clinic.site_id, row.content_hash) == "not_simulated"
    assert rulesets.in_force(clinic.site_id).ruleset.hash != row.base_hash


def test_a_finished_simulation_is_never_edited(clinic: Clinic) -> None:
    row = run(clinic.surgeon, start(clinic, BLIND))

    @verb
    def edit(actor: Actor) -> None:
        session.execute(update(Simulation).where(Simulation.id == row.id).values(trial={}))

    with pytest.raises(DBAPIError, match="append-only"):
        edit(clinic.surgeon2)
    assert simulations.gate(clinic.site_id, row.content_hash) == "emergency_lost"


def test_days_that_cannot_be_are_refused_at_their_field(clinic: Clinic) -> None:
    version_id, now = write_draft(clinic.surgeon, KEENER), today(clinic.site_id)
    with pytest.raises(Invalid) as future:
        simulations.start(clinic.surgeon, version_id, now, now + timedelta(days=1))
    assert future.value.fields == {"until": "future_date"}
    with pytest.raises(Invalid) as turned:
        simulations.start(clinic.surgeon, version_id, now, now - timedelta(days=1))
    assert turned.value.fields == {"since": "after_the_end"}


def test_more_visits_than_can_be_counted_at_once_are_refused(
    clinic: Clinic, visits: list[Encounter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "MOST", 9)
    with pytest.raises(Refused) as refused:
        start(clinic, KEENER)
    assert refused.value.params == {"count": 10, "most": 9}


def test_only_who_drafts_rules_simulates_and_nobody_sees_another_clinics(clinic: Clinic) -> None:
    version_id, now = write_draft(clinic.surgeon, KEENER), today(clinic.site_id)
    for who in (clinic.nurse, clinic.reception, clinic.admin, clinic.auditor):
        with pytest.raises(NotAllowed):
            simulations.start(who, version_id, now, now)
    simulation_id = simulations.start(clinic.nurse2, version_id, now, now)
    other = build_clinic("kyoto", suffix="-k")
    for attempt in (
        lambda: simulations.get(other.surgeon, simulation_id),
        lambda: simulations.step(other.surgeon, simulation_id, 0),
        lambda: simulations.start(other.surgeon, version_id, now, now),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert simulations.list_of(other.surgeon, version_id) == []
    assert [row.id for row in simulations.list_of(clinic.surgeon, version_id)] == [simulation_id]
