"""What machines say of an examination: it follows once, never backwards by mistake, and somebody sees what is odd."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import SAFE, Clinic, build_clinic
from tests.imaging_peers import add_scanner, began, ended, keys_of, machine, stable
from tests.services.test_imaging import DOSE, TWO, again, asked, ordered, payloads, stage
from triage import clock
from triage.db import session, verb
from triage.domain.errors import Conflict, NotFound
from triage.domain.matching import Keys
from triage.models import ImagingOrder, ImagingStudy, PatientIdentifier, ProcedureStep, Scanner
from triage.services import (
    audit,
    board,
    claims,
    emergencies,
    encounters,
    imaging,
    orders,
    procedure_steps,
    results,
    studies,
)


@pytest.fixture
def ct(clinic: Clinic) -> Scanner:
    """Return the clinic's CT."""
    return add_scanner(clinic)


def begin(clinic: Clinic, ct: Scanner, order: ImagingOrder, uid: str = "1.2.3.1", **other: str) -> None:
    procedure_steps.begin(machine(ct), ct, began(keys_of(clinic, order, **other), uid))


def end(ct: Scanner, uid: str = "1.2.3.1", status: str = "completed", reason: str = "") -> None:
    procedure_steps.change(machine(ct), ct, ended(uid, status, reason))


def images(clinic: Clinic, ct: Scanner, order: ImagingOrder, count: int = 2, later: int = 0, **other: str) -> None:
    studies.take(machine(ct), stable(keys_of(clinic, order, **other), count, later=later))


def begun_here(clinic: Clinic, **patient: Any) -> ImagingOrder:
    """Return an examination that the radiographer started here, patient and safety checked."""
    order = ordered(clinic, "ct", **patient)
    imaging.start(clinic.radiographer, order.id, order.version, TWO, "no", SAFE)
    return again(clinic, order)


def row(noun: type[Any]) -> Any:
    session.close()
    return session.query(noun).one()


# The usual way


def test_what_the_scanner_began_and_ended_is_done_and_the_patient_is_on_the_next_list(
    clinic: Clinic, ct: Scanner
) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    assert again(clinic, order).status == "started"
    end(ct)
    done = again(clinic, order)
    assert (done.status, done.alert, done.started_by) == ("completed", "", clinic.radiographer.staff_id)
    assert done.exposure is None
    assert stage(clinic, order) == "waiting"
    step = encounters.timeline(encounters.get(clinic.nurse, order.encounter_id))[-1]
    assert (step.staff_id, step.by) == (None, "ct CT1")
    assert payloads("imaging_done_at_machine") == [{"order": order.id, "device": "ct CT1"}]


def test_the_radiographer_does_not_hold_a_patient_whose_examination_the_machine_ended(
    clinic: Clinic, ct: Scanner
) -> None:
    order = begun_here(clinic)
    claims.claim(clinic.radiographer, order.encounter_id)
    begin(clinic, ct, order)
    end(ct)
    assert encounters.get(clinic.surgeon, order.encounter_id).claim is None


def test_begun_at_the_machine_unasked_it_runs_by_nobody_and_somebody_is_told(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    begin(clinic, ct, order)
    begun = again(clinic, order)
    assert (begun.status, begun.started_by, begun.identity, begun.alert) == ("started", None, None, "unasked")
    assert begun.alert_at is not None
    assert payloads("imaging_alert_raised") == [{"order": order.id, "alert": "unasked", "device": "ct CT1"}]


def test_an_examination_that_the_machine_did_gets_no_exposure_record_by_itself(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    begin(clinic, ct, order)
    end(ct)
    assert again(clinic, order).exposure is None
    assert not imaging.unsigned(clinic.surgeon)


def test_where_something_else_is_to_be_imaged_the_patient_stays(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)

    @verb
    def ask_more(actor: Any) -> None:
        encounter = encounters.for_writing(actor, order.encounter_id)
        orders.request_imaging(actor, encounter, "xray", "", False)

    ask_more(clinic.nurse)
    begin(clinic, ct, order)
    end(ct)
    assert (again(clinic, order).status, stage(clinic, order)) == ("completed", "imaging")


# Broken off


def test_broken_off_it_is_to_be_done_again_checked_again_and_somebody_is_told_why(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    end(ct, status="discontinued", reason="110515")
    back = again(clinic, order)
    assert (back.status, back.alert, back.started_by, back.started_at) == ("ordered", "broken_off", None, None)
    assert (back.identity, back.pregnancy, back.accession, stage(clinic, order)) == (
        None, "", order.accession, "imaging",
    )  # fmt: skip
    assert payloads("imaging_broken_off") == [{"order": order.id, "device": "ct CT1", "reason": "110515"}]
    imaging.start(clinic.radiographer, order.id, back.version, TWO, "no", SAFE)
    assert again(clinic, order).alert == ""


def test_the_images_of_what_was_broken_off_do_not_make_it_done(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    end(ct, status="discontinued", reason="110501")
    images(clinic, ct, order)
    assert (again(clinic, order).status, again(clinic, order).result_at) == ("ordered", None)
    begin(clinic, ct, order, "1.2.3.2")
    end(ct, "1.2.3.2")
    assert again(clinic, order).status == "completed"
    assert again(clinic, order).result_at is not None


def test_a_second_step_broken_off_does_not_take_back_what_is_done(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    begin(clinic, ct, order, "1.2.3.2")
    end(ct)
    assert again(clinic, order).status == "started", "the other step still runs"
    end(ct, "1.2.3.2")
    assert again(clinic, order).status == "completed"


# Repeated, late, early, wrong


def test_the_same_words_twice_change_nothing_twice(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    with pytest.raises(Conflict, match="step_known"):
        begin(clinic, ct, order)
    end(ct)
    for status in ("completed", "discontinued", ""):
        with pytest.raises(Conflict, match="step_is_final"):
            end(ct, status=status)
    said = stable(keys_of(clinic, order))
    studies.take(machine(ct), said)
    before = again(clinic, order)
    studies.take(machine(ct), said)
    after = again(clinic, order)
    assert (after.version, after.result_at, after.ended_at) == (before.version, before.result_at, before.ended_at)
    assert len(payloads("imaging_done_at_machine")) == len(payloads("images_stored")) == 1


def test_a_step_that_nobody_began_cannot_end_nor_that_of_another_machine(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    other = add_scanner(clinic, "CT2")
    for scanner, uid in ((ct, "9.9"), (other, "1.2.3.1")):
        with pytest.raises(NotFound):
            end(scanner, uid)
    assert again(clinic, order).status == "started"


def test_a_word_without_an_end_is_kept_and_the_examination_goes_on(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    end(ct, status="")
    assert (again(clinic, order).status, row(ProcedureStep).received["images"]) == ("started", 2)


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_images_before_between_and_after_the_steps_words(clinic: Clinic, ct: Scanner, when: str) -> None:
    order, at = begun_here(clinic), clock.now()
    says: list[tuple[str, Callable[[], None]]] = [
        ("between", lambda: procedure_steps.begin(machine(ct), ct, began(keys_of(clinic, order), at=at))),
        ("after", lambda: end(ct)),
        ("", lambda: None),
    ]
    if when == "before":
        images(clinic, ct, order)
    for time, say in says:
        say()
        if when == time:
            images(clinic, ct, order)
    done = again(clinic, order)
    assert (done.status, done.alert, stage(clinic, order)) == ("completed", "", "waiting")
    assert (done.result_at is not None, len(payloads("imaging_done_at_machine"))) == (True, 1)


def test_a_step_told_late_after_the_images_is_no_second_examination(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    at = clock.now()
    images(clinic, ct, order)
    procedure_steps.begin(machine(ct), ct, began(keys_of(clinic, order), at=at))
    end(ct)
    assert (again(clinic, order).status, again(clinic, order).alert) == ("completed", "")


def test_begun_again_after_it_was_done_somebody_is_told(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    end(ct)
    begin(clinic, ct, order, "1.2.3.2")
    assert (again(clinic, order).status, again(clinic, order).alert) == ("completed", "again")


def test_without_images_it_is_done_and_has_no_result(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    end(ct)
    assert again(clinic, order).result_at is None


def test_without_mpps_the_images_that_lie_still_are_its_end(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    images(clinic, ct, order)
    done = again(clinic, order)
    assert (done.status, done.result_at is not None, done.alert) == ("completed", True, "")
    assert stage(clinic, order) == "waiting"


def test_images_of_what_nobody_started_here_end_it_and_somebody_is_told(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "ct")
    images(clinic, ct, order)
    assert (again(clinic, order).status, again(clinic, order).alert) == ("completed", "unasked")


def test_images_that_come_late_are_counted_and_seen_again(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    images(clinic, ct, order)
    images(clinic, ct, order, count=5, later=60)
    assert (row(ImagingStudy).images, again(clinic, order).status) == (5, "completed")
    assert len(payloads("imaging_done_at_machine")) == 1
    seen = again(clinic, order)
    results.see(clinic.surgeon, order.id, seen.version)
    images(clinic, ct, order, count=5, later=120)
    assert again(clinic, order).seen_at is not None
    images(clinic, ct, order, count=6, later=180)
    assert again(clinic, order).seen_at is None, "whoever saw five has not seen the sixth"


def test_what_the_radiographer_ended_here_gets_its_result_when_the_images_come(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    imaging.complete(clinic.radiographer, order.id, order.version, "L-spine", DOSE)
    assert again(clinic, order).result_at is None
    images(clinic, ct, order)
    assert again(clinic, order).result_at is not None


def test_images_that_lay_there_already_are_the_result_when_the_radiographer_ends_it(
    clinic: Clinic, ct: Scanner
) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    images(clinic, ct, order)
    assert again(clinic, order).result_at is None
    imaging.complete(clinic.radiographer, order.id, again(clinic, order).version, "L-spine", DOSE)
    assert again(clinic, order).result_at is not None


@pytest.mark.parametrize("how", ["step", "images"])
def test_what_was_called_off_stays_called_off_and_somebody_is_told(clinic: Clinic, ct: Scanner, how: str) -> None:
    order = ordered(clinic, "ct")
    imaging.cannot_image(clinic.radiographer, order.id, order.version, "refused")
    if how == "step":
        begin(clinic, ct, order)
        end(ct)
    else:
        images(clinic, ct, order)
    assert (again(clinic, order).status, again(clinic, order).alert) == ("not_imaged", "ended")
    assert again(clinic, order).result_at is None


# To which order


def test_without_the_uid_accession_and_patient_number_together_find_the_order(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    images(clinic, ct, order, study_uid="1.9")
    assert (row(ImagingStudy).matched_by, again(clinic, order).status) == ("accession", "completed")


@pytest.mark.parametrize(
    "other",
    [
        {"patient_number": "999999"},
        {"study_uid": "", "accession": "WRONG1"},
        {"study_uid": "", "patient_number": ""},
        {"study_uid": "", "accession": ""},
        {"study_uid": "1.9", "accession": "", "patient_number": ""},
    ],
    ids=["other patient", "wrong accession", "no patient", "unscheduled", "nothing"],
)
def test_what_does_not_fit_is_kept_for_a_person_and_changes_no_order(
    clinic: Clinic, ct: Scanner, other: dict[str, str]
) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order, **other)
    end(ct)
    step = row(ProcedureStep)
    assert (step.order_id, step.matched_by, step.status) == (None, "", "completed")
    assert again(clinic, order).status == "started"


def test_a_wrong_accession_of_the_same_patient_at_another_machine_is_no_match(clinic: Clinic, ct: Scanner) -> None:
    order = ordered(clinic, "xray")
    begin(clinic, ct, order, study_uid="")
    assert row(ProcedureStep).order_id is None
    assert again(clinic, order).status == "ordered"


def test_another_number_of_the_same_patient_counts(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)

    @verb
    def know(actor: Any) -> None:
        patient = again(clinic, order).encounter.patient
        session.add(
            PatientIdentifier(
                organisation_id=actor.organisation_id, patient_id=patient.id, issuer="before", value="OLD-7"
            )
        )
        audit.record(actor, "patient_changed", patient_id=patient.id, before={}, after={})

    know(clinic.reception)
    images(clinic, ct, order, patient_number="OLD-7")
    assert row(ImagingStudy).order_id == order.id


def test_another_sites_order_is_never_meant(clinic: Clinic, ct: Scanner) -> None:
    there = build_clinic("kobe", clinic.nurse.organisation_id, "_k")
    order = ordered(there, "ct")
    procedure_steps.begin(machine(ct), ct, began(keys_of(there, order)))
    assert row(ProcedureStep).order_id is None


def test_one_acquisition_for_two_orders_is_both(clinic: Clinic, ct: Scanner) -> None:
    first, second = begun_here(clinic), begun_here(clinic)
    both = began(keys_of(clinic, first), "1.2.3.1", None, keys_of(clinic, second), keys_of(clinic, first))
    procedure_steps.begin(machine(ct), ct, both)
    with pytest.raises(Conflict, match="step_known"):
        procedure_steps.begin(machine(ct), ct, both)
    end(ct)
    images(clinic, ct, first)
    for order in (first, second):
        done = again(clinic, order)
        assert (done.status, done.result_at is not None, stage(clinic, order)) == ("completed", True, "waiting")


def test_images_whose_order_was_not_known_are_matched_when_they_are_told_of_again(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    images(clinic, ct, order, patient_number="999999")
    assert row(ImagingStudy).order_id is None
    images(clinic, ct, order, later=60)
    assert row(ImagingStudy).order_id == order.id
    assert again(clinic, order).status == "completed"


def test_a_request_without_a_doctors_order_bears_no_key_a_machine_could_know(clinic: Clinic, ct: Scanner) -> None:
    order = asked(clinic, "ct")
    begin(clinic, ct, order)
    assert (row(ProcedureStep).order_id, again(clinic, order).status) == (None, "requested")


def test_what_happened_in_an_emergency_is_noted_and_the_patient_stays_pinned(clinic: Clinic, ct: Scanner) -> None:
    order = begun_here(clinic)
    begin(clinic, ct, order)
    emergencies.raise_(clinic.radiographer, order.encounter_id, "fell")
    end(ct)
    assert (again(clinic, order).status, stage(clinic, order)) == ("completed", "emergency")


def test_the_open_lists_hear_of_what_nobody_could_match(clinic: Clinic, ct: Scanner) -> None:
    before = board.current_revision(clinic.radiographer)
    procedure_steps.begin(machine(ct), ct, began(Keys(patient_number="E1")))
    session.close()
    assert board.current_revision(clinic.radiographer) > before
