"""A visit that ends beside its way: left without being seen, or finished and not noted; and calling back afterwards."""

from datetime import datetime, timedelta

from triage.domain.lifecycle import CONFIRMATION, IMAGING, REGISTERED, REVIEW, WAITING

UNSEEN, FINISHED = "unseen", "finished"
#: How a visit ended -> the step of the lifecycle.
STEPS = {UNSEEN: "leave_unseen", FINISHED: "end_visit"}
#: Stage before -> the step that opens the visit there again.
RETURNS = {
    REGISTERED: "return_to_desk",
    WAITING: "return_to_nurse",
    IMAGING: "return_to_imaging",
    REVIEW: "return_to_review",
    CONFIRMATION: "return_to_confirmation",
}
UNDO = timedelta(minutes=10)

# Calling back who left without being seen: nobody is off the list before being reached, or a named person stopped it.
TO_CALL, REACHED, NOT_REACHED, STOPPED = "to_call", "reached", "not_reached", "stopped"
RESULTS = (REACHED, NOT_REACHED, STOPPED)

#: Why an examination was called off, when the patient left.
LEFT = "left"


def may_undo(at: datetime, now: datetime) -> bool:
    """Tell whether a departure is young enough (10 minutes) to be undone."""
    return timedelta(0) <= now - at <= UNDO


def status_after(result: str) -> str:
    """Return where the call-back stands after an attempt."""
    return TO_CALL if result == NOT_REACHED else result
