"""No browser test looks once after a press: the old page may still stand there, and on a busy machine it does.

``expect(...)`` looks again until it is so. What may look once is named here, with why.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BROWSER = Path(__file__).parent / "browser"

#: Asked of the page once, as it happens to stand at that moment.
ONCE = {
    "all", "all_inner_texts", "all_text_contents", "bounding_box", "count", "get_attribute", "inner_html", "inner_text",
    "input_value", "is_checked", "is_disabled", "is_editable", "is_enabled", "is_hidden", "is_visible", "text_content",
}  # fmt: skip
#: A pause is too long on one machine and too short on the next.
PAUSES = {"sleep", "wait_for_timeout"}

MAY = {
    ("conftest.py", "becomes"): "looks again until it is so",
    ("test_a_day.py", "choose"): "a radio button is chosen within the key press itself; looks again after each",
}


def looks_once(source: str) -> Iterator[tuple[str, str]]:
    """Yield function and call of everything decided on one look, and of every pause."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for part in ast.walk(function):
            decided = part.test if isinstance(part, ast.Assert | ast.If | ast.IfExp | ast.While) else None
            yield from ((function.name, name) for name in called(decided) if name in ONCE)
            if isinstance(part, ast.Call):
                yield from ((function.name, name) for name in called(part)[:1] if name in PAUSES)


def called(part: ast.AST | None) -> list[str]:
    """Return the names of the methods that are called in a part."""
    nodes = ast.walk(part) if part else ()
    return [node.func.attr for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]


def test_every_browser_test_waits_for_what_it_promises() -> None:
    found = {
        (file.name, function, call)
        for file in sorted(BROWSER.glob("*.py"))
        for function, call in looks_once(file.read_text())
        if (file.name, function) not in MAY
    }
    assert found == set()


def test_what_may_look_once_still_does() -> None:
    found = {(file.name, function) for file in BROWSER.glob("*.py") for function, _ in looks_once(file.read_text())}
    assert set(MAY) <= found, "an exception that nobody needs any more"


@pytest.mark.parametrize(
    "line",
    [
        "if not page.get_by_role('button').count(): return",
        "while page.locator('#more').is_visible(): page.click('#more')",
        "assert page.locator('h1').inner_text() == 'Done'",
        "assert 'x' in [cell.text_content() for cell in page.locator('td').all()]",
        "page.wait_for_timeout(500)",
        "time.sleep(1)",
    ],
)
def test_a_planted_look_is_found(line: str) -> None:
    assert list(looks_once(f"def test_it(page):\n    {line}"))


def test_what_waits_is_let_through() -> None:
    assert not list(looks_once("def test_it(page):\n    expect(page.locator('h1')).to_have_text('Done')"))
