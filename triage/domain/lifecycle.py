"""Where an encounter and an imaging order may go next: one table each. Whatever is not in the table is refused."""

from triage.domain.errors import Conflict

# Stages of an encounter
REGISTERED = "registered"  # at the desk, intake not finished
WAITING = "waiting"  # for the nurse
IMAGING = "imaging"  # requested, ordered or under way
REVIEW = "review"  # on the surgeon's list
CONFIRMATION = "confirmation"  # "conservative first", for a doctor to confirm
EMERGENCY = "emergency"  # pinned until the patient has left
FINISHED = "finished"
TRANSFERRED = "transferred"
LEFT = "left"  # without being seen
COMES_BACK = "comes_back"  # was asked to come back another day

STAGES = (REGISTERED, WAITING, IMAGING, REVIEW, CONFIRMATION, EMERGENCY, FINISHED, TRANSFERRED, LEFT, COMES_BACK)
OPEN = (REGISTERED, WAITING, IMAGING, REVIEW, CONFIRMATION, EMERGENCY)
CLOSED = (FINISHED, TRANSFERRED, LEFT, COMES_BACK)
_CALM = (REGISTERED, WAITING, IMAGING, REVIEW, CONFIRMATION)

#: step -> {stage it may start from: stage it leads to}
STEPS: dict[str, dict[str, str]] = {
    "submit_intake": {REGISTERED: WAITING},
    "raise_emergency": dict.fromkeys(OPEN, EMERGENCY),
    "route_imaging": {WAITING: IMAGING, REVIEW: IMAGING, CONFIRMATION: IMAGING},
    "route_review": {WAITING: REVIEW},
    "route_confirmation": {WAITING: CONFIRMATION},
    "image_back_to_nurse": {IMAGING: WAITING},
    "image_to_specialist": {IMAGING: REVIEW},
    "recall": {REVIEW: WAITING, CONFIRMATION: WAITING, IMAGING: WAITING},
    "send_back": {REVIEW: WAITING, CONFIRMATION: WAITING},
    "decide": {REVIEW: FINISHED, CONFIRMATION: FINISHED},
    "transfer": dict.fromkeys(_CALM, EMERGENCY),
    "decide_in_emergency": {EMERGENCY: EMERGENCY},
    "withdraw_emergency": {EMERGENCY: WAITING},
    "leave_for_hospital": {EMERGENCY: TRANSFERRED},
    "leave_unseen": dict.fromkeys(_CALM, LEFT),
    "end_visit": {WAITING: FINISHED, IMAGING: FINISHED, REVIEW: FINISHED, CONFIRMATION: FINISHED},
    "ask_back": dict.fromkeys(_CALM, COMES_BACK),
    # Undoing the three above, within minutes, to where the visit stood (services/reopening.py)
    "return_to_desk": {LEFT: REGISTERED, COMES_BACK: REGISTERED},
    "return_to_nurse": {LEFT: WAITING, FINISHED: WAITING, COMES_BACK: WAITING},
    "return_to_imaging": {LEFT: IMAGING, FINISHED: IMAGING, COMES_BACK: IMAGING},
    "return_to_review": {LEFT: REVIEW, FINISHED: REVIEW, COMES_BACK: REVIEW},
    "return_to_confirmation": {LEFT: CONFIRMATION, FINISHED: CONFIRMATION, COMES_BACK: CONFIRMATION},
}

#: route -> the step that follows it
ROUTES = {
    "emergency_specialist": "raise_emergency",
    "specialist_consult": "route_review",
    "xray": "route_imaging",
    "ct": "route_imaging",
    "imaging_then_specialist": "route_imaging",
    "conservative_first": "route_confirmation",
}

#: step of an imaging order -> {status it may start from: status it leads to}
IMAGING_STEPS: dict[str, dict[str, str]] = {
    "order": {"requested": "ordered"},
    "start": {"ordered": "started"},
    "complete": {"started": "completed"},
    # What a machine told: done there, whoever pressed what here; broken off there, to be done again
    "machine_done": {"ordered": "completed", "started": "completed"},
    "discontinue": {"started": "ordered"},
    # What a person had matched to it was another's: not done, or not begun, after all
    "take_back_end": {"completed": "started"},
    "take_back_start": {"started": "ordered"},
    "cannot_image": {"requested": "not_imaged", "ordered": "not_imaged", "started": "not_imaged"},
    "cancel": {"requested": "cancelled", "ordered": "cancelled", "started": "cancelled"},
    # The patient is back after all: what was called off for that reason is asked for again, as it stood.
    "reopen_request": {"cancelled": "requested"},
    "reopen_order": {"cancelled": "ordered"},
}
IMAGING_OPEN = ("requested", "ordered", "started")


def after(step: str, stage: str) -> str:
    """Return the stage that ``step`` leads to from ``stage``; raises Conflict naming the present stage."""
    try:
        return STEPS[step][stage]
    except KeyError:
        raise Conflict("step_not_possible", stage=stage) from None


def imaging_after(step: str, status: str) -> str:
    """Return the status that ``step`` leads an imaging order to; raises Conflict naming the present status."""
    try:
        return IMAGING_STEPS[step][status]
    except KeyError:
        raise Conflict("imaging_step_not_possible", status=status) from None
