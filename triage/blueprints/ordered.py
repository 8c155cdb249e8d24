"""What is ordered, in the reader's words: for the lists, the review and the order's own page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask_babel import lazy_gettext as _l

from triage import knowledge, screen
from triage.domain.imaging import SIDES
from triage.forms.imaging_orders import PRIORITIES
from triage.services import imaging_grounds, imaging_safety
from triage.services.imaging_safety import Standing
from triage.web import locale

PRIORITY_WORDS = dict(PRIORITIES)
SIDE_WORDS = dict(zip(SIDES, (_l("Right"), _l("Left"), _l("Both sides")), strict=True))
ANSWER_WORDS = {"yes": _l("Yes"), "no": _l("No"), "not_known": _l("Not known")}
RATINGS = {
    "usually_appropriate": _l("usually appropriate"),
    "may_be_appropriate": _l("may be appropriate"),
    "usually_not_appropriate": _l("usually not appropriate"),
}


@dataclass(frozen=True)
class Ordered:
    """One order in words; ``rating``: how the ACR table rates it in its situation, "" where it says nothing."""

    name: str
    views: str
    place: str
    priority: str
    situation: str
    rating: str
    is_warned: bool
    order: Any

    @cached_property
    def standing(self) -> Sequence[Standing]:
        """Return every safety question as it stands; its patient must be loaded, which an earlier order's is not."""
        return imaging_safety.standing(self.order)

    @property
    def unanswered(self) -> list[str]:
        """Return the questions that keep it from starting."""
        return [one.question.label(locale()) for one in self.standing if one.code]


def ordered(order: Any) -> Ordered:
    """Return what is ordered in the reader's language, from what is loaded already."""
    there, language = knowledge.load().flow.examinations, locale()
    meant = imaging_safety.procedure_of(order)
    variant = imaging_grounds.variant(order.acr_variant)
    rating = imaging_grounds.rating(meant.id, order.acr_variant)
    return Ordered(
        meant.label(language),
        ", ".join(there.views[name].label(language) for name in order.views or () if name in there.views),
        " ".join(filter(None, (order.level, str(SIDE_WORDS.get(order.side, ""))))),
        str(PRIORITY_WORDS.get(order.priority, order.priority)), variant.title.in_(language) if variant else "",
        str(RATINGS[rating.category]) if rating else "", imaging_grounds.is_warned(meant.id, order.acr_variant),
        order,
    )  # fmt: skip


def told_value(name: str, value: Any) -> str:
    """Return one value of an order's history in the reader's words."""
    there, language = knowledge.load().flow.examinations, locale()
    if value in (None, "", []):
        return "–"
    if name == "procedure" and value in there.procedures:
        return there.procedures[value].label(language)
    if name == "views":
        return ", ".join(there.views[view].label(language) for view in value if view in there.views)
    if name in there.safety:
        answer, _, note = str(value).partition(" ")
        return f"{ANSWER_WORDS.get(answer, answer)} {note}".strip()
    return str({"side": SIDE_WORDS, "priority": PRIORITY_WORDS}.get(name, {}).get(value, value))


def as_moment(value: str) -> Any:
    """Return a stored moment as the page shows one."""
    return screen.moment(datetime.fromisoformat(value))
