"""A follow-up through mistakes: an operation taken back, amended, cancelled, begun by hand; nothing is lost."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from tests.builders import Clinic, add_patient, build_clinic
from tests.decisions import operation
from tests.places import begun_by_hand
from tests.services.test_encounters import last_event
from tests.services.test_outcomes import CORE, answer, now, operated, plan, point, treat
from tests.services.test_pathways import act, amended, begun, look
from triage import clock
from triage.db import aside, session
from triage.domain.errors import Conflict, Invalid, NotFound, Untimely
from triage.domain.outcomes import Treatment
from triage.models import Outcome, OutcomeChange, OutcomeSeries
from triage.services import (
    late,
    milestones,
    outcome_entries,
    outcome_lists,
    outcome_starts,
    outcomes,
    pathway_lists,
    pathways,
)


def series_of(clinic: Clinic, patient_id: str) -> list[OutcomeSeries]:
    session.close()
    query = select(OutcomeSeries).where(OutcomeSeries.patient_id == patient_id).order_by(OutcomeSeries.begun_at)
    return list(session.scalars(query))


def history(series_id: str) -> list[str]:
    query = select(OutcomeChange.kind).where(OutcomeChange.series_id == series_id)
    return list(session.scalars(query.order_by(OutcomeChange.at, OutcomeChange.id)))


def test_an_operation_noted_by_mistake_ends_nobodys_follow_up_for_good(clinic: Clinic) -> None:
    pathway_id = begun(clinic, operation("MED"))
    patient_id = look(clinic, pathway_id).pathway.patient_id
    care = treat(clinic.surgeon, patient_id, now(clinic) - timedelta(days=100))
    ago = now(clinic) - timedelta(days=90)
    earlier = outcome_starts.begin(clinic.nurse, patient_id, ago, begun_by_hand(clinic.surgeon.staff_id))
    planned = next(row.id for row in series_of(clinic, patient_id) if row.index_day is None)
    answer(clinic.nurse, earlier, "m3", now(clinic), nrs_back=3.0)
    before = {row.id: (row.ended_on, row.end_reason) for row in series_of(clinic, patient_id)}
    assert before[care][1] == "operated"
    operate_on(clinic, pathway_id)
    ended = {row.id: row.end_reason for row in series_of(clinic, patient_id)}
    assert ended == {care: "operated", earlier: "operated", planned: ""}
    assert point(earlier, "m12").status == "stopped"
    act(clinic, milestones.reopen, pathway_id, "operation", who="surgeon")
    after = {row.id: (row.ended_on, row.end_reason) for row in series_of(clinic, patient_id)}
    assert after[earlier] == (None, "")
    assert after[care] == before[care]  # an operation that was done had ended it
    assert point(earlier, "m3").status == "partly"
    assert {due.point.series_id for due in outcome_lists.list_due(clinic.nurse)} == {earlier, planned}
    assert history(earlier) == ["begun", "ended", "taken_up"]


def skip(clinic: Clinic, pathway_id: str, name: str) -> None:
    if name in {one.name for one in look(clinic, pathway_id).steps if one.status == "open"}:
        act(clinic, milestones.omit, pathway_id, name, "done elsewhere", who="surgeon")


def test_a_decision_amended_after_the_operation_reaches_the_follow_up_and_its_history(clinic: Clinic) -> None:
    pathway_id = begun(clinic, operation("MED"))
    patient_id = look(clinic, pathway_id).pathway.patient_id
    operate_on(clinic, pathway_id)
    (series,) = series_of(clinic, patient_id)
    assert (series.procedure, series.level, series.side) == ("MED", "L4-5", "right")
    amended(clinic, pathway_id, operation("MD", "L5-S1", "left"))
    (after,) = series_of(clinic, patient_id)
    assert (after.id, after.procedure, after.level, after.side) == (series.id, "MD", "L5-S1", "left")
    assert (after.index_day, after.ended_on) == (series.index_day, None)
    changed = session.scalars(select(OutcomeChange).where(OutcomeChange.kind == "changed")).one()
    assert (changed.was, changed.now) == ("MED L4-5 right", "MD L5-S1 left")
    newer = next(row for row in open_pathways(clinic, patient_id) if row != pathway_id)
    act(clinic, milestones.reopen, newer, "operation", who="surgeon")
    assert series_of(clinic, patient_id)[0].index_day is None  # the amended pathway is the follow-up's own


def open_pathways(clinic: Clinic, patient_id: str) -> list[str]:
    return [row.id for row in pathway_lists.list_of_patient(clinic.nurse, patient_id)]


def operate_on(clinic: Clinic, pathway_id: str) -> None:
    step = next(one for one in look(clinic, pathway_id).steps if one.mark == "operation")
    act(clinic, milestones.move, pathway_id, step.name, now(clinic), "agreed", True, who="reception")
    for name in [one.name for one in look(clinic, pathway_id).steps if one.position < step.position]:
        skip(clinic, pathway_id, name)
    act(clinic, milestones.complete, pathway_id, step.name, who="surgeon")


def test_the_baseline_answered_before_a_plan_was_cancelled_or_changed_is_not_asked_for_again(clinic: Clinic) -> None:
    pathway_id = begun(clinic, operation("PLIF"))
    patient_id = look(clinic, pathway_id).pathway.patient_id
    (series,) = series_of(clinic, patient_id)
    answer(clinic.nurse, series.id, "baseline", now(clinic))
    pathways.cancel(clinic.nurse, pathway_id, look(clinic, pathway_id).pathway.version, "declined")
    pathways.resume(clinic.nurse, pathway_id, look(clinic, pathway_id).pathway.version, "after all")
    amended(clinic, pathway_id, operation("MED"))
    (again,) = series_of(clinic, patient_id)
    assert (again.id, again.procedure, again.ended_on) == (series.id, "MED", None)
    assert point(series.id, "baseline").status == "answered"
    assert outcome_lists.list_due(clinic.nurse) == []


def test_care_decided_on_within_a_follow_up_begins_none_of_its_own(clinic: Clinic) -> None:
    series = operated(clinic)
    patient_id = outcomes.find(clinic.nurse, series).patient_id
    assert treat(clinic.surgeon2, patient_id, now(clinic)) == series
    assert outcomes.find(clinic.nurse, series).surgeon_id == clinic.surgeon.staff_id
    other = add_patient(clinic.reception).id
    first = treat(clinic.surgeon, other, now(clinic) - timedelta(days=90))
    assert treat(clinic.surgeon, other, now(clinic)) == first


def test_care_after_the_last_point_is_followed_up_anew(clinic: Clinic) -> None:
    other = add_patient(clinic.reception).id
    first = treat(clinic.surgeon, other, date(2020, 1, 6))
    again = treat(clinic.surgeon, other, date(2024, 1, 6))
    ended = {row.id: row.end_reason for row in series_of(clinic, other)}
    assert ended == {first: "", again: ""}  # of the first nobody is to be asked any more


def test_an_operation_of_long_ago_begun_by_hand_ends_no_later_follow_up(clinic: Clinic) -> None:
    later = operated(clinic, 100)
    patient_id = outcomes.find(clinic.nurse, later).patient_id
    plan(clinic.surgeon, patient_id, "MED")
    made = outcome_starts.begin(
        clinic.nurse, patient_id, now(clinic) - timedelta(days=500), begun_by_hand(clinic.surgeon.staff_id)
    )
    found = {row.id: (row.index_day is None, row.end_reason) for row in series_of(clinic, patient_id)}
    assert found[later] == (False, "")
    assert found[made] == (False, "operated")
    assert (True, "") in found.values()  # the operation that is planned is another one


def test_a_follow_up_begun_by_hand_says_after_what_and_why(clinic: Clinic) -> None:
    patient, day = add_patient(clinic.reception), now(clinic) - timedelta(days=400)
    good = begun_by_hand(clinic.surgeon.staff_id)
    for wrong, fields in (
        ({"kind": "magic"}, {"kind": "treatment_needed"}),
        ({"start": ""}, {"start": "reason_needed"}),
        ({"start": "other"}, {"note": "note_needed"}),
        ({"surgeon_id": clinic.nurse.staff_id}, {"surgeon": "surgeon_needed"}),
        ({"procedure": "MAGIC"}, {"procedure": "procedure_needed"}),
        ({"level": "L9", "side": "up"}, {"level": "level_needed", "side": "side_needed"}),
    ):
        with pytest.raises(Invalid) as error:
            outcome_starts.begin(clinic.nurse, patient.id, day, replace(good, **wrong))
        assert error.value.fields == fields
    for day_, code in ((now(clinic) + timedelta(days=1), "future_date"), (date(1900, 1, 1), "before_birth")):
        with pytest.raises(Invalid) as error:
            outcome_starts.begin(clinic.nurse, patient.id, day_, good)
        assert error.value.fields == {"index_day": code}
    made = outcome_starts.begin(clinic.nurse, patient.id, day, replace(good, start="other", note="Osaka, by letter"))
    assert last_event()[1]["note"] == "Osaka, by letter"
    row = outcomes.find(clinic.nurse, made)
    assert (row.start, row.start_note, row.level) == ("other", "Osaka, by letter", "L4-5")
    session.close()
    with pytest.raises(Conflict, match="followed_up_already"):
        outcome_starts.begin(clinic.nurse, patient.id, day, good)
    other = build_clinic("branch", suffix="-b")
    with pytest.raises(NotFound):
        outcome_starts.begin(other.nurse, patient.id, day, Treatment("conservative", start="elsewhere"))


def test_what_became_of_a_follow_up_is_never_edited(clinic: Clinic) -> None:
    operated(clinic)
    for change in (update(OutcomeChange).values(words="x"), delete(OutcomeChange)):
        with pytest.raises(DBAPIError, match="append-only"), aside() as own:
            own.execute(change)


def test_answers_from_paper_keep_both_times_and_overwrite_nothing_that_was_entered_since(clinic: Clinic) -> None:
    series, at = operated(clinic), clock.now()
    noted = at - timedelta(hours=30)
    with late.entry(noted):
        answer(clinic.nurse, series, "m3", noted.date(), **CORE)
        here = point(series, "m12")
    assert here.status == "open"
    rows = session.scalars(select(Outcome)).all()
    assert {(row.at, bool(row.entered_at)) for row in rows} == {(noted, True)}
    answer(clinic.nurse, series, "m3", now(clinic), odi=20.0)
    with pytest.raises(Untimely, match="late_before_step"), late.entry(noted):
        answer(clinic.nurse, series, "m3", noted.date(), odi=60.0)
    assert outcomes.current(point(series, "m3").id)["odi"].value == 20


def test_an_attempt_from_paper_counts_and_the_last_one_stays_the_last(clinic: Clinic) -> None:
    series = operated(clinic)
    here = point(series, "m3")
    outcome_entries.note_contact(clinic.reception, here.id, here.version, "sent")
    here = point(series, "m3")
    with late.entry(clock.now() - timedelta(hours=5)):
        outcome_entries.note_contact(clinic.reception, here.id, here.version, "not_reached", "evening")
    after = point(series, "m3")
    assert (after.attempts, after.attempt) == (2, "sent")
    contacts = outcome_lists.course(clinic.nurse, series).contacts
    assert [bool(row.entered_at) for _point, row in contacts] == [False, True]
