"""A decision in plain words for the patient: what was decided, why, what comes next."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _

from triage import knowledge

#: A signed decision as the service returns it.
Signed = Any
#: The kinds that have a sheet: what the patient goes home with.
KINDS = ("conservative", "nerve_block", "procedure", "not_now")


@dataclass(frozen=True)
class Sheet:
    """The sentences of the patient's sheet, each list in the order in which it is read."""

    decided: list[str]
    why: list[str]
    follows: list[str]


def day(value: date, language: str) -> str:
    """Return a date with its weekday as the patient writes it."""
    if language == "ja":
        return f"{value.year}年{value.month}月{value.day}日（{'月火水木金土日'[value.weekday()]}）"
    return f"{value:%A} {value.day} {value:%B %Y}"


def sheet(decision: Signed, language: str) -> Sheet:
    """Return the sheet of a decision of one of KINDS, in the language that gettext speaks now."""
    says = {"conservative": _care, "not_now": _not_now, "procedure": _operation, "nerve_block": _operation}
    found = says[decision.kind](decision, language)
    return Sheet(found.decided, [*found.why, *([t] if (t := decision.details.get("told")) else [])], found.follows)


def _care(decision: Signed, language: str) -> Sheet:
    measures, details = knowledge.load().decisions.measures, decision.details
    done = [measures[name].plain.in_(language) for name in details.get("measures", ()) if name in measures]
    weeks = details.get("weeks")
    why = [_("An operation is not needed now.")]
    again = _again(decision, language)
    follows = [_("This goes on for about %(count)s weeks.", count=weeks), again] if weeks else [again]
    return Sheet([_("You are treated without an operation."), *done], why, follows)


def _again(decision: Signed, language: str) -> str:
    if decision.review_on:
        return _("Your next visit here: %(day)s.", day=day(decision.review_on, language))
    return _("Come again if it does not get better.")


def _not_now(decision: Signed, language: str) -> Sheet:
    decided = [_("Nothing is decided yet about an operation or an injection.")]
    again = day(decision.review_on, language) if decision.review_on else ""
    return Sheet(decided, [], [_("We look at it again together: %(day)s.", day=again)])


def _operation(decision: Signed, language: str) -> Sheet:
    known, details = knowledge.load(), decision.details
    named = next((item for item in known.procedures if item.id == decision.procedure), None)
    if named is None:
        return Sheet([_("A treatment is planned.")], [], [])
    block = known.decisions.blocks.get(details.get("block", ""))
    place = " ".join(word for word in (decision.level, _side(decision.side)) if word)
    name = (block or named).label(language)
    decided = [f"{name} ({place})" if place else name, named.plain.in_(language)]
    step = known.decisions.steps.get(details.get("step", ""))
    if step:
        decided.insert(1, _("This step: %(step)s.", step=step.label(language)))
    reasons = known.decisions.reasons
    why = [reasons[name].label(language) for name in details.get("indications", ()) if name in reasons]
    return Sheet(decided, why, _follows(decision))


def _side(code: str) -> str:
    return {"right": _("Right"), "left": _("Left"), "both": _("Both sides")}.get(code, "")


def _follows(decision: Signed) -> list[str]:
    first = "first" in decision.details.get("answers", {}).values()
    follows = [_("Some things are checked before it. The clinic tells you what and when.")] if first else []
    if decision.kind == "procedure":
        follows.append(_("The clinic gives you the dates for the examinations, the admission and the operation."))
    follows.append(_("You can still change your mind, and you can ask us anything at any time."))
    follows.append(_("Tell us about medicines that thin the blood. Do not stop them by yourself."))
    return follows
