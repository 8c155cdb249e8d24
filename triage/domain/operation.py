"""The parts of a procedure or a nerve block: what has to be said, what is dropped, what has to be answered.

A point that speaks against the chosen procedure, and every point that nobody knows, is answered before it is signed:
looked at and absent, to be settled first, or accepted with a written reason. What speaks against it and is known cannot
be answered "absent": the finding would have to be corrected.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from triage.domain.candidate import Candidate, Point
from triage.domain.choice import ABSENT, ACCEPTED, ANSWERS, SIDES, Choice, only

#: Kinds that name a procedure.
NAMED = ("procedure", "nerve_block")
INDICATION = "indication"


def procedure_of(known: Any, choice: Choice) -> Any:
    """Return the procedure that the choice names, None where its kind has none; ``known``: the clinic's knowledge."""
    fits = (item for item in known.procedures if item.kind == choice.kind and choice.kind in NAMED)
    return next((item for item in fits if choice.kind == "nerve_block" or item.id == choice.procedure), None)


def candidate_of(weighed: Iterable[Candidate], procedure: str) -> Candidate | None:
    """Return the candidate of one procedure."""
    return next((item for item in weighed if item.procedure == procedure), None)


def to_answer(candidate: Candidate | None, dropped: str = "") -> tuple[Point, ...]:
    """Return what speaks against the candidate or is unknown; indications are chosen, not answered."""
    if candidate is None:
        return ()
    unmet = tuple(point for point in candidate.prerequisites if point.state != "met")
    points = (*candidate.against, *unmet, *candidate.unknown)
    return tuple(point for point in points if point.kind != INDICATION and point.id != dropped)


def indications_of(known: Any, procedure: str) -> tuple[Any, ...]:
    """Return the criteria that are coded as an indication of the procedure."""
    treatment = next((item for item in known.candidacy.treatments if item.id == procedure), None)
    return tuple(item for item in treatment.criteria if item.kind == INDICATION) if treatment else ()


def points_for(known: Any, choice: Choice, weighed: Iterable[Candidate]) -> tuple[Point, ...]:
    """Return what this choice has to answer; the step that comes before the trial does not wait for its result."""
    named = procedure_of(known, choice)
    if named is None:
        return ()
    trial = named.steps and choice.step == named.steps[0]
    return to_answer(candidate_of(weighed, named.id), named.trial_criterion if trial else "")


def lacks(known: Any, choice: Choice, weighed: Iterable[Candidate] | None) -> dict[str, str]:
    """Return what the procedure or block still lacks: field name to message code.

    ``weighed`` None: an emergency, in which nothing has to be weighed on paper first.
    """
    named = procedure_of(known, choice)
    if named is None:
        return {"procedure": "procedure_needed"}
    found = _place(known, choice, named)
    if named.steps and choice.step not in named.steps:
        found["step"] = "step_needed"
    if _says_nothing(known, choice, named) and (weighed is not None or named.fusion):
        found["indications"] = "indication_needed"
    if weighed is not None:
        found |= _weighing(known, choice, tuple(weighed))
    return found


def _place(known: Any, choice: Choice, named: Any) -> dict[str, str]:
    needs, found = named, {}
    if choice.kind == "nerve_block":
        needs = known.decisions.blocks.get(choice.block)
        if needs is None:
            return {"block": "block_needed"}
    if needs.needs_level and choice.level not in known.levels:
        found["level"] = "level_needed"
    elif choice.level_to and needs.needs_level and not _follows(known.levels, choice):
        found["level_to"] = "level_order"
    if needs.needs_side and choice.side not in SIDES:
        found["side"] = "side_needed"
    return found


def _follows(levels: Sequence[str], choice: Choice) -> bool:
    return choice.level_to in levels and levels.index(choice.level_to) >= levels.index(choice.level)


def _says_nothing(known: Any, choice: Choice, named: Any) -> bool:
    coded = {item.id for item in indications_of(known, named.id)}
    return not coded.intersection(choice.indications) and not choice.indication_note.strip()


def _weighing(known: Any, choice: Choice, weighed: Sequence[Candidate]) -> dict[str, str]:
    found, points = {}, points_for(known, choice, weighed)
    if choice.kind == "procedure" and not only(choice.alternatives, [item.procedure for item in weighed]):
        found["alternatives"] = "alternative_needed"
    given = [_answer(choice, point) for point in points]
    if not all(given):
        found["answers"] = "answers_needed"
    elif ACCEPTED in given and not choice.note.strip():
        found["note"] = "why_accepted"
    return found


def _answer(choice: Choice, point: Point) -> str:
    """Return the answer to a point, empty where there is none that fits: what is known is not absent."""
    answer = choice.answers.get(point.id, "")
    if answer not in ANSWERS or (answer == ABSENT and point.state != "unknown"):
        return ""
    return answer


def trial_missing(known: Any, choice: Choice, findings: Any) -> bool:
    """Tell whether the step needs a successful trial that is not recorded: not known is not successful."""
    named = procedure_of(known, choice)
    later = named is not None and named.steps and choice.step in named.steps[1:]
    return bool(later and findings.get(named.trial_finding) is not True)


def plain(known: Any, choice: Choice, weighed: Iterable[Candidate]) -> Choice:
    """Return the choice without what its procedure or block has no use for."""
    named, weighed = procedure_of(known, choice), tuple(weighed)
    if named is None:
        return _without(choice)
    place = known.decisions.blocks[choice.block] if choice.kind == "nerve_block" else named
    points = points_for(known, choice, weighed)
    others = [item.procedure for item in weighed if item.procedure != named.id]
    return replace(
        choice, procedure=named.id, block=choice.block if choice.kind == "nerve_block" else "",
        level=choice.level if place.needs_level else "", side=choice.side if place.needs_side else "",
        level_to=choice.level_to if place.needs_level and choice.level_to != choice.level else "",
        step=choice.step if named.steps else "", alternatives=only(choice.alternatives, others),
        indications=only(choice.indications, [item.id for item in indications_of(known, named.id)]),
        indication_note=choice.indication_note.strip(), implant_note=choice.implant_note.strip(),
        answers={point.id: given for point in points if (given := _answer(choice, point))},
        implants=only(choice.implants, named.implants), grafts=only(choice.grafts, named.grafts),
    )  # fmt: skip


def _without(choice: Choice) -> Choice:
    return replace(
        choice, procedure="", level="", side="", level_to="", step="", block="", indications=(), indication_note="",
        alternatives=(), answers={}, implants=(), grafts=(), implant_note="",
    )  # fmt: skip
