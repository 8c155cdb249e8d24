"""Where a visit and an examination may go next: every stage against every step, nothing left to chance."""

import pytest

from triage.domain import leaving, lifecycle
from triage.domain.errors import Conflict

#: The clinic's word on it, written down apart from the table it checks: step -> "from>to" for each stage allowed.
PROMISED = {
    "submit_intake": "registered>waiting",
    "raise_emergency": "registered>emergency waiting>emergency imaging>emergency review>emergency "
    "confirmation>emergency emergency>emergency",
    "route_imaging": "waiting>imaging review>imaging confirmation>imaging",
    "route_review": "waiting>review",
    "route_confirmation": "waiting>confirmation",
    "image_back_to_nurse": "imaging>waiting",
    "image_to_specialist": "imaging>review",
    "recall": "review>waiting confirmation>waiting imaging>waiting",
    "send_back": "review>waiting confirmation>waiting",
    "decide": "review>finished confirmation>finished",
    "transfer": "registered>emergency waiting>emergency imaging>emergency review>emergency confirmation>emergency",
    "decide_in_emergency": "emergency>emergency",
    "withdraw_emergency": "emergency>waiting",
    "leave_for_hospital": "emergency>transferred",
    "leave_unseen": "registered>left waiting>left imaging>left review>left confirmation>left",
    "end_visit": "waiting>finished imaging>finished review>finished confirmation>finished",
    "ask_back": "registered>comes_back waiting>comes_back imaging>comes_back review>comes_back confirmation>comes_back",
    "return_to_desk": "left>registered comes_back>registered",
    "return_to_nurse": "left>waiting finished>waiting comes_back>waiting",
    "return_to_imaging": "left>imaging finished>imaging comes_back>imaging",
    "return_to_review": "left>review finished>review comes_back>review",
    "return_to_confirmation": "left>confirmation finished>confirmation comes_back>confirmation",
}
ALLOWED = {(step, *pair.split(">")) for step, pairs in PROMISED.items() for pair in pairs.split()}
PAIRS = [(step, stage) for step in lifecycle.STEPS for stage in lifecycle.STAGES]


def test_no_step_is_without_its_promise() -> None:
    assert set(PROMISED) == set(lifecycle.STEPS)


@pytest.mark.parametrize(("step", "stage"), PAIRS)
def test_each_step_from_each_stage_is_what_was_promised_or_refused_with_the_present_stage(
    step: str, stage: str
) -> None:
    targets = {to for name, start, to in ALLOWED if (name, start) == (step, stage)}
    if targets:
        assert {lifecycle.after(step, stage)} == targets
        return
    with pytest.raises(Conflict) as refused:
        lifecycle.after(step, stage)
    assert (refused.value.code, refused.value.params) == ("step_not_possible", {"stage": stage})


def test_an_emergency_ends_only_by_leaving_or_by_being_taken_back() -> None:
    ways_out = {step for step, start, to in ALLOWED if start == "emergency" and to != "emergency"}
    assert ways_out == {"leave_for_hospital", "withdraw_emergency"}


def test_every_open_stage_can_become_an_emergency_and_a_closed_one_goes_on_only_where_an_ending_is_undone() -> None:
    assert {start for step, start, _to in ALLOWED if step == "raise_emergency"} == set(lifecycle.OPEN)
    goes_on = {step for step, start, _to in ALLOWED if start in lifecycle.CLOSED}
    assert goes_on == set(leaving.RETURNS.values())
    assert "transferred" not in {start for _step, start, _to in ALLOWED}


def test_whoever_can_be_ended_by_mistake_can_be_brought_back_to_the_same_stage() -> None:
    for step in leaving.STEPS.values():
        for stage, ended in lifecycle.STEPS[step].items():
            assert lifecycle.after(leaving.RETURNS[stage], ended) == stage


def test_an_emergency_is_ended_by_none_of_these() -> None:
    for step in leaving.STEPS.values():
        with pytest.raises(Conflict):
            lifecycle.after(step, lifecycle.EMERGENCY)


def test_nobody_goes_home_on_a_route_alone() -> None:
    ends = {lifecycle.after(step, "waiting") for step in lifecycle.ROUTES.values()}
    assert ends & set(lifecycle.CLOSED) == set()


def test_every_route_leads_somewhere() -> None:
    assert set(lifecycle.ROUTES.values()) <= set(lifecycle.STEPS)


@pytest.mark.parametrize("step", lifecycle.IMAGING_STEPS)
@pytest.mark.parametrize("status", ["requested", "ordered", "started", "completed", "not_imaged", "cancelled"])
def test_each_imaging_step_from_each_status_is_in_the_table_or_refused(step: str, status: str) -> None:
    if status in lifecycle.IMAGING_STEPS[step]:
        assert lifecycle.imaging_after(step, status) == lifecycle.IMAGING_STEPS[step][status]
        return
    with pytest.raises(Conflict):
        lifecycle.imaging_after(step, status)


def test_no_examination_starts_without_a_doctors_order() -> None:
    assert lifecycle.IMAGING_STEPS["start"] == {"ordered": "started"}
