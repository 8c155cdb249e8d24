"""A claim is a lease: when it lapses, whose turn it is to take it, and what may still be undone. Pure answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.domain.gate import may_recall
from triage.domain.lifecycle import CONFIRMATION, IMAGING, REVIEW, WAITING

#: A claim without activity for this long may be taken by the next person.
LAPSES_AFTER = timedelta(minutes=30)

# Acts upon a claim
CLAIMED = "claimed"
CALLED = "called"  # by "call next"
RELEASED = "released"
TAKEN_OVER = "taken_over"  # by the lead nurse, or after it had lapsed
HANDED_OVER = "handed_over"
UNDONE = "undone"
ENDED = "ended"  # with the stage or the visit

ACTS = (CLAIMED, CALLED, RELEASED, TAKEN_OVER, HANDED_OVER, UNDONE, ENDED)
UNDOABLE = frozenset({CLAIMED, CALLED, RELEASED, TAKEN_OVER, HANDED_OVER})

#: role -> the stages in which a patient waits for it; the radiographer's also needs a doctor's order.
TURN = {"nurse": (WAITING,), "surgeon": (REVIEW, CONFIRMATION), "radiographer": (IMAGING,)}


@dataclass(frozen=True)
class Act:
    """One act upon a claim, as far as undoing it needs to know: what, by whom, when."""

    what: str
    by: str
    at: datetime


def has_lapsed(active_at: datetime, now: datetime, after: timedelta = LAPSES_AFTER) -> bool:
    """Tell whether a claim has been without activity for longer than ``after``."""
    return now - active_at > after


def may_take(held: str | None, lease: str, seen: str | None, lapsed: bool) -> bool:
    """Tell whether a patient whom somebody else holds (None: nobody does) may be taken by who saw the lease ``seen``.

    ``seen`` None means that no screen is involved. Who saw an older lease must look again first, though it lapsed.
    """
    return held is None or (lapsed and seen in (None, lease))


def undo_refusal(act: Act, who: str, now: datetime, later: bool, active_at: datetime | None) -> str:
    """Return the message code why ``who`` may not undo the act, "" when it may be undone.

    ``later``: another act or step followed. ``active_at``: when somebody else who holds the patient now last worked
    on it.
    """
    if act.by != who or act.what not in UNDOABLE:
        return "undo_not_yours"
    if later or (active_at is not None and active_at > act.at):
        return "undo_acted_since"
    return "" if may_recall(act.at, now) else "undo_too_late"


def is_turn(roles: frozenset[str], stage: str, imaging: str | None) -> bool:
    """Tell whether one of these roles is next for a patient at ``stage`` whose open imaging order has this status."""
    due = {role for role in roles if stage in TURN.get(role, ())}
    return bool(due - {"radiographer"}) or ("radiographer" in due and imaging == "ordered")
