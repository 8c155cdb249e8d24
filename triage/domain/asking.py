"""Which unanswered findings can still change the acuity or the route, and in what order to ask for them.

Exact, not a guess: a finding counts where some answers to what is unknown make it the one that raises the
acuity or turns the route, or where its answer alone would lower them (an exception to a rule that fired).
``ask`` holds the fewest questions that settle the suggestion if nothing is found.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from triage.domain.conditions import Values
from triage.domain.implicants import Implicants, smallest
from triage.domain.literals import Mask, bits
from triage.domain.reach import Opening, Reach, Set, sum_of
from triage.domain.ruleset import Ruleset
from triage.domain.settling import Outcome, settle

#: Where a question stands in the row: rank it can lead to, needs a partner, not an urgent question, its own number.
Place = tuple[int, bool, bool, int]
LAST = 99
#: How often the search for the fewest questions may try both ways before it takes the best at sight.
BRANCHES = 4


@dataclass(frozen=True)
class Asking:
    """What is still open.

    unknown: every finding that could change the acuity or the route, those to ask first in front. ask: the
    questions (an urgent question, or a finding) that settle it. provisional: whether the acuity could rise.
    """

    unknown: tuple[str, ...]
    ask: tuple[str, ...]
    provisional: bool


def open_questions(ruleset: Ruleset, findings: Mapping[str, object], values: Values, settled: Outcome) -> Asking:
    """Return what could still change the outcome for these values."""
    passed, failed = ruleset.implicants.literals.standing(values)
    openings = open_implicants(ruleset, settled, passed, failed)
    closing = _closing(ruleset, settled, passed, failed)
    ask = _fewest(ruleset.implicants, openings, closing, passed)
    tests = [*(opening.tests for _, opening in openings), closing]
    return Asking(
        unknown=_names(ruleset.implicants, ask, tests, _lowering(ruleset, findings, settled, passed)),
        ask=ask,
        provisional=any(_raises(reach, opening, settled.rank) for reach, opening in openings),
    )


def open_implicants(ruleset: Ruleset, settled: Outcome, passed: Mask, failed: Mask) -> list[tuple[Reach, Opening]]:
    """Return what is left of the implicants that would change acuity or route, and of those to a shorter wait."""
    reach, waiting = ruleset.to_routes(_becoming(ruleset, settled, passed)), ruleset.to_ranks
    turning = reach.open(passed, failed, list(_turning(ruleset, settled, reach, passed)))
    leading = sum_of(1 << number for number in turning.alone)
    sooner = [place for place, tier in enumerate(waiting.tiers) if tier.rank < settled.rank]
    return [(reach, turning), (waiting, waiting.open(passed, failed, sooner, leading))]


def _raises(reach: Reach, turning: Opening, rank: int) -> bool:
    """Say whether one of the implicants would raise the acuity, not the route alone."""
    more_urgent = [place for place, tier in enumerate(reach.tiers) if tier.rank < rank]
    implicants = sum_of(reach.of_tier[place] for place in more_urgent)
    return bool(turning.several & implicants) or any(place in more_urgent for place in turning.alone.values())


def _becoming(ruleset: Ruleset, settled: Outcome, passed: Mask) -> tuple[str, ...]:
    """Return what each route would become beside the rules that fired: combined, then restricted."""
    fired = {rule.route for rule in settled.rules}
    return tuple(_restricted(ruleset, passed, _combined(ruleset, route, fired)) for route in ruleset.routes)


def _combined(ruleset: Ruleset, route: str, fired: Collection[str | None]) -> str:
    fits = (c.becomes for c in ruleset.combinations if route in c.chosen and not {*c.also}.isdisjoint(fired))
    return next(fits, route)


def _restricted(ruleset: Ruleset, passed: Mask, route: str) -> str:
    for restriction in ruleset.restrictions:
        implicants = ruleset.implicants.of_rule[restriction.rule.id]
        if route in restriction.closes and any(not implicant.mask & ~passed for implicant in implicants):
            route = restriction.rule.route or route
    return ruleset.instead.get(route, route)


def _turning(ruleset: Ruleset, settled: Outcome, reach: Reach, passed: Mask) -> Iterator[int]:
    """Yield the places of the tiers that would raise the acuity or change the route."""
    rank, chosen = _best(ruleset, settled)
    best = (rank, ruleset.routes.index(settled.route))
    also = {route for c in ruleset.combinations if chosen in c.chosen for route in c.also}
    joined = _restricted(ruleset, passed, _combined(ruleset, chosen, also))
    for place, tier in enumerate(reach.tiers):
        better = (tier.rank, ruleset.routes.index(tier.route)) < best and tier.route != settled.route
        if tier.rank < settled.rank or better or tier.route in also and joined != settled.route:
            yield place


def _best(ruleset: Ruleset, settled: Outcome) -> tuple[int, str]:
    """Return rank and route of the rule that gives the route."""
    routed = ((rule.rank, rule.route) for rule in settled.rules if rule.route)
    return min(routed, key=lambda pair: (pair[0], ruleset.routes.index(pair[1])))


def _closing(ruleset: Ruleset, settled: Outcome, passed: Mask, failed: Mask) -> Mask:
    """Return the tests that could make a restriction close the route."""
    tests = 0
    for restriction in ruleset.restrictions:
        if settled.rank and settled.route in restriction.closes:
            implicants = ruleset.implicants.of_rule[restriction.rule.id]
            left = [implicant.mask & ~passed for implicant in implicants if not implicant.mask & failed]
            tests |= 0 if 0 in left else sum(set(left))
    return tests


def _fewest(
    implicants: Implicants, openings: list[tuple[Reach, Opening]], closing: Mask, passed: Mask
) -> tuple[str, ...]:
    """Return the fewest questions that leave nothing open if nothing is found, the most urgent first.

    A test that is enough alone has to be asked for; of a set of several, one is enough.
    """
    questions = implicants.questions
    order: dict[int, Place] = {}
    alone = [(n, reach.tiers[place].rank) for reach, opening in openings for n, place in opening.alone.items()]
    for number, rank in [*alone, *((n, LAST) for n in bits(closing))]:
        question = questions.of[number]
        here = (rank, False, question >= questions.urgent, question)
        order[question] = min(here, order.get(question, here))
    for reach, opening in openings:
        left = opening.several & ~sum_of(reach.closed_by(question, passed) for question in order)
        _cover(questions.urgent, reach, left, passed, order)
    return tuple(questions.ids[number] for number in sorted(order, key=order.__getitem__))


def _cover(urgent: int, reach: Reach, left: Set, passed: Mask, order: dict[int, Place]) -> None:
    """Add to the order the questions that close the implicants that are left."""
    possible = [question for question, implicants in enumerate(reach.settling) if implicants & left]
    covers = {question: closed for question in possible if (closed := reach.closed_by(question, passed) & left)}
    for question in _smallest(reach, covers, left, BRANCHES):
        first = reach.places[(covers[question] & -covers[question]).bit_length() - 1]
        order[question] = (reach.tiers[first].rank, True, question >= urgent, question)


def _smallest(reach: Reach, covers: dict[int, Set], left: Set, branches: int, most: int = LAST) -> list[int]:
    """Return the fewest questions that close what is left: what is needed anyway, then the best with or without.

    most: where that many are known to be enough; a search that reaches it stops, and what it returns is not shorter.
    """
    chosen: list[int] = []
    while left and len(chosen) < most:
        covers = {question: open_ for question, closed in covers.items() if (open_ := closed & left)}
        covers = _without_dominated(reach, covers)
        needed = _needed(covers)
        if not needed:
            best = max(covers, key=lambda question: covers[question].bit_count())
            spare = most - len(chosen)
            taken = [best, *_smallest(reach, covers, left & ~covers[best], branches - 1, spare - 1)]
            if branches <= 0:
                return chosen + taken
            without = {question: closed for question, closed in covers.items() if question != best}
            return chosen + min(taken, _smallest(reach, without, left, branches - 1, min(spare, len(taken))), key=len)
        chosen += needed
        left &= ~sum_of(covers[question] for question in needed)
    return chosen


def _needed(covers: dict[int, Set]) -> list[int]:
    """Return the questions about which some implicant leaves no choice."""
    once = twice = 0
    for implicants in covers.values():
        twice |= once & implicants
        once |= implicants
    return [question for question, implicants in covers.items() if implicants & ~twice]


def _without_dominated(reach: Reach, covers: dict[int, Set]) -> dict[int, Set]:
    """Return the questions without those that close nothing which another one does not close too."""
    kept = dict(covers)
    for question, closed in covers.items():
        for other in reach.askers[(closed & -closed).bit_length() - 1]:
            if other != question and other in kept and not closed & ~kept[other]:
                del kept[question]
                break
    return kept


def _lowering(ruleset: Ruleset, findings: Mapping[str, object], settled: Outcome, passed: Mask) -> tuple[str, ...]:
    """Return the findings whose answer could only lower the acuity or the route: the open ends of exceptions."""
    implicants, found = ruleset.implicants, []
    for exception in bits(_supports(ruleset, settled, passed)):
        for mask in smallest(mask & ~passed for mask in implicants.exceptions.get(1 << exception, ())):
            witness = implicants.literals.witness(mask)
            if not witness or any(findings.get(name) is not None for name in witness):
                continue
            lowered = settle(ruleset, ruleset.values({**findings, **witness}))
            if (lowered.rank, lowered.route) != (settled.rank, settled.route):
                found += list(witness)
    return tuple(dict.fromkeys(found))


def _supports(ruleset: Ruleset, settled: Outcome, passed: Mask) -> Mask:
    """Return the exceptions on which the acuity or the route rests; a rule that fires without any is firm."""
    best = _best(ruleset, settled)
    joined = {route for c in ruleset.combinations if best[1] in c.chosen for route in c.also}
    groups = [
        [rule for rule in settled.rules if rule.rank == settled.rank],
        [rule for rule in settled.rules if (rule.rank, rule.route) == best],
        *([rule for rule in settled.rules if rule.route == route] for route in joined),
    ]
    exceptions = ruleset.to_ranks.exceptions
    found = 0
    for group in groups:
        implicants = (implicant.mask for rule in group for implicant in ruleset.implicants.of_rule.get(rule.id, ()))
        resting = [mask & exceptions for mask in implicants if not mask & ~passed]
        if 0 not in resting:
            found |= sum_of(resting)
    return found


def _names(
    implicants: Implicants, ask: tuple[str, ...], tests: list[Mask], lowering: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the findings of the tests: those to ask first, then the others, then those that only lower."""
    places = {question: number for number, question in enumerate(ask)}
    last = len(ask)
    found: dict[str, int] = {}
    for mask in tests:
        for number, fact in implicants.literals.facts(mask):
            question = implicants.questions.ids[implicants.questions.of[number]]
            found.setdefault(fact.name, places.get(question, last))
    return tuple(dict.fromkeys([*sorted(found, key=found.__getitem__), *lowering]))
