"""What follows from the rules that fire: acuity, route, imaging and actions."""

from collections.abc import Iterable
from dataclasses import dataclass

from triage.domain.conditions import Values
from triage.domain.ruleset import Combination, Restriction, Rule, Ruleset


@dataclass(frozen=True)
class Outcome:
    """What fired and what follows from it, without the questions that are still open.

    rules: the rules that fired, the most urgent first, and the default where no rule gave a route.
    """

    acuity: str
    rank: int
    level: int
    route: str
    imaging: tuple[str, ...]
    actions: tuple[str, ...]
    rules: tuple[Rule, ...]
    restrictions: tuple[Rule, ...]


def settle(ruleset: Ruleset, values: Values) -> Outcome:
    """Return what the rules say for these values (see Ruleset.values)."""
    fired = [rule for rule in ruleset.rules if rule.when.test(values)]
    top = min(fired, key=lambda rule: (rule.rank, rule.level), default=ruleset.default)
    deciding = fired if any(rule.route for rule in fired) else [*fired, ruleset.default]
    route, imaging, restrictions = _restricted(ruleset, values, fired, top)
    return Outcome(
        acuity=top.acuity,
        rank=top.rank,
        level=top.level,
        route=ruleset.instead.get(route, route),
        imaging=_unique(ruleset.instead.get(name, name) for name in imaging),
        actions=_actions(ruleset, deciding, top),
        rules=tuple(deciding),
        restrictions=tuple(restriction.rule for restriction in restrictions),
    )


def _restricted(
    ruleset: Ruleset, values: Values, fired: list[Rule], top: Rule
) -> tuple[str, tuple[str, ...], list[Restriction]]:
    """Return route and imaging after the restrictions that hold; in an emergency they are only said."""
    route, imaging = _route(ruleset, fired), _imaging(ruleset, values, fired)
    restrictions = []
    for restriction in ruleset.restrictions:
        touches = route in restriction.closes or set(imaging).intersection(restriction.drops)
        if touches and restriction.rule.when.test(values):
            restrictions.append(restriction)
            if top.rank == 0:
                continue
            route = restriction.rule.route or route if route in restriction.closes else route
            imaging = tuple(name for name in imaging if name not in restriction.drops)
    return route, imaging, restrictions


def _route(ruleset: Ruleset, fired: Iterable[Rule]) -> str:
    routed = [rule for rule in fired if rule.route] or [ruleset.default]
    chosen = _most_urgent_route(ruleset, routed)
    combination = _combination(ruleset, chosen, routed)
    return combination.becomes if combination else chosen


def _most_urgent_route(ruleset: Ruleset, routed: list[Rule]) -> str:
    rank = min(rule.rank for rule in routed)
    return min((rule.route or "" for rule in routed if rule.rank == rank), key=ruleset.routes.index)


def _combination(ruleset: Ruleset, chosen: str, routed: list[Rule]) -> Combination | None:
    also = {rule.route for rule in routed}
    fits = (c for c in ruleset.combinations if chosen in c.chosen and also.intersection(c.also))
    return next(fits, None)


def _deciding(ruleset: Ruleset, fired: list[Rule]) -> list[Rule]:
    """Return the rules whose imaging counts: those that gave the route, all of them where routes combine."""
    routed = [rule for rule in fired if rule.route]
    if not routed or _combination(ruleset, _most_urgent_route(ruleset, routed), routed):
        return routed
    rank = min(rule.rank for rule in routed)
    return [rule for rule in routed if rule.rank == rank]


def _imaging(ruleset: Ruleset, values: Values, fired: list[Rule]) -> tuple[str, ...]:
    narrower = {wide: n.to for n in ruleset.narrowings if n.when.test(values) for wide in n.of}
    wanted = [narrower.get(name, name) for rule in _deciding(ruleset, fired) for name in rule.imaging]
    covered = {name for better in wanted for name in ruleset.covers.get(better, ())}
    return _unique(name for name in wanted if name not in covered)


def _actions(ruleset: Ruleset, fired: list[Rule], top: Rule) -> tuple[str, ...]:
    unfit = ruleset.unhurried if top.rank == 0 else frozenset()
    return _unique(action for rule in fired for action in rule.actions if action not in unfit)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
