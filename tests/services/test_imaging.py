"""The imaging list: a nurse asks, a doctor orders, two identifiers and pregnancy before the start, the dose signed."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from tests.builders import SAFE, Clinic, add_patient, build_clinic, wait
from tests.services.test_triage import all_no, later, override
from triage import clock, db, knowledge
from triage.domain.access import Actor
from triage.domain.errors import Conflict, DomainError, NotAllowed, NotFound, Refused, Stale
from triage.domain.lifecycle import IMAGING_OPEN, IMAGING_STEPS
from triage.models import AuditEvent, AuditPayload, Encounter, ImagingOrder
from triage.services import audit, consults, emergencies, encounters, imaging, orders, triage

TWO = ("name", "birth_date")
DOSE = {"kvp": 80.0, "mas": 12.5, "dose": 4.2, "unit": "mGy"}


def asked(clinic: Clinic, route: str = "xray", **patient: Any) -> ImagingOrder:
    """Return a nurse's request for imaging."""
    encounter = wait(clinic.reception, all_no(), **patient)
    modality = "xray" if route == "imaging_then_specialist" else route
    triage.decide(clinic.nurse, encounter.id, encounter.version, override(route, modality=modality))
    return imaging.get(clinic.radiographer, orders.orders_of(encounter)[0].id)


def ordered(clinic: Clinic, route: str = "xray", **patient: Any) -> ImagingOrder:
    """Return what a surgeon has ordered."""
    request = asked(clinic, route, **patient)
    imaging.order(clinic.surgeon, request.id, request.version)
    return again(clinic, request)


def started(clinic: Clinic, route: str = "xray", **patient: Any) -> ImagingOrder:
    """Return an examination under way."""
    order = ordered(clinic, route, **patient)
    imaging.start(clinic.radiographer, order.id, order.version, TWO, "no", SAFE)
    return again(clinic, order)


def completed(clinic: Clinic, route: str = "xray", **patient: Any) -> ImagingOrder:
    """Return an examination that is done and not signed."""
    order = started(clinic, route, **patient)
    imaging.complete(clinic.radiographer, order.id, order.version, "L-spine AP, lateral", DOSE)
    return again(clinic, order)


def again(clinic: Clinic, order: ImagingOrder) -> ImagingOrder:
    return imaging.get(clinic.radiographer, order.id)


def stage(clinic: Clinic, order: ImagingOrder) -> str:
    return encounters.get(clinic.nurse, order.encounter_id).stage


def payloads(name: str) -> list[dict[str, Any]]:
    query = select(AuditPayload.body).join(AuditEvent, AuditEvent.id == AuditPayload.event_id)
    return list(db.session.scalars(query.where(AuditEvent.name == name)))


# A doctor's specific instruction


def test_a_nurses_route_is_a_request_that_names_no_doctor(clinic: Clinic) -> None:
    order = asked(clinic)
    assert (order.status, order.ordered_by, order.requester.name) == ("requested", None, clinic.nurse.name)


def test_a_surgeon_makes_it_an_order_in_the_surgeons_name(clinic: Clinic) -> None:
    order = ordered(clinic)
    assert order.status == "ordered"
    assert order.orderer is not None
    assert order.orderer.name == clinic.surgeon.name
    assert payloads("imaging_ordered") == [{"order": order.id, "modality": "xray"}]


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "radiographer"])
def test_nobody_but_a_doctor_makes_a_request_an_order(clinic: Clinic, who: str) -> None:
    request = asked(clinic)
    with pytest.raises(NotAllowed):
        imaging.order(clinic.people[who], request.id, request.version)
    assert again(clinic, request).status == "requested"


@pytest.mark.parametrize("pregnancy", ["", "no", "yes", "not_known", "not_applicable"])
@pytest.mark.parametrize("sex", ["male", "female", "other", "unknown"])
def test_without_a_doctors_order_the_examination_does_not_start_whatever_is_posted(
    clinic: Clinic, sex: str, pregnancy: str
) -> None:
    request = asked(clinic, sex=sex)
    with pytest.raises(Refused) as refusal:
        imaging.start(clinic.radiographer, request.id, request.version, imaging.IDENTIFIERS, pregnancy)
    assert refusal.value.code == "doctor_needed"
    assert again(clinic, request).status == "requested"


def test_an_order_is_given_once(clinic: Clinic) -> None:
    request = asked(clinic)
    imaging.order(clinic.surgeon, request.id, request.version)
    with pytest.raises(Stale):
        imaging.order(clinic.surgeon2, request.id, request.version)
    with pytest.raises(Conflict):
        imaging.order(clinic.surgeon2, request.id, again(clinic, request).version)
    assert again(clinic, request).ordered_by == clinic.surgeon.staff_id


@pytest.mark.parametrize("who", ["reception", "nurse", "surgeon"])
def test_only_the_radiographer_starts_and_completes(clinic: Clinic, who: str) -> None:
    order = ordered(clinic)
    with pytest.raises(NotAllowed):
        imaging.start(clinic.people[who], order.id, order.version, TWO, "no")
    begun = started(clinic)
    with pytest.raises(NotAllowed):
        imaging.complete(clinic.people[who], begun.id, begun.version, "L-spine", DOSE)
    with pytest.raises(NotAllowed):
        imaging.cannot_image(clinic.people[who], begun.id, begun.version, "refused")


# Two identifiers


@pytest.mark.parametrize("checked", [(), ("name",), ("name", "name"), ("ticket",), ("name", "nonsense"), ("", "x")])
def test_fewer_than_two_identifiers_do_not_start_it(clinic: Clinic, checked: tuple[str, ...]) -> None:
    order = ordered(clinic)
    with pytest.raises(Refused) as refusal:
        imaging.start(clinic.radiographer, order.id, order.version, checked, "no")
    assert refusal.value.code == "two_identifiers"
    assert again(clinic, order).status == "ordered"


def test_a_birth_date_that_is_not_recorded_identifies_nobody(clinic: Clinic) -> None:
    order = ordered(clinic, birth_date=None)
    with pytest.raises(Refused, match="two_identifiers"):
        imaging.start(clinic.radiographer, order.id, order.version, ("birth_date", "ticket"), "no")
    imaging.start(clinic.radiographer, order.id, order.version, ("name", "ticket"), "no")


def test_the_two_identifiers_that_were_checked_are_kept(clinic: Clinic) -> None:
    order = ordered(clinic)
    imaging.start(clinic.radiographer, order.id, order.version, ("number", "name"), "no")
    begun = again(clinic, order)
    assert (begun.identity, begun.started_by) == (["name", "number"], clinic.radiographer.staff_id)


# Pregnancy


@pytest.mark.parametrize("sex", ["female", "other", "unknown"])
@pytest.mark.parametrize("answer", ["", "yes", "not_known", "not_applicable", "NO", "nonsense"])
def test_of_everyone_not_recorded_male_anything_but_no_stops_the_start(clinic: Clinic, sex: str, answer: str) -> None:
    order = ordered(clinic, sex=sex)
    with pytest.raises(Refused) as refusal:
        imaging.start(clinic.radiographer, order.id, order.version, TWO, answer)
    assert refusal.value.code == "pregnancy_unknown"
    assert again(clinic, order).status == "ordered"


@pytest.mark.parametrize(
    ("sex", "answer", "kept"),
    [("female", "no", "no"), ("other", "no", "no"), ("unknown", "no", "no"), ("male", "", "not_applicable")],
)
def test_no_starts_it_and_who_is_recorded_male_is_not_asked(clinic: Clinic, sex: str, answer: str, kept: str) -> None:
    order = ordered(clinic, sex=sex)
    imaging.start(clinic.radiographer, order.id, order.version, TWO, answer)
    assert (again(clinic, order).status, again(clinic, order).pregnancy) == ("started", kept)


def test_the_sex_on_record_at_the_start_counts_not_the_one_at_the_order(clinic: Clinic) -> None:
    order = ordered(clinic, sex="male")

    @db.verb
    def correct(actor: Any) -> None:
        row = imaging.get(actor, order.id).encounter.patient
        row.sex = "female"
        audit.record(actor, "patient_changed", patient_id=row.id, before={"sex": "male"}, after={"sex": "female"})

    correct(clinic.reception)
    with pytest.raises(Refused):
        imaging.start(clinic.radiographer, order.id, order.version, TWO)


# One start, one end


def test_of_two_radiographers_who_start_at_once_one_does(clinic: Clinic) -> None:
    order = ordered(clinic)
    outcomes: list[str] = []
    gate = Barrier(2)

    def press() -> None:
        gate.wait()
        try:
            imaging.start(clinic.radiographer, order.id, order.version, TWO, "no")
            outcomes.append("started")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            db.session.remove()

    threads = [Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.remove()  # read what the threads wrote
    assert sorted(outcomes) == ["stale", "started"]
    assert len(payloads("imaging_started")) == 1


@pytest.mark.parametrize("status", ["requested", "ordered", "started", "completed", "not_imaged", "cancelled"])
@pytest.mark.parametrize("step", ["order", "start", "complete", "cannot_image"])
def test_every_step_not_in_the_table_is_refused(clinic: Clinic, status: str, step: str) -> None:
    order = ordered(clinic)
    put(clinic, order.id, status)
    version = again(clinic, order).version
    radiographer = clinic.radiographer
    acts = {
        "order": lambda: imaging.order(clinic.surgeon, order.id, version),
        "start": lambda: imaging.start(radiographer, order.id, version, TWO, "no"),
        "complete": lambda: imaging.complete(radiographer, order.id, version, "L-spine", DOSE),
        "cannot_image": lambda: imaging.cannot_image(radiographer, order.id, version, "refused"),
    }
    if status in IMAGING_STEPS[step]:
        acts[step]()
        assert again(clinic, order).status == IMAGING_STEPS[step][status]
    else:
        with pytest.raises(Conflict) as refusal:
            acts[step]()
        assert refusal.value.code == "imaging_step_not_possible"
        assert again(clinic, order).status == status


def put(clinic: Clinic, order_id: str, status: str) -> None:
    """Bring an order, in a doctor's name, into a status directly."""

    @db.verb
    def write(actor: Any) -> None:
        row = imaging.get(actor, order_id)
        row.status = status
        audit.record(actor, "imaging_ordered", order=row.id, modality=row.modality)

    write(clinic.surgeon)


@pytest.mark.parametrize("act", ["order", "start", "complete", "cannot_image", "sign"])
def test_a_stale_page_changes_nothing(clinic: Clinic, act: str) -> None:
    radiographer, surgeon = clinic.radiographer, clinic.surgeon
    order = {"order": asked, "start": ordered, "sign": completed}.get(act, started)(clinic)
    acts = {
        "order": lambda: imaging.order(surgeon, order.id, 99),
        "start": lambda: imaging.start(radiographer, order.id, 99, TWO, "no"),
        "complete": lambda: imaging.complete(radiographer, order.id, 99, "L-spine", DOSE),
        "cannot_image": lambda: imaging.cannot_image(radiographer, order.id, 99, "refused"),
        "sign": lambda: imaging.sign(surgeon, order.id, 99),
    }
    with pytest.raises(Stale):
        acts[act]()
    assert again(clinic, order).status == order.status


# The exposure record


def test_completing_writes_the_exposure_record_as_it_was_read_for_a_doctor_to_sign(clinic: Clinic) -> None:
    order = completed(clinic)
    sheet = order.exposure
    assert sheet is not None
    assert (sheet.views, sheet.exposure, sheet.performer.name) == ("L-spine AP, lateral", DOSE, "Radiographer")
    assert sheet.signed_at is None
    assert [waiting.id for waiting in imaging.unsigned(clinic.surgeon)] == [order.id]


@pytest.mark.parametrize("who", ["surgeon", "surgeon2"])
def test_the_ordering_doctor_or_another_surgeon_signs_it_once(clinic: Clinic, who: str) -> None:
    order = completed(clinic)
    assert order.exposure is not None
    imaging.sign(clinic.people[who], order.id, order.exposure.version)
    sheet = again(clinic, order).exposure
    assert sheet is not None
    assert (sheet.signed_by, sheet.signer and sheet.signer.name) == (clinic.people[who].staff_id, who.title())
    assert not imaging.unsigned(clinic.surgeon)
    for second in (clinic.surgeon, clinic.surgeon2):
        with pytest.raises(Conflict):
            imaging.sign(second, order.id, sheet.version)
    assert len(payloads("exposure_signed")) == 1


@pytest.mark.parametrize("who", ["reception", "nurse", "nurse2", "radiographer"])
def test_nobody_else_signs_an_exposure_record(clinic: Clinic, who: str) -> None:
    order = completed(clinic)
    assert order.exposure is not None
    with pytest.raises(NotAllowed):
        imaging.sign(clinic.people[who], order.id, order.exposure.version)


def test_there_is_nothing_to_sign_before_the_examination_is_done(clinic: Clinic) -> None:
    order = started(clinic)
    with pytest.raises(NotFound):
        imaging.sign(clinic.surgeon, order.id, 1)


# Where the patient goes next


@pytest.mark.parametrize(
    ("route", "goes_to"), [("xray", "waiting"), ("ct", "waiting"), ("imaging_then_specialist", "review")]
)
def test_after_imaging_alone_back_to_the_nurse_else_to_the_surgeon(clinic: Clinic, route: str, goes_to: str) -> None:
    assert stage(clinic, completed(clinic, route)) == goes_to


def test_back_with_the_nurse_the_patient_can_be_routed_again(clinic: Clinic) -> None:
    order = completed(clinic, "xray")
    encounter = encounters.get(clinic.nurse, order.encounter_id)
    triage.decide(clinic.nurse, encounter.id, encounter.version, override("specialist_consult"))
    assert stage(clinic, order) == "review"


@pytest.mark.parametrize("route", ["xray", "ct", "imaging_then_specialist"])
@pytest.mark.parametrize("build", [asked, ordered, started])
def test_what_cannot_be_imaged_goes_back_to_the_nurse_with_its_reason(clinic: Clinic, route: str, build: Any) -> None:
    order = build(clinic, route)
    imaging.cannot_image(clinic.radiographer, order.id, order.version, "machine_down", "until 13:00")
    ended = again(clinic, order)
    assert (ended.status, ended.reason) == ("not_imaged", "machine_down")
    assert "until 13:00" in ended.note
    assert stage(clinic, order) == "waiting"


@pytest.mark.parametrize("reason", ["", "because", "machine down"])
def test_the_reason_is_one_of_the_clinics_own(clinic: Clinic, reason: str) -> None:
    order = ordered(clinic)
    with pytest.raises(Refused) as refusal:
        imaging.cannot_image(clinic.radiographer, order.id, order.version, reason)
    assert refusal.value.code == "reason_needed"
    for known in knowledge.load().not_imaged_reasons:
        other = ordered(clinic)
        imaging.cannot_image(clinic.radiographer, other.id, other.version, known.id)


def test_the_list_stands_in_the_order_of_the_board_and_who_waited_long_is_not_forgotten(clinic: Clinic) -> None:
    start, old = clock.now(), asked(clinic)
    with clock.at(start + timedelta(minutes=200)):
        new = asked(clinic)
        db.session.close()
        assert [order.id for order in imaging.list_orders(clinic.radiographer)] == [old.id, new.id]
        change_acuity(clinic.nurse, new.encounter_id, 3)
        assert [order.id for order in imaging.list_orders(clinic.radiographer)] == [old.id, new.id]
    with clock.at(start + timedelta(minutes=100)):
        db.session.close()
        assert [order.id for order in imaging.list_orders(clinic.radiographer)] == [new.id, old.id]


@db.verb
def change_acuity(actor: Actor, encounter_id: str, acuity: int) -> None:
    encounter = encounters.for_writing(actor, encounter_id)
    encounter.acuity = acuity
    audit.record(actor, "recalled", encounter_id=encounter.id, reason="", **{"from": encounter.stage})


def test_with_several_orders_the_patient_goes_on_only_when_none_is_open(clinic: Clinic) -> None:
    first = started(clinic, "imaging_then_specialist")

    @db.verb
    def ask_for_another(actor: Any) -> str:
        encounter = encounters.for_writing(actor, first.encounter_id)
        return orders.request_imaging(actor, encounter, "ct", "", then_specialist=True).id

    second = ask_for_another(clinic.surgeon)
    imaging.complete(clinic.radiographer, first.id, first.version, "L-spine", DOSE)
    assert stage(clinic, first) == "imaging"
    imaging.order(clinic.surgeon, second, 1)
    imaging.start(clinic.radiographer, second, 2, TWO, "no", SAFE)
    imaging.complete(clinic.radiographer, second, 3, "L-spine CT", DOSE)
    assert stage(clinic, first) == "review"


def test_in_an_emergency_completing_moves_nothing_and_the_record_is_kept(clinic: Clinic) -> None:
    order = started(clinic, "xray")
    emergencies.raise_(clinic.radiographer, order.encounter_id, "grey, sweating on the table")
    imaging.complete(clinic.radiographer, order.id, order.version, "L-spine, one view", DOSE)
    assert stage(clinic, order) == "emergency"
    assert again(clinic, order).exposure is not None


def test_an_emergency_calls_off_what_has_not_begun(clinic: Clinic) -> None:
    order = ordered(clinic)
    emergencies.raise_(clinic.radiographer, order.encounter_id)
    assert again(clinic, order).status == "cancelled"
    with pytest.raises(Conflict):
        imaging.start(clinic.radiographer, order.id, again(clinic, order).version, TWO, "no")


def test_a_recalled_request_can_no_longer_be_ordered(clinic: Clinic) -> None:
    order = asked(clinic)
    triage.recall(clinic.nurse, order.encounter_id)
    with pytest.raises(Conflict):
        imaging.order(clinic.surgeon, order.id, again(clinic, order).version)


def test_a_patient_who_left_for_the_hospital_still_gets_an_exposure_record(clinic: Clinic) -> None:
    order = started(clinic)
    emergencies.raise_(clinic.nurse, order.encounter_id)
    hospital = knowledge.load().hospitals[0].id
    for step in ("called", "accepted", "left"):
        emergencies.record_step(clinic.nurse, order.encounter_id, step, hospital)
    imaging.complete(clinic.radiographer, order.id, order.version, "L-spine", DOSE)
    assert stage(clinic, order) == "transferred"
    assert again(clinic, order).exposure is not None


# The list


def test_the_list_shows_the_modality_asked_for_open_orders_and_those_that_ended_today(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    xray, ct = asked(clinic, "xray"), ordered(clinic, "ct", family_name="林")
    done = completed(clinic, "ct", family_name="森")
    shown = [order.id for order in imaging.list_orders(clinic.radiographer)]
    assert sorted(shown) == sorted([xray.id, ct.id, done.id])
    assert {order.id for order in imaging.list_orders(clinic.radiographer, "ct")} == {ct.id, done.id}
    later(monkeypatch, days=2)
    left = imaging.list_orders(clinic.radiographer)
    assert {order.id for order in left} == {xray.id, ct.id}
    assert all(order.status in IMAGING_OPEN for order in left)


def test_the_most_urgent_is_next_then_who_was_ordered_first(clinic: Clinic) -> None:
    first, second, urgent = asked(clinic), asked(clinic), asked_at(clinic, level=3)
    listed = [order.id for order in imaging.list_orders(clinic.radiographer)]
    assert listed == [urgent.id, first.id, second.id]


def asked_at(clinic: Clinic, level: int) -> ImagingOrder:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, override("xray", level))
    return imaging.get(clinic.radiographer, orders.orders_of(encounter)[0].id)


def test_another_sites_orders_are_not_there(clinic: Clinic) -> None:
    order = completed(clinic)
    other = build_clinic("kobe", clinic.nurse.organisation_id, "_k")
    assert not imaging.list_orders(other.radiographer)
    assert not imaging.unsigned(other.surgeon)
    for act in (
        lambda: imaging.get(other.radiographer, order.id),
        lambda: imaging.order(other.surgeon, order.id, order.version),
        lambda: imaging.start(other.radiographer, order.id, order.version, TWO, "no"),
        lambda: imaging.cannot_image(other.radiographer, order.id, order.version, "refused"),
        lambda: imaging.sign(other.surgeon, order.id, 1),
    ):
        with pytest.raises(NotFound):
            act()


def test_nobody_without_a_role_in_care_sees_an_order(clinic: Clinic) -> None:
    order = asked(clinic)
    for who in ("admin", "auditor"):
        with pytest.raises(NotFound):
            imaging.get(clinic.people[who], order.id)


def test_what_a_surgeon_asks_for_at_the_review_is_already_ordered(clinic: Clinic) -> None:
    patient = add_patient(clinic.reception)
    encounter: Encounter = encounters.get(clinic.nurse, encounters.check_in(clinic.reception, patient.id, ""))
    assert not orders.orders_of(encounter)
    order = completed(clinic, "imaging_then_specialist")
    version = encounters.get(clinic.surgeon, order.encounter_id).version
    choice = consults.Choice("imaging", modality="ct", note="L4/5", identified=True)
    consults.decide(clinic.surgeon, order.encounter_id, version, choice)
    newest = orders.orders_of(order.encounter)[-1]
    assert (newest.status, newest.ordered_by, newest.then_specialist) == ("ordered", clinic.surgeon.staff_id, True)
    imaging.start(clinic.radiographer, newest.id, newest.version, TWO, "no", SAFE)
