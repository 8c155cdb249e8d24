"""A condition of the rules in words: names of findings as the forms say them, not as the files write them."""

import ast
from collections.abc import Callable, Collection, Iterable

from flask_babel import gettext
from markupsafe import Markup, escape

from triage.knowledge import Knowledge

SIGNS: dict[type[ast.cmpop], str] = {ast.GtE: "≥", ast.Gt: ">", ast.LtE: "≤", ast.Lt: "<", ast.Eq: "="}


def in_words(expression: str, known: Knowledge, locale: str, definitions: Collection[str] = ()) -> Markup:
    """Return the condition in the reader's language; a definition is a link to where it is explained.

    What cannot be read is returned as it is written.
    """
    try:
        return _Words(known, locale, definitions).of(ast.parse(" ".join(expression.split()), mode="eval").body)
    except (SyntaxError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return escape(expression)


class _Words:
    def __init__(self, known: Knowledge, locale: str, definitions: Collection[str]) -> None:
        self.known, self.locale, self.definitions = known, locale, definitions

    def of(self, node: ast.expr) -> Markup:
        if isinstance(node, ast.BoolOp):
            word = gettext("and") if isinstance(node.op, ast.And) else gettext("or")
            return _joined((self._inner(part) for part in node.values), Markup(" <b>{}</b> ").format(word))
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Compare):
            return self._compared(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._called(node.func.id, node.args)
        raise ValueError(ast.unparse(node))

    def _inner(self, node: ast.expr) -> Markup:
        return Markup("({})").format(self.of(node)) if isinstance(node, ast.BoolOp) else self.of(node)

    def _name(self, name: str) -> Markup:
        if name in self.definitions:
            return Markup('<a href="#d-{}">{}</a>').format(name, name.replace("_", " "))
        return escape(self.known.findings[name].label(self.locale))

    def _compared(self, node: ast.Compare) -> Markup:
        if not isinstance(node.left, ast.Name):
            raise ValueError(ast.unparse(node))
        spec, value = self.known.findings[node.left.id], ast.literal_eval(node.comparators[0])
        if not spec.choices:
            unit = f" {_unit(spec.unit)}" if spec.unit and not spec.unit[:1].isdigit() else ""
            return Markup("{} {} {}{}").format(spec.label(self.locale), SIGNS[type(node.ops[0])], value, unit)
        words = {choice.value: choice.label(self.locale) for choice in spec.choices}
        chosen = (value,) if isinstance(value, str) else value
        said = _joined((escape(words.get(one, one)) for one in chosen), Markup(" / "))
        return Markup("{}: {}").format(spec.label(self.locale), said)

    def _called(self, name: str, arguments: list[ast.expr]) -> Markup:
        said: dict[str, Callable[[], Markup]] = {
            "unless": lambda: _say(gettext("unless %(what)s"), what=self._inner(arguments[0])),
            "denied": lambda: _say(gettext("%(what)s: asked and denied"), what=self.of(arguments[0])),
            "at_least": lambda: _say(
                gettext("at least %(count)s of (%(what)s)"),
                count=escape(ast.unparse(arguments[0])),
                what=_joined((self._inner(part) for part in arguments[1:]), Markup(", ")),
            ),
        }
        return said[name]()


def _unit(unit: str) -> str:
    words = {
        "hours": gettext("hours"),
        "days": gettext("days"),
        "weeks": gettext("weeks"),
        "months": gettext("months"),
        "years": gettext("years"),
    }
    return words.get(unit, unit)


def _joined(parts: Iterable[Markup], between: Markup) -> Markup:
    return between.join(parts)


def _say(sentence: str, **parts: Markup) -> Markup:
    return escape(sentence) % parts
