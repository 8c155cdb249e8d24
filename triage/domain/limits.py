"""The clinic's limits in minutes: one per acuity from the arrival, one per stage; what makes a set of them sound."""

from collections.abc import Mapping
from itertools import pairwise

from triage.domain import lifecycle
from triage.domain.queue import Targets

#: An emergency has no limit here: its alarm goes to more people after two minutes (domain/alarms.py), for everybody.
STAGES = (lifecycle.REGISTERED, lifecycle.WAITING, lifecycle.IMAGING, lifecycle.REVIEW, lifecycle.CONFIRMATION)
ACUITIES = ("1", "2", "untriaged", "3", "4", "5")
#: None of these is shorter than the one before it in its chain: who is more urgent is never allowed to wait longer.
#: Not triaged may be as short as the clinic likes, since unknown is never "no".
CHAINS = (("1", "2", "3", "4", "5"), ("untriaged", "3"))
NAMES = (*ACUITIES, *STAGES)
#: Minutes of a clinic day; a longer limit would never be passed.
MOST = 480


def as_targets(values: Mapping[str, int]) -> Targets:
    """Return the limits in the shape the queue works with; names as in ``NAMES``."""
    by_acuity = {int(name): values[name] for name in ACUITIES if name != "untriaged"}
    return Targets(by_acuity, values["untriaged"], {stage: values[stage] for stage in STAGES})


def as_values(targets: Targets) -> dict[str, int]:
    """Return the limits by name, as they are kept and shown."""
    levels = {str(level): minutes for level, minutes in targets.by_acuity.items()}
    found = levels | {"untriaged": targets.untriaged} | dict(targets.by_stage)
    return {name: found[name] for name in NAMES}


def least(name: str) -> int:
    """Return the smallest number allowed: 0 for level 1 alone, which is seen at once."""
    return 0 if name == "1" else 1


def faults(values: Mapping[str, int]) -> dict[str, str]:
    """Return what is wrong with these: name to message code; empty means sound. The order rests on ``CHAINS``."""
    found = {name: "number_range" for name in NAMES if name in values and not least(name) <= values[name] <= MOST}
    for sooner, later in (pair for chain in CHAINS for pair in pairwise(chain)):
        if {sooner, later} <= values.keys() and values[later] < values[sooner]:
            found.setdefault(later, "limit_falls")
    return found
