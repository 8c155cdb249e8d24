"""The screen is readable for everybody, stays small, and asks no other host for anything."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "triage"
STATIC = ROOT / "static"
TOKEN = re.compile(r"--([a-z0-9-]+):\s*light-dark\((#[0-9A-Fa-f]{6}),\s*(#[0-9A-Fa-f]{6})\)")

TEXT = [("text", ground) for ground in ("canvas", "surface", "surface-2", "row-hover", "row-selected")]
SMALL = [
    *[(ink, ground) for ink in ("text-2", "text-3") for ground in ("canvas", "surface", "surface-2", "row-hover")],
    *[("interactive", ground) for ground in ("surface", "canvas", "row-hover", "row-selected", "info-bg")],
    *[(kind, ground) for kind in ("danger", "warn", "ok", "info") for ground in ("surface", f"{kind}-bg")],
    ("text-2", "row-selected"),
    ("text", "danger-bg"),
    ("text", "warn-bg"),
    ("text-3", "danger-bg"),
    ("interactive", "danger-bg"),
    ("on-interactive", "interactive"),
    ("on-interactive", "interactive-hover"),
    ("surface", "text"),
    *[(f"on-acuity-{level}", f"acuity-{level}") for level in range(6)],
]
EDGES = [
    *[("border-control", ground) for ground in ("surface", "canvas")],
    *[("focus-outer", ground) for ground in ("canvas", "surface", "row-selected", "focus-inner")],
    *[(f"acuity-{level}-edge", ground) for level in range(6) for ground in ("surface", "row-selected")],
    ("interactive", "surface-2"),
]
PAIRS = [(7.0, pair) for pair in TEXT] + [(4.5, pair) for pair in SMALL] + [(3.0, pair) for pair in EDGES]


def tokens(css: str) -> dict[str, tuple[str, str]]:
    """Return every colour token with its light and its dark value."""
    return {name: (light, dark) for name, light, dark in TOKEN.findall(css)}


def luminance(colour: str) -> float:
    """Return the relative luminance of #RRGGBB, 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def too_faint(found: dict[str, tuple[str, str]]) -> list[str]:
    """Return the pairs that fall below what they need, in either colour scheme."""
    return [
        f"{ink} on {ground}, {scheme}: {ratio:.2f} < {least}"
        for least, (ink, ground) in PAIRS
        for at, scheme in enumerate(("light", "dark"))
        if (ratio := contrast(found[ink][at], found[ground][at])) < least
    ]


def leaks(markup: str) -> list[str]:
    """Return what a template may not hold: inline script or style, event handlers, addresses of other hosts."""
    rules = {
        "inline script": r"<script(?![^>]*\bsrc=)",
        "inline style": r"<style\b|\sstyle\s*=",
        "inline handler": r"(?<![,(\s])\s+on[a-z]+\s*=|\shx-on|javascript:",
        "htmx evaluation": r"=\s*[\"'](js|javascript):|hx-vars",
        "other host": r"(?:src|href|action|hx-get|hx-post)\s*=\s*[\"'](?:https?:)?//",
    }
    return [what for what, pattern in rules.items() if re.search(pattern, markup)]


def test_every_text_and_edge_is_readable_in_light_and_dark() -> None:
    assert too_faint(tokens((STATIC / "tokens.css").read_text())) == []


def test_a_faint_token_is_found() -> None:
    found = tokens((STATIC / "tokens.css").read_text())
    planted = found | {"text-3": ("#B0B8C0", found["text-3"][1])}
    assert any(line.startswith("text-3 on surface, light") for line in too_faint(planted))


def test_no_colour_is_written_outside_the_tokens() -> None:
    painted = (STATIC / "app.css").read_text() + (STATIC / "clinic.css").read_text()
    allowed = {"#000", "#0b1118a8", "#alerts"}
    assert set(re.findall(r"#[0-9a-zA-Z]{3,8}\b", painted)) <= allowed


SHEET = re.compile(r"filename='(\w+\.css)'")
SCRIPT = re.compile(r"filename='([\w-]+\.js)'")


def styles_of_a_page() -> int:
    """Return the most bytes of styles that one page loads: those of base.html and its own."""
    templates = ROOT / "templates"
    loop = re.search(r"for sheet in \((.*?)\)", (templates / "base.html").read_text())
    assert loop
    common = sum((STATIC / f"{name}.css").stat().st_size for name in re.findall(r"'(\w+)'", loop[1]))
    shared = (templates / "findings" / "_head.html").read_text()
    pages = [path.read_text() for path in templates.rglob("*.html")]
    own = [SHEET.findall(text + (shared if "findings/_head.html" in text else "")) for text in pages]
    return common + max(sum((STATIC / name).stat().st_size for name in set(names)) for names in own)


IMPORT = re.compile(r"(?:from '|import '|new URL\(')(?:\./)?([\w-]+\.js)'")


def with_imports(names: set[str]) -> set[str]:
    """Return the scripts with all that they import, workers included."""
    found: set[str] = set()
    while names - found:
        name = (names - found).pop()
        found.add(name)
        names |= set(IMPORT.findall((STATIC / name).read_text()))
    return found


def scripts_of_a_page() -> int:
    """Return the most bytes of our scripts that one page loads: base.html's and its own, and their imports."""
    templates = ROOT / "templates"
    common = set(SCRIPT.findall((templates / "base.html").read_text())) - {"desk.js"}
    parts = {
        part: set(SCRIPT.findall((templates / part).read_text()))
        for part in ("findings/_head.html", "macros/live.html")
    }
    pages = [text for path in templates.rglob("*.html") if "extends 'base.html'" in (text := path.read_text())]
    own = [set(SCRIPT.findall(text)).union(*(parts[part] for part in parts if part in text)) for text in pages]
    return max(sum((STATIC / name).stat().st_size for name in with_imports(common | names)) for names in own)


def test_the_worker_and_what_a_script_imports_are_counted() -> None:
    assert with_imports({"app.js"}) >= {"app.js", "live.js", "screen.js", "live-worker.js"}
    assert with_imports({"findings.js"}) >= {"findings.js", "answers.js"}


def test_styles_and_scripts_stay_small_enough_for_an_old_clinic_computer() -> None:
    assert styles_of_a_page() < 36_000
    assert scripts_of_a_page() < 26_000


def test_a_desk_that_visitors_see_carries_one_kilobyte_more_than_others() -> None:
    assert (STATIC / "desk.js").stat().st_size < 1_000
    assert (
        "{% if public_desk %}<script src=\"{{ url_for('static', filename='desk.js')"
        in (ROOT / "templates" / "base.html").read_text()
    )


def test_the_wall_carries_its_own_few_bytes_and_nothing_of_the_pages_that_people_use() -> None:
    wall = (ROOT / "templates" / "wall" / "show.html").read_text()
    assert "base.html" not in wall
    assert {*SHEET.findall(wall), *SCRIPT.findall(wall)} == {"tokens.css", "wall.css", "wall.js"}
    assert sum((STATIC / name).stat().st_size for name in ("tokens.css", "wall.css", "wall.js")) < 12_000


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_inline_code_and_name_no_other_host(path: Path) -> None:
    assert leaks(path.read_text()) == []


@pytest.mark.parametrize(
    ("planted", "what"),
    [
        ("<script>alert(1)</script>", "inline script"),
        ('<p style="color:red">', "inline style"),
        ('<button onclick="go()">', "inline handler"),
        ('<div hx-on:click="go()">', "inline handler"),
        ('<p{% if ill %} class="bad" {% endif %}\n  onclick="go()">', "inline handler"),
        ("<p{{ ' onclick=go()'|safe }}>", "inline handler"),
        ("<div hx-vals='js:{a: 1}'>", "htmx evaluation"),
        ('<link href="https://fonts.example/x.css">', "other host"),
    ],
)
def test_planted_inline_code_is_found(planted: str, what: str) -> None:
    assert what in leaks(planted)


def test_a_word_that_begins_like_a_handler_is_no_handler() -> None:
    assert leaks("<p>{{ _('by %(one)s and %(two)s', two=second, one=first,\n  only=1) }}</p>") == []


def test_own_scripts_evaluate_nothing_and_keep_nothing_about_patients() -> None:
    code = "".join(path.read_text() for path in STATIC.rglob("*.js"))
    assert re.findall(r"\beval\(|new Function|localStorage|sessionStorage|innerHTML|https?://", code) == []


def test_styles_fetch_nothing() -> None:
    code = "".join(path.read_text() for path in STATIC.rglob("*.css"))
    assert re.findall(r"url\(|@import|@font-face", code) == []
