"""Limits: proposed by the administrator, approved by the clinical lead, in force from the first day."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from tests.builders import Clinic, arrive, build_clinic, wait
from triage import clock, knowledge
from triage.db import session
from triage.domain.access import Actor
from triage.domain.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, Refused
from triage.domain.limits import STAGES, as_targets, as_values
from triage.services import limits


def minutes(**changed: int) -> dict[str, int]:
    """Return the shipped limits, some of them changed; levels as level_3."""
    return as_values(limits.shipped()) | {name.removeprefix("level_"): value for name, value in changed.items()}


def propose(actor: Actor, seen: str = "", **changed: int) -> str:
    return limits.propose(actor, minutes(**changed), seen, "quieter mornings")


def now(clinic: Clinic) -> dict[str, int]:
    session.close()
    return as_values(limits.in_force(clinic.site_id))


def test_from_the_first_day_the_limits_that_came_with_the_program_are_in_force(clinic: Clinic) -> None:
    known = knowledge.load()
    assert now(clinic) == minutes()
    assert {level: now(clinic)[str(level)] for level in range(1, 6)} == dict(known.targets)
    assert now(clinic)["untriaged"] == known.untriaged_minutes
    assert {stage: now(clinic)[stage] for stage in STAGES} == {stage: known.lists[stage].minutes for stage in STAGES}
    assert limits.find_approval(clinic.admin) is None


def test_what_the_administrator_proposes_is_in_force_when_the_clinical_lead_approves_it_and_not_before(
    clinic: Clinic,
) -> None:
    proposal = propose(clinic.admin, level_4=90, review=45)
    assert now(clinic) == minutes()
    limits.approve(clinic.surgeon2, proposal, "")
    assert now(clinic) == minutes(level_4=90, review=45)
    approval = limits.find_approval(clinic.nurse)
    assert approval is not None
    assert (approval.proposal.number, approval.proposal.staff.name, approval.staff.name) == (1, "Admin", "Surgeon2")
    assert approval.proposal.note == "quieter mornings"


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "surgeon", "surgeon2", "radiographer", "auditor"])
def test_nobody_else_proposes(clinic: Clinic, who: str) -> None:
    with pytest.raises(NotAllowed):
        propose(clinic.people[who], level_4=90)


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "surgeon", "radiographer", "admin", "auditor"])
def test_nobody_but_a_clinical_lead_approves_or_refuses(clinic: Clinic, who: str) -> None:
    proposal = propose(clinic.admin, level_4=90)
    with pytest.raises(NotAllowed):
        limits.approve(clinic.people[who], proposal, "")
    with pytest.raises(NotAllowed):
        limits.refuse(clinic.people[who], proposal, "too long")
    assert now(clinic) == minutes()


def test_who_proposed_limits_never_approves_them_whatever_roles_they_hold(clinic: Clinic) -> None:
    both = replace(clinic.surgeon2, roles=clinic.surgeon2.roles | {"admin"})
    proposal = propose(both, level_4=90)
    for decide in (lambda: limits.approve(both, proposal, ""), lambda: limits.refuse(both, proposal, "no")):
        with pytest.raises(NotAllowed) as refused:
            decide()
        assert refused.value.code == "same_person"
    assert now(clinic) == minutes()


def test_refused_limits_change_nothing_and_the_reason_stays(clinic: Clinic) -> None:
    proposal = propose(clinic.admin, level_4=90)
    with pytest.raises(Refused):
        limits.refuse(clinic.surgeon2, proposal, "  ")
    limits.refuse(clinic.surgeon2, proposal, "an hour is the promise on the wall")
    assert now(clinic) == minutes()
    decided = limits.list_decisions(clinic.admin)
    assert [(row.kind, row.reason) for row in decided] == [("refused", "an hour is the promise on the wall")]
    assert limits.find_open(clinic.admin) is None


def test_the_one_who_proposed_takes_it_back_and_nobody_else(clinic: Clinic) -> None:
    proposal = propose(clinic.admin, level_4=90)
    with pytest.raises(NotAllowed):
        limits.withdraw(clinic.surgeon2, proposal)
    limits.withdraw(clinic.admin, proposal)
    with pytest.raises(Conflict):
        limits.approve(clinic.surgeon2, proposal, "")
    assert propose(clinic.admin, level_5=130)


def test_unsound_limits_are_refused_at_their_name(clinic: Clinic) -> None:
    with pytest.raises(Invalid) as refused:
        propose(clinic.admin, level_3=130, waiting=0)
    assert refused.value.fields == {"4": "limit_falls", "waiting": "number_range"}
    assert limits.find_open(clinic.admin) is None


def test_one_proposal_waits_at_a_time_and_the_same_limits_are_no_proposal(clinic: Clinic) -> None:
    with pytest.raises(Refused):
        propose(clinic.admin)
    propose(clinic.admin, level_4=90)
    with pytest.raises(Conflict) as waits:
        propose(clinic.admin, level_4=80)
    assert waits.value.code == "limits_wait"


def test_an_old_page_neither_proposes_nor_approves(clinic: Clinic) -> None:
    first = propose(clinic.admin, level_4=90)
    limits.approve(clinic.surgeon2, first, "")
    with pytest.raises(Conflict) as old:
        propose(clinic.admin, seen="", level_4=80)
    assert old.value.code == "limits_changed_meanwhile"
    second = propose(clinic.admin, seen=first, level_4=80)
    with pytest.raises(Conflict):
        limits.approve(clinic.surgeon2, second, "")
    limits.approve(clinic.surgeon2, second, first)
    with pytest.raises(Conflict) as decided:
        limits.approve(clinic.surgeon2, second, first)
    assert decided.value.code == "limits_decided"
    assert now(clinic)["4"] == 80


def test_of_two_who_decide_at_once_one_does(clinic: Clinic) -> None:
    proposal = propose(clinic.admin, level_4=90)
    session.remove()

    def decide(number: int) -> str:
        try:
            if number % 2:
                limits.refuse(clinic.surgeon2, proposal, "no")
            else:
                limits.approve(clinic.surgeon2, proposal, "")
        except DomainError as refused:
            return refused.code
        finally:
            session.remove()
        return "decided"

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(decide, range(6)))
    assert answers == ["decided", *["limits_decided"] * 5]


def test_another_site_has_its_own_limits_and_sees_nothing_of_these(clinic: Clinic) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    proposal = propose(clinic.admin, level_4=90)
    with pytest.raises(NotFound):
        limits.approve(other.surgeon2, proposal, "")
    limits.approve(clinic.surgeon2, proposal, "")
    assert now(other) == minutes()
    assert (limits.list_decisions(other.admin), limits.find_open(other.admin)) == ([], None)


def test_what_was_proposed_and_decided_is_never_edited_or_deleted(clinic: Clinic) -> None:
    limits.approve(clinic.surgeon2, propose(clinic.admin, level_4=90), "")
    for table, column in (("limit_proposal", "note"), ("limit_decision", "reason")):
        for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match="append-only"):
                session.connection().exec_driver_sql(statement)
            session.rollback()


def test_the_effect_counts_who_would_be_over_without_naming_anybody(clinic: Clinic) -> None:
    rows = [wait(clinic.reception) for _ in range(3)]
    arrive(clinic.reception)
    assert rows
    with clock.at(clock.now() + timedelta(minutes=12)):
        assert limits.effect(clinic.admin, limits.shipped()) == limits.Effect(here=4, over=4, over_stage=3)
        longer = as_targets(minutes(untriaged=12, waiting=12))
        assert limits.effect(clinic.admin, longer) == limits.Effect(here=4, over=0, over_stage=0)


def test_limits_in_force_cost_one_query_and_their_content_is_read_once(clinic: Clinic, statements: list[str]) -> None:
    limits.approve(clinic.surgeon2, propose(clinic.admin, level_4=90), "")
    statements.clear()
    now(clinic)
    first = [sql for sql in statements if sql.startswith("SELECT")]
    statements.clear()
    now(clinic)
    assert len([sql for sql in statements if sql.startswith("SELECT")]) == 1
    assert len(first) <= 2
