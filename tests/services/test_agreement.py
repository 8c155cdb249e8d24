"""How far rules, nurse and surgeon agree: what counts, what does not, and that every figure adds up."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.builders import SAFE, Clinic, build_clinic, wait
from tests.decisions import conservative
from tests.services.test_triage import all_no, later, override, reloaded, suggested
from triage import clock, db, knowledge
from triage.db import new_id, session
from triage.demo.visits import IDENTITY
from triage.domain.access import Actor
from triage.domain.agreement import Table
from triage.models import Encounter, Grant, TriageDecision
from triage.services import agreement, consults, emergencies, imaging, triage
from triage.services.agreement import Period, Report

SIGNED = {
    "conservative": conservative("plan"),
    "back_to_nurse": consults.Choice("back_to_nurse", note="question", identified=True),
    "imaging": consults.Choice("imaging", modality="ct", identified=True),
    "transfer": consults.Choice("transfer", identified=True),
}


def figures(actor: Actor, period: Period | None = None, rule: str = "") -> Report:
    return agreement.report(actor, period or Period(), rule)


def triaged(clinic: Clinic, choice: triage.Choice | None = None, who: str = "nurse") -> Encounter:
    """Let a patient come and be triaged, as suggested or otherwise; the default advice is conservative care."""
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.people[who], encounter.id, encounter.version, choice or suggested(encounter))
    return reloaded(clinic, encounter)


def signs(clinic: Clinic, encounter: Encounter, kind: str) -> None:
    current = reloaded(clinic, encounter)
    consults.decide(clinic.surgeon, current.id, current.version, SIGNED[kind])


def pairs(table: Table) -> dict[Any, int]:
    return {pair: count for pair, count in table.cells.items() if count}


# What counts


def test_a_decision_is_compared_with_the_suggestion_it_answered(clinic: Clinic) -> None:
    triaged(clinic)
    triaged(clinic, override("specialist_consult", 3))
    found = figures(clinic.surgeon)
    assert pairs(found.tables["rules_nurse_level"]) == {(5, 5): 1, (5, 3): 1}
    assert pairs(found.tables["rules_nurse_acuity"]) == {("routine", "routine"): 1, ("routine", "urgent"): 1}
    assert pairs(found.tables["rules_nurse_route"]) == {
        ("conservative_first", "conservative_first"): 1, ("conservative_first", "specialist_consult"): 1,
    }  # fmt: skip
    assert (found.all.n, found.all.accepted, found.all.raised, found.all.lowered, found.all.rerouted) == (2, 1, 1, 0, 1)
    assert found.all.reasons == {"findings_differ": 1}


def test_a_routing_undone_within_ten_minutes_does_not_count(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter = triaged(clinic, override("specialist_consult", 3))
    later(monkeypatch, minutes=2)
    triage.recall(clinic.nurse, encounter.id)
    later(monkeypatch, minutes=2)
    again = reloaded(clinic, encounter)
    assert figures(clinic.surgeon).all.n == 0
    triage.decide(clinic.nurse, again.id, again.version, suggested(again))
    found = figures(clinic.surgeon)
    assert (found.all.n, found.all.accepted, found.recalled) == (1, 1, 1)
    assert pairs(found.tables["rules_nurse_level"]) == {(5, 5): 1}


def test_the_first_decision_of_each_role_counts(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter = triaged(clinic)
    later(monkeypatch, minutes=5)
    signs(clinic, encounter, "back_to_nurse")
    later(monkeypatch, minutes=5)
    again = reloaded(clinic, encounter)
    triage.decide(clinic.nurse2, again.id, again.version, override("specialist_consult", 4))
    found = figures(clinic.surgeon)
    assert (found.all.n, found.all.accepted) == (1, 1)
    assert found.tables["nurse_surgeon_way"].n == 0  # a question back to the nurse is no decision on the way
    later(monkeypatch, minutes=5)
    signs(clinic, encounter, "conservative")
    assert pairs(figures(clinic.surgeon).tables["nurse_surgeon_way"]) == {("conservative", "conservative"): 1}


@pytest.mark.parametrize(
    ("kind", "way"), [("conservative", "conservative"), ("imaging", "imaging"), ("transfer", "emergency")]
)
def test_what_the_surgeon_decides_is_read_as_a_way(clinic: Clinic, kind: str, way: str) -> None:
    signs(clinic, triaged(clinic, override("specialist_consult")), kind)
    found = figures(clinic.surgeon)
    assert pairs(found.tables["nurse_surgeon_way"]) == {("specialist", way): 1}
    assert pairs(found.tables["rules_surgeon_way"]) == {("conservative", way): 1}
    assert found.tables["nurse_surgeon_level"].n == 0  # a surgeon's decision has no level


def test_a_surgeon_who_triages_is_the_surgeon(clinic: Clinic) -> None:
    triaged(clinic, override("specialist_consult", 3), "surgeon")
    found = figures(clinic.surgeon)
    assert found.tables["rules_nurse_level"].n == 0
    assert pairs(found.tables["rules_surgeon_level"]) == {(5, 3): 1}
    assert pairs(found.tables["rules_surgeon_way"]) == {("conservative", "specialist"): 1}
    assert found.all.n == 1


def test_who_was_a_surgeon_on_the_day_counts_not_who_is_one_today(clinic: Clinic) -> None:
    triaged(clinic, who="surgeon")
    grants = select(Grant).where(Grant.staff_id == clinic.surgeon.staff_id)
    for grant in session.scalars(grants):
        grant.valid_from = clock.now().date() + timedelta(days=2)
    with session.no_autoflush:
        session.info["recorded"] = True
        session.flush()
    found = figures(clinic.surgeon)
    session.rollback()
    assert found.tables["rules_nurse_level"].n == 1


def test_a_decision_with_images_in_hand_is_counted_apart(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter = triaged(clinic, override("imaging_then_specialist", modality="xray"))
    order = imaging.list_orders(clinic.surgeon)[0]
    imaging.order(clinic.surgeon, order.id, order.version)
    later(monkeypatch, minutes=5)
    imaging.start(clinic.radiographer, order.id, imaging.get(clinic.surgeon, order.id).version, IDENTITY, "no", SAFE)
    exposure = {"kvp": 80.0, "mas": 32.0, "dose": 1.9, "unit": "mGy"}
    imaging.complete(clinic.radiographer, order.id, imaging.get(clinic.surgeon, order.id).version, "2", exposure)
    later(monkeypatch, minutes=5)
    signs(clinic, encounter, "conservative")
    found = figures(clinic.surgeon)
    assert found.tables["nurse_surgeon_way"].n == found.tables["rules_surgeon_way"].n == 0
    assert pairs(found.tables["nurse_surgeon_way_seen"]) == {("imaging", "conservative"): 1}
    assert pairs(found.tables["rules_surgeon_way_seen"]) == {("conservative", "conservative"): 1}


def test_emergencies_are_counted_by_who_saw_them_and_whether_they_were_taken_back(clinic: Clinic) -> None:
    urgent = knowledge.load().urgent_questions[0].id
    pinned = wait(clinic.reception, all_no(**{urgent: True}))
    raised = wait(clinic.reception, all_no())
    emergencies.raise_(clinic.nurse, raised.id)
    emergencies.propose_withdrawal(clinic.nurse, raised.id, "a mistake")
    emergencies.decide_withdrawal(clinic.surgeon, raised.id, True)
    found = figures(clinic.surgeon)
    assert {cause: (a.n, a.withdrawn) for cause, a in found.alarms.items()} == {"rules": (1, 0), "raised": (1, 1)}
    rule = emergencies.find_open(reloaded(clinic, pinned)).rules[0]
    assert figures(clinic.surgeon, rule=rule).alarms["rules"].n == 1
    assert "raised" not in figures(clinic.surgeon, rule=rule).alarms


# Where and when


def test_another_site_is_invisible(clinic: Clinic) -> None:
    triaged(clinic)
    other = build_clinic("osaka", clinic.nurse.organisation_id, "_osaka")
    assert figures(other.surgeon).all.n == figures(other.surgeon).visits == 0
    triaged(other)
    assert figures(clinic.surgeon).all.n == figures(other.surgeon).all.n == 1


def test_a_period_holds_both_of_its_days(clinic: Clinic) -> None:
    today = triaged(clinic).ticket_date
    day = timedelta(days=1)
    assert figures(clinic.surgeon, Period(today, today)).all.n == 1
    assert figures(clinic.surgeon, Period(None, today)).all.n == 1
    assert figures(clinic.surgeon, Period(today + day, None)).all.n == 0
    assert figures(clinic.surgeon, Period(None, today - day)).all.n == 0


# By rule, by version


def test_every_rule_that_fired_is_counted_and_one_of_them_decided(clinic: Clinic) -> None:
    answers = all_no(back_pain=True, pain_nrs=9, trauma="low_energy", ask_trauma=True, steroid_use=True)
    encounter = wait(clinic.reception, answers)
    now = triage.situation(encounter).suggestion
    triage.decide(clinic.nurse, encounter.id, encounter.version, suggested(encounter))
    found = figures(clinic.surgeon)
    assert {name: tally.n for name, tally in found.fired.items()} == {reason.rule: 1 for reason in now.reasons}
    assert len(found.fired) > 1
    (decider,) = found.deciding
    rules = {rule.id: rule for rule in knowledge.load().ruleset.rules}
    assert (rules[decider].acuity, rules[decider].level) == (now.acuity, now.level)
    assert list(found.versions) == [(now.ruleset, now.ruleset_hash)]


def test_the_figures_of_one_rule_are_those_of_its_own_decisions(clinic: Clinic) -> None:
    triaged(clinic)
    encounter = wait(clinic.reception, all_no(back_pain=True, pain_nrs=9))
    triage.decide(clinic.nurse, encounter.id, encounter.version, suggested(encounter))
    whole = figures(clinic.surgeon)
    for rule, tally in whole.fired.items():
        one = figures(clinic.surgeon, rule=rule)
        assert one.all == tally
        assert one.tables["rules_nurse_level"].n == tally.n
    assert figures(clinic.surgeon, rule="RF-%").all.n == 0


# Everything adds up: thousands of decisions against a count by hand


@pytest.fixture
def many(clinic: Clinic) -> Iterator[list[dict[str, Any]]]:
    """Insert many visits with random decisions, some undone, some decided again, and return every row."""
    rng, first = Random(1), triaged(clinic)
    decision = triage.decisions_of(first)[0]
    rows: list[dict[str, Any]] = []
    visits, undone = [], []
    for number in range(1500):
        ids = {"id": new_id(), "encounter_id": new_id()}
        visits.append(_visit(first, ids["encounter_id"], number))
        rows.append(_decision(rng, decision, clinic, ids, number))
        if rng.random() < 0.1:
            undone.append(_recall(clinic, ids["encounter_id"], rows[-1]["at"] + timedelta(minutes=3)))
            rows[-1]["undone"] = True
    _insert(visits, rows, undone)
    session.remove()  # what was read before does not see them
    yield rows
    session.remove()


def _visit(like: Encounter, encounter_id: str, number: int) -> dict[str, Any]:
    columns = {column.name: getattr(like, column.name) for column in Encounter.__table__.columns}
    ticket_date = date(2026, 1, 1) + timedelta(days=number % 200)
    return columns | {
        "id": encounter_id, "ticket": f"Z{number:05d}", "ticket_date": ticket_date, "finished_at": clock.now(),
    }  # fmt: skip


def _decision(rng: Random, like: Any, clinic: Clinic, ids: dict[str, str], number: int) -> dict[str, Any]:
    rules, routes = knowledge.load().ruleset.rules, list(knowledge.load().routes)
    chosen = rng.sample(rules, rng.randint(1, 4))
    top = min(chosen, key=lambda rule: (rule.rank, rule.level))
    route = rng.choice(routes)
    suggestion = {
        **like.suggestion, "acuity": top.acuity, "level": top.level, "route": route,
        "reasons": [{"rule": rule.id} for rule in chosen],
    }  # fmt: skip
    same = rng.random() < 0.6
    return {
        "id": ids["id"], "encounter_id": ids["encounter_id"], "at": clock.now() + timedelta(seconds=number),
        "staff_id": rng.choice((clinic.nurse, clinic.nurse2, clinic.surgeon)).staff_id,
        "acuity": top.level if same else rng.randint(1, 5), "route": route if same else rng.choice(routes),
        "modality": None, "accepted": same, "reason": "" if same else rng.choice(("other", "findings_differ")),
        "note": "", "suggestion": suggestion, "findings": {}, "ruleset": rng.choice("ab"), "ruleset_hash": "h",
    }  # fmt: skip


def _recall(clinic: Clinic, encounter_id: str, at: Any) -> dict[str, Any]:
    step = {"from_stage": "review", "to_stage": "waiting", "step": "recall", "staff_id": clinic.nurse.staff_id}
    return {"id": new_id(), "encounter_id": encounter_id, "at": at, **step}


def _insert(visits: list[dict[str, Any]], rows: list[dict[str, Any]], undone: list[dict[str, Any]]) -> None:
    from triage.models import StageChange

    decisions = [{name: value for name, value in row.items() if name != "undone"} for row in rows]
    with session.get_bind().begin() as connection:
        for table, values in ((Encounter, visits), (TriageDecision, decisions), (StageChange, undone)):
            connection.execute(insert(table), values)


def test_every_table_adds_up_to_the_same_as_a_count_by_hand(clinic: Clinic, many: list[dict[str, Any]]) -> None:
    found = figures(clinic.surgeon, Period(date(2026, 1, 1), date(2026, 7, 31)))
    counted = [row for row in many if "undone" not in row]
    nurses = [row for row in counted if row["staff_id"] != clinic.surgeon.staff_id]
    by_hand = Counter((row["suggestion"]["level"], row["acuity"]) for row in nurses)
    assert pairs(found.tables["rules_nurse_level"]) == by_hand
    assert found.tables["rules_surgeon_level"].n == len(counted) - len(nurses)
    assert found.recalled == len(many) - len(counted)
    assert found.all.n == len(counted) == sum(v.tally.n for v in found.versions.values())
    assert sum(tally.n for tally in found.deciding.values()) == len(counted)
    fired = Counter(rule["rule"] for row in counted for rule in row["suggestion"]["reasons"])
    assert {rule: tally.n for rule, tally in found.fired.items()} == fired
    for tally in (found.all, *found.fired.values(), *found.deciding.values()):
        assert sum(tally.reasons.values()) == tally.n - tally.accepted
        assert tally.raised + tally.lowered <= tally.n - tally.accepted
    for table in found.tables.values():
        assert table.n == sum(map(sum, table.rows)) <= len(counted)


def test_a_counting_error_would_be_caught(clinic: Clinic, many: list[dict[str, Any]], monkeypatch: Any) -> None:
    monkeypatch.setattr(agreement, "judge", _without_recalls)
    with pytest.raises(AssertionError):
        test_every_table_adds_up_to_the_same_as_a_count_by_hand(clinic, many)


def _without_recalls(steps: Any, kinds: Any) -> Any:
    from triage.domain.judgements import RECALL, judge

    return judge((step for step in steps if step.what != RECALL), kinds)


def test_however_many_decisions_the_queries_are_few(
    clinic: Clinic, many: list[dict[str, Any]], statements: list[str]
) -> None:
    statements.clear()
    figures(clinic.surgeon)
    assert len(statements) <= 6, statements
    assert db.session.info.get("written") is None
