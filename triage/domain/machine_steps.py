"""What follows for an order when a machine says what it did: one table; the same word twice changes nothing."""

from dataclasses import dataclass

# What was said: a step began, ended, was broken off (MPPS); images lie still in the archive and no step was told.
BEGAN, COMPLETED, DISCONTINUED, STABLE = "began", "completed", "discontinued", "stable"

# What somebody has to look at, as it stands on the order
UNASKED = "unasked"  # begun or done at the machine, and nobody had checked patient and safety here
NO_ORDER = "no_order"  # begun or done, and no doctor had ordered it
ENDED = "ended"  # begun or done after it was called off here, or noted as not possible
AGAIN = "again"  # begun once more: after it was done, or on a second machine
BROKEN_OFF = "broken_off"  # broken off at the machine: to be planned anew, or called off
MISTAKEN = "mistaken"  # what a person had matched to it was not its own
ALERTS = (UNASKED, NO_ORDER, ENDED, AGAIN, BROKEN_OFF, MISTAKEN)

# Steps of an order that only a machine's word takes (domain/lifecycle.py), "start" as in the radiographer's own
START, DONE, BACK = "start", "machine_done", "discontinue"


@dataclass(frozen=True)
class Effect:
    """The step the order takes and what somebody has to look at; "" for neither."""

    step: str = ""
    alert: str = ""


NOTHING = Effect()

#: What was said -> status of the order -> what follows. Whatever is not in the table changes nothing.
TABLE: dict[str, dict[str, Effect]] = {
    BEGAN: {
        "requested": Effect(alert=NO_ORDER),
        "ordered": Effect(START, UNASKED),
        "completed": Effect(alert=AGAIN),
        "not_imaged": Effect(alert=ENDED),
        "cancelled": Effect(alert=ENDED),
    },
    COMPLETED: {"ordered": Effect(DONE), "started": Effect(DONE)},
    DISCONTINUED: {
        "ordered": Effect(alert=BROKEN_OFF),
        "started": Effect(BACK, BROKEN_OFF),
        "completed": Effect(alert=BROKEN_OFF),
    },
    STABLE: {
        "requested": Effect(alert=NO_ORDER),
        "ordered": Effect(DONE, UNASKED),
        "started": Effect(DONE),
        "not_imaged": Effect(alert=ENDED),
        "cancelled": Effect(alert=ENDED),
    },
}


@dataclass(frozen=True)
class Others:
    """What the machines had told of the same order before this word."""

    any: bool = False  # steps at all
    running: bool = False  # one that has not ended
    elsewhere: bool = False  # one that runs on another machine
    done: bool = False  # one that was completed


def follows(said: str, status: str, others: Others, is_early: bool = False) -> Effect:
    """Return what follows from a machine's word for an order in this status.

    Where steps are told, they say when it is done, and images alone do not: those of an examination that was broken off
    lie still as well. While another step runs it is neither done nor back. ``is_early``: it began before the order was
    done, and only the word of it came late.
    """
    if said == BEGAN and ((status == "completed" and is_early) or status == "started"):
        return Effect(alert=AGAIN) if others.elsewhere else NOTHING
    if said == STABLE and others.any and status in ("ordered", "started"):
        return NOTHING
    if said == COMPLETED and others.running:
        return NOTHING
    if said == DISCONTINUED and status in ("started", "completed") and (others.running or others.done):
        return Effect(alert=BROKEN_OFF) if others.running else NOTHING
    return TABLE[said].get(status, NOTHING)
