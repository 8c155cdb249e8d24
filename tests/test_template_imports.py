"""What a template imports is used: by itself, by a part that it includes, or by the page it extends."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import DictLoader, Environment, nodes

import triage

FOLDER = Path(triage.__file__).parent / "templates"
#: What the layout imports its pages use too.
LAYOUT = "base.html"
Trees = Mapping[str, nodes.Template]


def parsed(texts: Mapping[str, str]) -> Trees:
    environment = Environment(loader=DictLoader(texts), extensions=["jinja2.ext.i18n"], autoescape=True)
    return {name: environment.parse(text) for name, text in texts.items()}


def imported(tree: nodes.Template) -> set[str]:
    return {name if isinstance(name, str) else name[1] for one in tree.find_all(nodes.FromImport) for name in one.names}


def used(tree: nodes.Template) -> set[str]:
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}


def is_text(part: nodes.Node) -> bool:
    return isinstance(part, nodes.Const) and isinstance(part.value, str)


def parts(trees: Trees, name: str) -> set[str]:
    """Return what a template includes or extends; where the name is put together, all that it may be."""
    found: set[str] = set()
    for kind in (nodes.Include, nodes.Extends):
        for one in trees[name].find_all(kind):
            if isinstance(one.template, nodes.Concat):
                (start, *_) = (text.value for text in one.template.find_all(nodes.Const))
                found.update(name for name in trees if name.startswith(start))
            else:
                names = {text.value for text in (one.template, *one.template.find_all(nodes.Const)) if is_text(text)}
                found.update(names & trees.keys())
    return found


def borrowed(trees: Trees, name: str, seen: set[str]) -> set[str]:
    """Return what a template and its parts use without importing it."""
    seen.add(name)
    own = used(trees[name]) - imported(trees[name])
    return own.union(*(borrowed(trees, part, seen) for part in parts(trees, name) if part not in seen))


def unused(trees: Trees) -> list[str]:
    return [
        f"{name}: {', '.join(sorted(left))}"
        for name, tree in trees.items()
        if name != LAYOUT and (left := imported(tree) - used(tree) - borrowed(trees, name, set()))
    ]


def test_templates_import_nothing_that_nobody_uses() -> None:
    texts = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*.html")}
    assert unused(parsed(texts)) == []


def test_the_guard_bites_and_lets_a_part_use_what_its_page_imports() -> None:
    texts = {
        "page.html": "{% from 'm.html' import a, b, c %}{{ a() }}{% include 'part.html' %}",
        "part.html": "{% from 'm.html' import c %}{{ b() }}{{ c() }}",
        "m.html": "",
    }
    assert unused(parsed(texts)) == ["page.html: c"]
