"""Templates in the reader's language: what one says is looked up when it is compiled, not each time it is shown.

Each language has its own compiled form of a template, under its own name: ``ja/board/index.html``.
"""

from collections.abc import Callable, Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations
from flask import Flask
from flask.templating import Environment
from flask_babel import get_locale
from jinja2 import BaseLoader, Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

LOCALES = ("en", "ja")
#: What is drawn by the hundred has its parts in their places. A whole page has not: each would compile every part of
#: its own anew, and all of them take a quarter of a minute then.
ROWS = frozenset({"board/_row.html", "imaging/_order.html"})
#: Where every template imports its macros from, those of them that are kept for the values they were given, and how
#: many of each.
MACROS = "_macros.html"
SMALL = ("icon", "chip", "flag", "acuity_badge", "acuity_shape", "acuity_word", "sex_word", "language_word")
KEPT = 256
CATALOGUES = Path(__file__).parent / "translations"


@lru_cache
def catalogue(language: str) -> NullTranslations:
    """Return what this language says for each English sentence."""
    return Translations.load(CATALOGUES, [language])


def spoken() -> str:
    """Return the language that is being written: the reader's, or the one that was set for a part of the page."""
    locale = get_locale()
    return locale.language if locale else LOCALES[0]


def said(language: str, text: str, /, **values: Any) -> Markup:
    """Return a sentence that is known only when the page is drawn, such as a label from a table."""
    return Markup(catalogue(language).gettext(text)) % values  # noqa: S704 - our own words; the values are escaped


def counted(language: str, one: str, many: str, number: int, /, **values: Any) -> Markup:
    """Return the sentence for this number of things."""
    text = catalogue(language).ngettext(one, many, number)
    return Markup(text) % {"num": number, **values}  # noqa: S704 - as above


#: What templates call the ways to say something, and which function does so once the language is known.
WAYS: Mapping[str, Callable[..., Markup]] = {"_": said, "ngettext": counted}


class Translator(NodeTransformer):
    """Puts a language's words into a template where they are known; elsewhere it names the language."""

    def __init__(self, environment: Environment, language: str, inside: tuple[str, ...] = ()) -> None:
        self.environment, self.language, self.inside = environment, language, inside

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:
        """Translate ``_('…')``; the values that it is given are put in and escaped as ever."""
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.node.name not in WAYS:
            return node
        if node.node.name != "_" or not isinstance(node.args[0], nodes.Const):
            node.node.name = WAYS[node.node.name].__name__
            node.args.insert(0, self._new(nodes.Const, self.language))
            return node
        text = self._new(nodes.TemplateData, catalogue(self.language).gettext(node.args[0].value))
        values = [self._new(nodes.Pair, self._new(nodes.Const, value.key), value.value) for value in node.kwargs]
        filled: nodes.Expr = self._new(nodes.Mod, text, self._new(nodes.Dict, values))
        return filled

    def visit_Include(self, node: nodes.Include) -> nodes.Node:
        """Put a part that is always the same in its place: to begin each part anew is a third of what a row takes.

        A developer's parts are included as ever, so that one that is changed is read again.
        """
        part = None if not self.inside or self.environment.auto_reload or not node.with_context else self._part(node)
        if part is None or next(part.find_all((nodes.Block, nodes.Extends)), None):
            return node
        inner = Translator(self.environment, self.language, (*self.inside, part.name))
        placed: nodes.Node = self._new(nodes.Scope, inner.visit(part).body)
        return placed

    def _part(self, node: nodes.Include) -> Any:
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if not name or name in self.inside or self.environment.loader is None:
            return None
        source, filename, _fresh = self.environment.loader.get_source(self.environment, f"{self.language}/{name}")
        part: Any = self.environment._parse(source, name, filename)
        part.name = name
        return part

    def _new(self, kind: Any, *fields: Any) -> Any:
        return kind(*fields, lineno=1, environment=self.environment)


def _kept(macros: Template) -> Template:
    """Let the small parts that say the same of the same values be drawn once; Markup and text are told apart."""
    for name in SMALL:
        setattr(macros.module, name, lru_cache(KEPT, typed=True)(getattr(macros.module, name)))
    return macros


class Templates(Environment):
    """Flask's templates, each in every language; by its plain name the one that is being written."""

    def __init__(self, app: Flask, **options: Any) -> None:
        loader = ByLanguage(app.create_global_jinja_loader())
        super().__init__(app, loader=loader, cache_size=-1, **options)
        self.globals.update({function.__name__: function for function in WAYS.values()})
        self._found: dict[tuple[str, str | Template], Template] = {}

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """Return a template in the language of the one that asks for it, or else in the reader's.

        Every part and import of a page asks; once found it stays, unless a developer is writing templates.
        """
        language = parent.partition("/")[0] if parent else spoken()
        found = None if globals else self._found.get((language, name))
        if found is None:
            found = super().get_template(name, f"{language}/", globals)
            if not globals and not self.auto_reload:
                self._found[language, name] = found if name != MACROS else _kept(found)
        return found

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what a template finds beside its values: the application's own, as they are.

        Jinja lays a mapping of the template's own upon them, and then looks through both at each page, part and import:
        that is a third of what a row of the board takes to draw. No template here is given globals of its own.
        """
        return super().make_globals(d) if d else self.globals

    def join_path(self, template: str, parent: str) -> str:
        """Return the template's name in the language of its parent."""
        return f"{parent.partition('/')[0]}/{template}"

    def _generate(self, source: nodes.Template, name: str | None, *more: Any, **options: Any) -> str:
        language, _, plain = (name or "").partition("/")
        inside = (plain,) if plain in ROWS else ()
        return super()._generate(Translator(self, language, inside).visit(source), name, *more, **options)


class ByLanguage(BaseLoader):
    """Loads the one source that a template has in all languages."""

    def __init__(self, loader: BaseLoader) -> None:
        self.loader = loader

    def get_source(self, environment: Any, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return the source by the name without its language."""
        return self.loader.get_source(environment, template.partition("/")[2])


def init_app(app: Flask) -> None:
    """Draw the application's templates in this way."""
    app.jinja_environment = Templates  # type: ignore[assignment]
