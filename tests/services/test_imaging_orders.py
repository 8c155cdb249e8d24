"""An order says what exactly is wanted and why; what is not known of the patient stops its start and not the order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import SAFE, Clinic, wait
from tests.services.test_consults import IMAGING, at_stage, decide
from tests.services.test_imaging import DOSE, TWO, again, asked, completed, ordered, payloads, stage, started
from tests.services.test_triage import all_no, override
from triage import clock, db, knowledge
from triage.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refused, Stale, Unsafe
from triage.models import ImagingOrder
from triage.services import imaging, imaging_orders, imaging_safety, imaging_steps, imaging_times, order_times, triage
from triage.services.imaging_orders import Details
from triage.services.imaging_safety import Answer

CTM = Details("ct_myelography", (), "L4-5", "left", "urgent", "Block at L4/5 on myelography", 3)


def changed(clinic: Clinic, order: ImagingOrder, **values: object) -> ImagingOrder:
    """Let the surgeon say what exactly is wanted."""
    row = again(clinic, order)
    details = replace(imaging_orders.details_of(row), justification="pain at L4/5", **values)
    imaging_orders.change(clinic.surgeon, row.id, row.version, details)
    return again(clinic, order)


def myelography(clinic: Clinic, **patient: object) -> ImagingOrder:
    """Return a doctor's order for CT myelography, of which nothing is known yet."""
    return changed(clinic, ordered(clinic, "ct", **patient), procedure="ct_myelography", views=())


# What is asked for until somebody says otherwise


def test_one_press_of_the_nurse_asks_for_what_the_rules_suggest_in_their_words(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no() | {"osteoporosis": True, "back_pain": True})
    triage.decide(clinic.nurse, encounter.id, encounter.version, override("xray"))
    order = imaging.list_of(clinic.nurse, encounter)[0]
    assert (order.procedure, order.views, order.acr_variant) == ("xray_lumbar", ["ap", "lateral"], 6)
    assert order.justification == "骨粗鬆症または長期ステロイドと脊椎の痛み：X線が適切です。"


@pytest.mark.parametrize(("level", "priority"), [(3, "urgent"), (4, "routine"), (5, "routine")])
def test_how_soon_follows_from_the_acuity(clinic: Clinic, level: int, priority: str) -> None:
    encounter = wait(clinic.reception, all_no())
    triage.decide(clinic.nurse, encounter.id, encounter.version, override("xray", level))
    assert imaging.list_of(clinic.nurse, encounter)[0].priority == priority


def test_routing_asks_the_database_nothing_more_for_it(clinic: Clinic, statements: list[str]) -> None:
    encounter = wait(clinic.reception, all_no())
    statements.clear()
    triage.decide(clinic.nurse, encounter.id, encounter.version, override("xray"))
    assert not [one for one in statements if one.startswith("SELECT") and "imaging_order" in one]
    assert len([one for one in statements if "INTO imaging_order" in one]) == 1


# What exactly


def test_the_nurse_says_more_until_a_doctor_ordered_it_then_only_a_doctor(clinic: Clinic) -> None:
    request = asked(clinic, "ct")
    imaging_orders.change(clinic.nurse, request.id, request.version, CTM)
    row = again(clinic, request)
    assert (row.procedure, row.level, row.side, row.priority) == ("ct_myelography", "L4-5", "left", "urgent")
    imaging.order(clinic.surgeon, row.id, row.version)
    row = again(clinic, row)
    with pytest.raises(NotAllowed) as refusal:
        imaging_orders.change(clinic.nurse, row.id, row.version, replace(CTM, side="right"))
    assert refusal.value.code == "ordered_by_doctor"
    imaging_orders.change(clinic.surgeon, row.id, row.version, replace(CTM, side="right"))
    assert again(clinic, row).side == "right"


@pytest.mark.parametrize("who", ["reception", "radiographer", "auditor", "admin"])
def test_nobody_else_changes_or_calls_off_an_order(clinic: Clinic, who: str) -> None:
    request = asked(clinic, "ct")
    for act in (
        lambda: imaging_orders.change(clinic.people[who], request.id, request.version, CTM),
        lambda: imaging_orders.cancel(clinic.people[who], request.id, request.version, "other"),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            act()
    assert again(clinic, request).status == "requested"


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"procedure": "xray_lumbar"}, "procedure", "procedure_needed"),  # of another machine
        ({"procedure": "nonsense"}, "procedure", "procedure_needed"),
        ({"procedure": "ct_lumbar", "views": ("ap",)}, "views", "views_needed"),
        ({"level": "L9"}, "level", "level_needed"),
        ({"side": "middle"}, "side", "side_needed"),
        ({"priority": "high"}, "priority", "priority_needed"),
        ({"justification": " "}, "justification", "justification_needed"),
        ({"justification": "x" * 65}, "justification", "line_too_long"),
        ({"justification": "a\\b"}, "justification", "line_too_long"),
        ({"justification": "a\nb"}, "justification", "line_too_long"),
        ({"acr_variant": 99}, "acr_variant", "not_a_choice"),
        ({"scanner_id": "x"}, "scanner_id", "not_a_choice"),
    ],
)
def test_what_a_scanner_could_not_take_is_refused_at_its_field(
    clinic: Clinic, wrong: dict[str, object], field: str, code: str
) -> None:
    request = asked(clinic, "ct")
    with pytest.raises(Invalid) as refusal:
        imaging_orders.change(clinic.surgeon, request.id, request.version, replace(CTM, **wrong))
    assert refusal.value.fields == {field: code}


def test_what_the_nurse_wrote_at_length_goes_to_the_scanner_in_one_line(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    choice = replace(override("xray"), note="転倒後から腰痛。\n叩打痛あり\\要確認。" * 9)
    triage.decide(clinic.nurse, encounter.id, encounter.version, choice)
    order = imaging.list_of(clinic.nurse, encounter)[0]
    assert len(order.justification) <= 64
    assert order.justification.isprintable()
    assert "\\" not in order.justification
    assert order.note == choice.note.strip()


def test_every_change_is_kept_with_what_stood_before_by_whom(clinic: Clinic) -> None:
    order = changed(clinic, ordered(clinic), level="L3-4")
    changed(clinic, order, level="L4-5")
    steps = imaging_steps.list_of(order)
    assert [(step.step, step.before.get("level"), step.after["level"]) for step in steps] == [
        ("changed", "", "L3-4"), ("changed", "L3-4", "L4-5"),
    ]  # fmt: skip
    assert {step.staff.name for step in steps} == {clinic.surgeon.name}
    assert len(payloads("imaging_order_changed")) == 2
    changed(clinic, order, level="L4-5")
    assert len(imaging_steps.list_of(order)) == 2, "what is the same is no step"


def test_an_order_changed_on_an_old_page_is_stale_and_a_started_one_stays(clinic: Clinic) -> None:
    order = ordered(clinic, "ct")
    with pytest.raises(Stale):
        imaging_orders.change(clinic.surgeon, order.id, 1, CTM)
    begun = started(clinic, "ct")
    with pytest.raises(Conflict):
        imaging_orders.change(clinic.surgeon, begun.id, begun.version, CTM)
    with pytest.raises(Conflict):
        imaging_orders.cancel(clinic.surgeon, begun.id, begun.version, "other")


# What must be known


def test_unknown_stops_the_start_and_not_the_order(clinic: Clinic) -> None:
    order = myelography(clinic)
    assert order.status == "ordered"
    with pytest.raises(Unsafe) as refusal:
        imaging.start(clinic.radiographer, order.id, order.version, ("name",), "")
    assert refusal.value.fields == {
        "identity": "two_identifiers", "contrast_allergy": "safety_unknown", "kidney": "safety_unknown",
        "anticoagulant": "safety_unknown", "metal": "safety_unknown",
    }  # fmt: skip
    assert again(clinic, order).status == "ordered"
    imaging.start(clinic.radiographer, order.id, order.version, TWO, "", SAFE)
    assert again(clinic, order).status == "started"


@pytest.mark.parametrize("answer", ["not_known", "", "nonsense"])
@pytest.mark.parametrize("question", ["contrast_allergy", "kidney", "anticoagulant", "metal"])
def test_not_known_is_never_no(clinic: Clinic, question: str, answer: str) -> None:
    order = myelography(clinic)
    with pytest.raises(Unsafe) as refusal:
        imaging.start(clinic.radiographer, order.id, order.version, TWO, "", SAFE | {question: Answer(answer)})
    assert refusal.value.fields == {question: "safety_unknown"}


def test_what_is_answered_before_is_not_asked_again_at_the_start(clinic: Clinic) -> None:
    order = myelography(clinic, sex="female")
    imaging_orders.answer(clinic.nurse, order.id, order.version, SAFE)
    order = again(clinic, order)
    assert imaging_safety.open_of(order) == {"pregnancy": "pregnancy_unknown"}
    imaging.start(clinic.radiographer, order.id, order.version, TWO, "no")
    order = again(clinic, order)
    assert order.safety is not None
    assert (order.safety["kidney"]["answer"], order.safety["kidney"]["by"]) == ("no", clinic.nurse.name)


def test_a_record_that_says_nothing_is_unknown_and_one_that_says_something_is_a_hint_and_no_answer(
    clinic: Clinic,
) -> None:
    order = myelography(clinic, implants="Pacemaker")
    standing = {one.question.id: one for one in imaging_safety.standing(order)}
    assert (standing["metal"].hint, standing["metal"].likely, standing["metal"].answer) == (
        "Pacemaker", "yes", "not_known",
    )  # fmt: skip
    assert (standing["anticoagulant"].hint, standing["anticoagulant"].likely) == ("", "")
    assert imaging_safety.open_of(order)["metal"] == "safety_unknown"


def test_metal_is_noted_and_starts_but_an_anticoagulant_needs_a_doctors_word(clinic: Clinic) -> None:
    order = myelography(clinic)
    given = SAFE | {"metal": Answer("yes", "cage L4/5"), "anticoagulant": Answer("yes", "warfarin")}
    imaging_orders.answer(clinic.radiographer, order.id, order.version, given)
    order = again(clinic, order)
    assert imaging_safety.open_of(order) == {"anticoagulant": "safety_word_needed"}
    with pytest.raises(Unsafe):
        imaging.start(clinic.radiographer, order.id, order.version, TWO)
    with pytest.raises(NotAllowed):
        imaging_orders.allow(clinic.nurse, order.id, order.version, "anticoagulant", "fine")
    with pytest.raises(Refused):
        imaging_orders.allow(clinic.surgeon, order.id, order.version, "anticoagulant", " ")
    imaging_orders.allow(clinic.surgeon, order.id, order.version, "anticoagulant", "stopped five days ago")
    order = again(clinic, order)
    assert order.safety is not None
    word = order.safety["anticoagulant"]["word"]
    assert (word["text"], word["by"]) == ("stopped five days ago", clinic.surgeon.name)
    imaging.start(clinic.radiographer, order.id, order.version, TWO)
    assert again(clinic, order).status == "started"


def test_a_doctors_word_falls_with_the_answer_it_was_given_to(clinic: Clinic) -> None:
    order = myelography(clinic)
    imaging_orders.answer(clinic.nurse, order.id, order.version, SAFE | {"kidney": Answer("yes", "eGFR 50")})
    order = again(clinic, order)
    imaging_orders.allow(clinic.surgeon, order.id, order.version, "kidney", "hydrated")
    order = again(clinic, order)
    assert not imaging_safety.open_of(order)
    imaging_orders.answer(clinic.nurse, order.id, order.version, {"kidney": Answer("yes", "eGFR 25")})
    assert imaging_safety.open_of(again(clinic, order)) == {"kidney": "safety_word_needed"}


def test_nobody_writes_a_word_for_what_is_not_yes_or_stops(clinic: Clinic) -> None:
    order = myelography(clinic, sex="female")
    imaging_orders.answer(clinic.nurse, order.id, order.version, SAFE | {"pregnancy": Answer("yes")})
    order = again(clinic, order)
    for question in ("pregnancy", "kidney", "nonsense"):
        with pytest.raises(Conflict):
            imaging_orders.allow(clinic.surgeon, order.id, order.version, question, "all the same")


def test_that_nobody_is_pregnant_is_asked_again_on_another_day(clinic: Clinic) -> None:
    order = ordered(clinic, sex="female")
    imaging_orders.answer(clinic.nurse, order.id, order.version, {"pregnancy": Answer("no")})
    assert not imaging_safety.open_of(again(clinic, order))
    with clock.at(clock.now() + timedelta(hours=25)):
        db.session.close()
        assert imaging_safety.open_of(again(clinic, order)) == {"pregnancy": "pregnancy_unknown"}


def test_answers_are_kept_with_their_history(clinic: Clinic) -> None:
    order = myelography(clinic)
    imaging_orders.answer(clinic.nurse, order.id, order.version, {"kidney": Answer("not_known")})
    order = again(clinic, order)
    imaging_orders.answer(clinic.radiographer, order.id, order.version, {"kidney": Answer("no", "eGFR 80 today")})
    steps = [step for step in imaging_steps.list_of(order) if step.step == "answered"]
    assert [(step.before, step.after, step.staff.name) for step in steps] == [
        ({}, {"kidney": "not_known"}, clinic.nurse.name),
        ({"kidney": "not_known"}, {"kidney": "no eGFR 80 today"}, clinic.radiographer.name),
    ]


# Calling off


@pytest.mark.parametrize(("who", "build"), [("nurse", asked), ("surgeon", asked), ("surgeon", ordered)])
def test_called_off_with_its_reason_the_time_is_free_and_the_patient_back_with_the_nurse(
    clinic: Clinic, who: str, build: object
) -> None:
    order = build(clinic)  # type: ignore[operator]
    imaging_times.book_next(clinic.nurse, order.id)
    imaging_orders.cancel(clinic.people[who], order.id, order.version, "patient_declines", "afraid of needles")
    ended = again(clinic, order)
    assert (ended.status, ended.reason) == ("cancelled", "patient_declines")
    assert order_times.find(order.id) is None
    assert stage(clinic, order) == "waiting"
    (step,) = imaging_steps.list_of(order)
    assert (step.step, step.reason, step.note) == ("cancelled", "patient_declines", "afraid of needles")


def test_a_nurse_does_not_call_off_what_a_doctor_ordered_and_nobody_without_a_reason(clinic: Clinic) -> None:
    order = ordered(clinic)
    with pytest.raises(NotAllowed):
        imaging_orders.cancel(clinic.nurse, order.id, order.version, "not_needed")
    with pytest.raises(Refused):
        imaging_orders.cancel(clinic.surgeon, order.id, order.version, "because")
    assert again(clinic, order).status == "ordered"


# The exposure record afterwards


def reported_done(clinic: Clinic, order: ImagingOrder) -> ImagingOrder:
    """Let a machine have said that the examination is done, which writes no exposure record."""

    @db.verb
    def report(actor: object) -> None:
        row = imaging.get(clinic.radiographer, order.id)
        row.status, row.ended_at = "completed", clock.now()
        imaging_steps.record(clinic.radiographer, "imaging_completed", order=row.id, exposure="")

    report(None)
    return again(clinic, order)


def test_what_a_machine_reports_done_waits_for_its_exposure_record(clinic: Clinic) -> None:
    order = reported_done(clinic, started(clinic))
    assert [row.id for row in imaging.unrecorded(clinic.radiographer)] == [order.id]
    imaging.write_exposure(clinic.radiographer, order.id, order.version, "L-spine AP", DOSE)
    row = again(clinic, order)
    assert row.exposure is not None
    assert (row.exposure.performed_at, row.exposure.exposure, row.exposure.signed_at) == (row.ended_at, DOSE, None)
    assert not imaging.unrecorded(clinic.radiographer)
    assert [waiting.id for waiting in imaging.unsigned(clinic.surgeon)] == [order.id]
    with pytest.raises(Conflict):
        imaging.write_exposure(clinic.radiographer, order.id, row.version, "L-spine AP", DOSE)


def test_only_the_radiographer_writes_it_and_only_for_what_is_done(clinic: Clinic) -> None:
    order = reported_done(clinic, started(clinic))
    for who in ("nurse", "surgeon"):
        with pytest.raises(NotAllowed):
            imaging.write_exposure(clinic.people[who], order.id, order.version, "L-spine AP", DOSE)
    begun = started(clinic)
    with pytest.raises(Conflict):
        imaging.write_exposure(clinic.radiographer, begun.id, begun.version, "L-spine AP", DOSE)


def test_what_the_radiographer_completes_lacks_no_record(clinic: Clinic) -> None:
    completed(clinic)
    assert not imaging.unrecorded(clinic.radiographer)


def test_every_examination_asks_something_and_every_answer_leads_somewhere() -> None:
    known = knowledge.load().flow.examinations
    assert all(one.safety for one in known.procedures.values())
    assert {one.yes for one in known.safety.values()} <= {"stop", "doctor", "note"}


# What the surgeon asks for at the review


def test_the_surgeon_names_the_examination_at_the_review_in_own_words(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, replace(IMAGING, modality="xray", examination="ct_myelography", note="L4/5 block?"))
    (order,) = imaging.list_of(clinic.surgeon, encounter)
    assert (order.modality, order.procedure, order.justification) == ("ct", "ct_myelography", "L4/5 block?")
    assert order.status == "ordered"
    assert set(imaging_safety.open_of(order)) >= {"contrast_allergy", "kidney", "anticoagulant", "metal"}


def test_the_same_again_at_the_review_needs_words(clinic: Clinic) -> None:
    encounter = at_stage(clinic, "review")
    decide(clinic, encounter, IMAGING)
    (first,) = imaging.list_of(clinic.surgeon, encounter)
    imaging.start(clinic.radiographer, first.id, first.version, ("name", "number"), "no", SAFE)
    imaging.complete(clinic.radiographer, first.id, again(clinic, first).version, "L-spine", DOSE)
    decide(clinic, encounter, IMAGING)
    second = imaging.list_of(clinic.surgeon, encounter)[-1]
    steps = [step for step in imaging_steps.list_of(second) if step.step == "repeated"]
    assert [step.after["others"] for step in steps] == [[first.id]]
