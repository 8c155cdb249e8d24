"""The surgeon's decisions of the demonstration: the case's plan, with everything answered that speaks against it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from triage.domain.choice import ACCEPTED, FIRST, Choice, chosen
from triage.models import Encounter
from triage.services import decisions, organisations


def planned(plan: Mapping[str, Any], day: date) -> Choice:
    """Return the choice of a plan of the case files, signed for on a day: it is seen again ``review_days`` later."""
    days = plan.get("review_days")
    named = "NERVE_BLOCK" if plan["kind"] == "nerve_block" else plan.get("procedure", "")
    return replace(
        chosen(plan), procedure=named, review_on=day + timedelta(days=days) if days else None, identified=True
    )


def of_the_past(plan: Mapping[str, Any], day: date) -> Choice:
    """Return the planned choice as it was signed long ago; what was to be looked at again has been since."""
    choice = planned(plan, day)
    if choice.kind != "not_now":
        return choice
    return replace(choice, kind="conservative", measures=("watch",), weeks=6, review_on=None, if_needed=True)


def answered(plan: Mapping[str, Any], encounter: Encounter) -> Choice:
    """Return the planned choice with every open point answered: unknown ones are settled first, known ones accepted."""
    choice = planned(plan, organisations.today(encounter.site_id))
    points = decisions.operation_points(encounter, choice)
    return replace(choice, answers={p.id: FIRST if p.state == "unknown" else ACCEPTED for p in points})
