"""A surgeon's own results: of whom they are, what counts, who may look; and the response rate of the site."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import Clinic, add_patient, build_clinic
from tests.places import begun_by_hand
from tests.services.test_encounters import last_event
from tests.services.test_outcomes import CORE, answer, now, operate, plan, point, treat
from triage.db import session
from triage.domain.errors import NotAllowed, NotFound
from triage.domain.outcome_results import Group
from triage.services import (
    outcome_entries,
    outcome_pictures,
    outcome_results,
    outcome_starts,
    outcomes,
)
from triage.services.judgements import Period


def own(clinic: Clinic, **period: object) -> list[Group]:
    session.close()
    return outcome_results.results(clinic.surgeon, clinic.surgeon.staff_id, Period(**period))  # type: ignore[arg-type]


def answered(clinic: Clinic, odi: float, days_ago: int = 100) -> str:
    """Operate on a patient and let the answers of the third month be there."""
    patient = add_patient(clinic.reception)
    series = operate(clinic.surgeon, patient.id, now(clinic) - timedelta(days=days_ago))
    answer(clinic.nurse, series, "m3", now(clinic) - timedelta(days=days_ago - 95), **CORE | {"odi": odi})
    return series


def test_the_response_counts_windows_that_have_closed_and_the_numbers_that_are_there(clinic: Clinic) -> None:
    for odi in (10, 20, 30, 40):
        answered(clinic, odi)
    old = answered(clinic, 90, 200)
    operate(clinic.surgeon, add_patient(clinic.reception).id, now(clinic) - timedelta(days=200))
    (group,) = own(clinic)
    rate = group.rate("m3", now(clinic))
    assert (group.n, rate.due, rate.answered) == (6, 2, 1)
    (odi,) = [picture for picture in outcome_pictures.pictures_of(group) if picture.measure.id == "odi"]
    baseline, third, *_rest = odi.rows
    assert (baseline.n, third.n, third.mean, third.change) == (0, 5, 38, None)
    assert odi.scale == ("0", "100")
    assert odi.marks[1].mean is not None
    answer(clinic.nurse, old, "m3", now(clinic) - timedelta(days=105), odi=None)
    (group,) = own(clinic)
    (odi,) = [picture for picture in outcome_pictures.pictures_of(group) if picture.measure.id == "odi"]
    assert (odi.rows[1].n, odi.rows[1].mean, odi.line) == (4, None, "")
    assert len(odi.marks[1].dots) == 4  # four numbers, and no mean through them


def test_up_is_better_in_every_picture(clinic: Clinic) -> None:
    answered(clinic, 100)
    answered(clinic, 0)
    (group,) = own(clinic)
    pictures = {picture.measure.id: picture for picture in outcome_pictures.pictures_of(group)}
    best, worst = (y for _x, y in pictures["odi"].marks[1].dots)
    assert best < worst  # counted from the top


def test_only_what_the_surgeon_treated_here_in_the_period_counts(clinic: Clinic) -> None:
    answered(clinic, 20)
    plan(clinic.surgeon, add_patient(clinic.reception).id)
    operate(clinic.surgeon2, add_patient(clinic.reception).id, now(clinic) - timedelta(days=90))
    hand = begun_by_hand(clinic.surgeon.staff_id)
    for days, start in ((300, "elsewhere"), (310, "earlier")):
        patient = add_patient(clinic.reception)
        outcome_starts.begin(clinic.nurse, patient.id, now(clinic) - timedelta(days=days), replace(hand, start=start))
    treat(clinic.surgeon, add_patient(clinic.reception).id, now(clinic))
    assert [(group.procedure, group.n) for group in own(clinic)] == [("PLIF", 2), ("", 1)]
    recent = own(clinic, since=now(clinic) - timedelta(days=100), until=now(clinic) - timedelta(days=1))
    assert [(group.procedure, group.n) for group in recent] == [("PLIF", 1)]
    assert own(clinic, until=now(clinic) - timedelta(days=999)) == []


def test_a_complication_taken_back_does_not_count_and_an_operation_since_does(clinic: Clinic) -> None:
    series = answered(clinic, 20)
    day, patient_id = now(clinic), outcomes.find(clinic.nurse, series).patient_id
    wrong = outcome_entries.note_complication(clinic.surgeon, series, None, "infection_deep", day, "3", True)
    (group,) = own(clinic)
    assert (group.with_wrong("infection_deep"), group.reoperated) == (1, 1)
    outcome_entries.withdraw_complication(clinic.surgeon, wrong, "another patient")
    (group,) = own(clinic)
    assert (group.with_wrong(), group.reoperated) == (0, 0)
    operate(clinic.surgeon2, patient_id, day, "MED")
    (group,) = own(clinic)
    assert (group.reoperated, group.reoperated_for_wrong) == (1, 0)


def test_another_surgeons_results_are_for_the_clinical_lead_and_every_look_is_recorded(clinic: Clinic) -> None:
    answered(clinic, 20)
    with pytest.raises(NotAllowed):
        outcome_results.results(clinic.surgeon, clinic.surgeon2.staff_id, Period())
    assert len(outcome_results.results(clinic.surgeon2, clinic.surgeon.staff_id, Period())) == 1
    assert last_event() == (
        "results_viewed", {"whose": clinic.surgeon.staff_id, "since": "", "until": "", "found": 1},
    )  # fmt: skip
    with pytest.raises(NotFound):
        outcome_results.results(clinic.surgeon2, clinic.nurse.staff_id, Period())
    assert [one.id for one in outcome_results.surgeons(clinic.surgeon)] == [clinic.surgeon.staff_id]
    assert len(outcome_results.surgeons(clinic.surgeon2)) == 2
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    with pytest.raises(NotFound):
        outcome_results.results(other.surgeon2, clinic.surgeon.staff_id, Period())


def test_the_response_rate_of_the_site_is_that_of_the_windows_that_closed_in_the_period(clinic: Clinic) -> None:
    answered(clinic, 20, 200)
    gave_up = operate(clinic.surgeon2, add_patient(clinic.reception).id, now(clinic) - timedelta(days=150))
    outcome_entries.end(clinic.nurse, gave_up, outcomes.find(clinic.nurse, gave_up).version, "unreachable")
    died = operate(clinic.surgeon, add_patient(clinic.reception).id, now(clinic) - timedelta(days=100))
    outcome_entries.end(clinic.nurse, died, outcomes.find(clinic.nurse, died).version, "died")
    year = Period(now(clinic) - timedelta(days=365), now(clinic) - timedelta(days=1))
    found = outcome_results.rates(clinic.nurse, year)
    assert {name: (rate.answered, rate.due) for name, rate in found.items()} == {
        "baseline": (0, 3), "m3": (1, 2), "m12": (0, 0), "m24": (0, 0),
    }  # fmt: skip
    assert point(gave_up, "m3").status == "open"  # its window had closed before anybody gave up
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    assert outcome_results.rates(other.nurse, year)["m3"].due == 0
