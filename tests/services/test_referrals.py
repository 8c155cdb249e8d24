"""Nobody is referred to the surgeon without the minimum data set or a written reason; an emergency always goes."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.builders import Clinic, as_answers, wait
from tests.domain.test_referral import WHOLE
from tests.services.test_encounters import last_event
from tests.services.test_imaging import completed
from tests.services.test_triage import all_no, override, reloaded
from triage.db import session
from triage.domain.errors import Refused
from triage.models import AuditEvent, AuditPayload, Encounter
from triage.services import encounters, intakes, referrals, triage

#: As recorded: whether there are images stands on the visit, not among the answers.
ANSWERS: dict[str, Any] = all_no() | {name: value for name, value in WHOLE.items() if name != "images_here"}


def come(clinic: Clinic, answers: dict[str, Any], **details: Any) -> Encounter:
    """Let a patient come whose answers are these."""
    here = wait(clinic.reception, all_no())
    intakes.record_answers(clinic.nurse, here.id, as_answers(answers))
    if details:
        intakes.change_details(clinic.reception, here.id, None, details)
    return reloaded(clinic, here)


def send(clinic: Clinic, here: Encounter, route: str = "specialist_consult", **but: Any) -> str:
    return triage.decide(clinic.nurse, here.id, here.version, override(route, without=but.pop("without", ""), **but)).id


def test_a_referral_that_does_not_say_which_pain_is_worse_is_refused(clinic: Clinic) -> None:
    here = come(clinic, {n: v for n, v in ANSWERS.items() if n != "leg_dominant"}, outside_images=True)
    assert triage.lacking(triage.situation(here), "specialist_consult") == ("dominant",)
    with pytest.raises(Refused, match="referral_incomplete"):
        send(clinic, here)
    assert reloaded(clinic, here).stage == "waiting"


def test_a_complete_referral_goes_without_a_word(clinic: Clinic) -> None:
    here = come(clinic, ANSWERS, outside_images=True)
    send(clinic, here)
    assert reloaded(clinic, here).stage == "review"
    (decision,) = triage.decisions_of(here)
    assert (decision.referral_lacks, decision.without) == ("", "")


def test_what_was_missing_and_why_it_went_all_the_same_is_kept_with_the_decision(clinic: Clinic) -> None:
    here = come(clinic, {n: v for n, v in ANSWERS.items() if n not in ("smoker", "odi")}, outside_images=True)
    send(clinic, here, without=" The questionnaire follows. ")
    (decision,) = triage.decisions_of(here)
    assert (decision.referral_lacks, decision.without) == ("smoking score", "The questionnaire follows.")
    told = select(AuditPayload.body).join(AuditEvent, AuditEvent.id == AuditPayload.event_id)
    (body,) = session.scalars(told.where(AuditEvent.name == "triage_decided"))
    assert (body["lacks"], body["without"]) == ("smoking score", "The questionnaire follows.")


def test_a_blank_is_no_reason(clinic: Clinic) -> None:
    with pytest.raises(Refused, match="referral_incomplete"):
        send(clinic, come(clinic, {}), without="  ")


@pytest.mark.parametrize("route", ["emergency_specialist", "specialist_consult", "imaging_then_specialist"])
def test_an_emergency_is_never_held_up_by_it(clinic: Clinic, route: str) -> None:
    here = wait(clinic.reception)
    triage.decide(clinic.nurse, here.id, 0, triage.Choice(2, route))
    assert reloaded(clinic, here).stage == "emergency"
    (decision,) = triage.decisions_of(here)
    assert decision.referral_lacks == ""


@pytest.mark.parametrize("route", ["xray", "ct", "conservative_first"])
def test_no_other_way_asks_for_it(clinic: Clinic, route: str) -> None:
    here = come(clinic, {})
    send(clinic, here, route)
    assert triage.decisions_of(here)[0].referral_lacks == ""


def test_the_images_that_come_with_the_route_are_not_missing(clinic: Clinic) -> None:
    here = come(clinic, {n: v for n, v in ANSWERS.items() if n != "concerned_level"})
    send(clinic, here, "imaging_then_specialist")
    assert reloaded(clinic, here).stage == "imaging"


def test_a_completed_examination_and_images_brought_along_count(clinic: Clinic) -> None:
    here = come(clinic, ANSWERS)
    assert [held.part.id for held in referrals.bar_of(here).open] == ["imaging"]
    intakes.change_details(clinic.reception, here.id, None, {"outside_images": False})
    assert not referrals.bar_of(reloaded(clinic, here)).is_whole, "none brought along is no image on file"
    intakes.change_details(clinic.reception, here.id, None, {"outside_images": True})
    assert referrals.bar_of(reloaded(clinic, here)).is_whole
    order = completed(clinic, "xray")
    imaged = encounters.get(clinic.nurse, order.encounter_id)
    assert "imaging" not in [held.part.id for held in referrals.bar_of(imaged).open]


def test_the_list_says_the_same_as_the_sheet_also_after_an_answer(clinic: Clinic) -> None:
    here, other = come(clinic, ANSWERS, outside_images=True), come(clinic, {})
    for _again in range(2):  # the second time from what is kept
        bars = referrals.bars_of([here, other])
        assert (bars[here.id], bars[other.id]) == (referrals.bar_of(here), referrals.bar_of(other))
    intakes.record_answers(clinic.nurse, other.id, as_answers({"smoker": True}))
    other = reloaded(clinic, other)
    assert referrals.bars_of([other])[other.id] == referrals.bar_of(other)
    assert referrals.bars_of([]) == {}


def test_the_desk_saves_as_little_as_it_knows(clinic: Clinic) -> None:
    here = wait(clinic.reception, {"leg_dominant": True})
    assert referrals.bar_of(here).count == 1
    assert last_event()[0] == "intake_submitted"
