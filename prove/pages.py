"""Every page in every setting: no violation of WCAG 2.2 AA, and nothing wider than the screen."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from random import Random
from typing import Any, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from bench import servers
from prove.clinic import chromium, free_port
from prove.runner import Check, Found, Plan, Play, Proof
from tests import builders, places
from triage import db, migrate
from triage.db import session
from triage.services import audit

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Only what is wrong is asked for: with all that is right the answer of a page has some thousand parts.
_ASK = """options => axe.run(document, options).then((found) => found.violations.flatMap(
  (rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`)))"""


class Setting(NamedTuple):
    """One way to look at a page."""

    size: tuple[int, int]
    scheme: str
    lang: str


#: A desk screen and a phone, both colour schemes, both languages.
SETTINGS = [Setting(*each) for each in product([(1440, 900), (390, 844)], ("light", "dark"), ("en", "ja"))]


def violations(page: Page) -> list[str]:
    """Return every violation of the page as it stands, one line each."""
    page.evaluate(AXE_SCRIPT)
    lines: list[str] = page.evaluate(_ASK, {"runOnly": WCAG, "resultTypes": ["violations"], "selectors": False})
    return lines


class Visitor:
    """One browser that looks at pages as whoever may see them, each person signed in once."""

    def __init__(self, browser: Browser, address: str) -> None:
        """Look at the product served at an address."""
        self.browser, self.address = browser, address
        self.signed_in: dict[str, Page] = {}

    def problems(self, path: str, who: str, setting: Setting) -> list[str]:
        """Open the page in a setting and return what is wrong with it."""
        page = self.page(who)
        page.set_viewport_size({"width": setting.size[0], "height": setting.size[1]})
        page.emulate_media(color_scheme=setting.scheme)  # type: ignore[arg-type]
        page.context.add_cookies([{"name": "lang", "value": setting.lang, "url": self.address}])
        answer = page.goto(path)
        found = violations(page)
        if answer is None or answer.status >= 500:
            found.append(f"answered {answer and answer.status}")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
            found.append(f"wider than {setting.size[0]} px")
        return [f"{path} {setting}: {line}" for line in found]

    def page(self, who: str) -> Page:
        """Return the window of a person, signed in; of nobody for ""."""
        if who in self.signed_in:
            return self.signed_in[who]
        page = self.browser.new_context(base_url=self.address).new_page()
        self.signed_in[who] = page
        if who:
            page.goto("/sign-in")
            page.fill("[name=user_name]", who)
            page.fill("[name=password]", builders.PASSWORD)
            page.press("[name=password]", "Enter")
            page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    def close(self) -> None:
        """Close every window."""
        for page in self.signed_in.values():
            page.context.close()


@contextmanager
def sitting(plan: Plan) -> Iterator[Play]:
    """Serve a clinic with a patient at every place, and yield what looks at all pages in one setting."""
    folder = plan.folder / "pages"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'clinic.db'}"
    with _filled(url) as pages, servers.serve("wsgi:app", url, folder, free_port()) as server, chromium() as browser:
        visitor = Visitor(browser, f"http://127.0.0.1:{server.port}")
        yield lambda number, _rng: _look(visitor, pages, SETTINGS[number % len(SETTINGS)], plan.size)


@contextmanager
def _filled(url: str) -> Iterator[Mapping[str, str]]:
    engine = db.connect(url)
    audit.use_key("bench")  # the key of bench/servers.py
    try:
        migrate.upgrade(engine)
        yield places.build(builders.build_clinic())
    finally:
        session.remove()
        engine.dispose()


def _look(visitor: Visitor, pages: Mapping[str, str], setting: Setting, size: int) -> Found:
    wanted = list(pages.items())[:size]
    wrong = [line for path, who in wanted for line in visitor.problems(path, who, setting)]
    return {"setting": " ".join(str(part) for part in setting), "pages": len(wanted), "wrong": wrong}


def sample(pages: Mapping[str, str], seed: int, part: int, parts: int) -> Iterator[tuple[str, str, Setting]]:
    """Yield one part of all pages, each in one setting that the seed chooses."""
    rng = Random(seed)
    for number, (path, who) in enumerate(pages.items()):
        setting = rng.choice(SETTINGS)
        if number % parts == part:
            yield path, who, setting


def judge(_plan: Plan, results: Sequence[Found]) -> list[Check]:
    """Return what was shown of the pages."""
    wrong = [line for found in results for line in found["wrong"]]
    seen = sum(found["pages"] for found in results)
    return [
        Check("pages looked at", f"{seen:,}", "every page in eight settings", len(results) == len(SETTINGS)),
        Check("violations, and pages wider than the screen", wrong[0] if wrong else "0", "0", not wrong),
    ]


def notes(_plan: Plan, results: Sequence[Found]) -> list[str]:
    """Return what was looked at."""
    return [f"{found['setting']}: {found['pages']} pages." for found in results]


PROOF: Any = Proof(
    name="pages",
    says=(
        "Every page, on a desk screen and a phone, light and dark, in English and Japanese: nothing that axe finds "
        "against WCAG 2.2 AA, and nothing wider than the screen."
    ),
    rounds=len(SETTINGS),
    size=1000,
    sitting=sitting,
    judge=judge,
    notes=notes,
)
