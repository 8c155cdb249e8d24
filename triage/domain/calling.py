"""Calling a patient into a room: who calls from which stage, how long a call stands, and what ends it."""

from datetime import datetime, timedelta

from triage.domain.lifecycle import CONFIRMATION, EMERGENCY, IMAGING, OPEN, REGISTERED, REVIEW, WAITING

# What is said of a patient who was called; "" means: nobody has called since somebody last saw the patient.
CALLED = "called"
NO_ANSWER = "no_answer"

# How a call ends; an open one has no outcome yet. "again": called once more; "met": seen, without a word on the call.
ANSWERED, AGAIN, UNDONE, MET, GONE = "answered", "again", "undone", "met", "gone"
#: Role -> the stages from which it calls. An emergency is fetched by whoever is there first.
STAGES: dict[str, frozenset[str]] = {
    "reception": frozenset({REGISTERED, WAITING, EMERGENCY}),
    "nurse": frozenset(OPEN),
    "surgeon": frozenset({WAITING, REVIEW, CONFIRMATION, EMERGENCY}),
    "radiographer": frozenset({IMAGING, EMERGENCY}),
}
#: Steps of the lifecycle at which somebody stands before the patient: whoever was called is found.
MEETS = frozenset({
    "submit_intake", "route_imaging", "route_review", "route_confirmation", "image_back_to_nurse",
    "image_to_specialist", "send_back", "decide",
})  # fmt: skip

#: A call that nobody has answered for is shown on the wall for so long.
SHOWN = timedelta(minutes=15)
UNDO = timedelta(minutes=10)


def may_call(roles: frozenset[str], stage: str) -> bool:
    """Tell whether one of the roles calls patients from this stage."""
    return any(stage in STAGES.get(role, frozenset()) for role in roles)


def may_undo(at: datetime, now: datetime) -> bool:
    """Tell whether what was noted of a call is young enough (10 minutes) to be taken back."""
    return timedelta(0) <= now - at <= UNDO
