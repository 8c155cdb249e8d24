"""The calm of the board, row by row: what somebody holds survives every refresh, whatever others do meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from playwright.sync_api import Page

from bench.servers import PASSWORD
from prove.clinic import chromium, person, served
from prove.runner import Check, Found, Plan, Play, Proof
from tests.builders import leave_unseen, wait
from triage.db import session
from triage.domain.access import Actor
from triage.services import board, claims, emergencies, encounters, intakes

#: What a hand or an eye is on: the pointer on the row, the focus on its name or its button, its open menu, and the
#: caret in the middle of a word in the search box above the list.
HOLDS = ("pointer", "name", "button", "menu", "caret")
WORD = "やまもと"

SEEN = """([id, at]) => {
  const row = document.getElementById(`e-${id}`), focus = document.activeElement, box = row.getBoundingClientRect();
  return {
    focus: focus.id.slice(1) === `-${id}` ? 'own row' : focus.id,
    typed: [focus.value ?? '', focus.selectionStart ?? -1, focus.selectionEnd ?? -1],
    open: [...document.querySelectorAll('#rows details[open]')].map((menu) => menu.id),
    under: document.elementFromPoint(...at)?.closest('tr')?.id ?? '',
    place: [box.left, box.top, box.height], scrolled: [scrollX, scrollY],
    order: [...document.querySelectorAll('#rows tr')].map((line) => line.id),
  };
}"""

#: A list that is already asking drops the wish to ask, and its answer may be older than what others did: then it is
#: asked again. What htmx exchanges is awake (its keys, its requests) and at rest 20 ms later.
REFRESHED = """() => new Promise((done, fail) => {
  const events = new AbortController(), once = { signal: events.signal };
  const ask = () => asked || document.body.dispatchEvent(new Event('live:now'));
  const isList = ({ detail }) => detail.pathInfo.requestPath.startsWith('/board/rows');
  let asked;
  document.addEventListener('htmx:beforeSend', (event) => { if (isList(event)) asked ??= event.detail.xhr; }, once);
  document.addEventListener('htmx:afterRequest', (event) => {
    if (!isList(event)) return;
    if (event.detail.xhr !== asked) { setTimeout(ask); return; }
    events.abort();
    setTimeout(done, 30);
  }, once);
  setTimeout(() => fail(new Error('the list was not asked for')), 30000);
  ask();
})"""


@dataclass
class Others:
    """Everybody else: each act is what a colleague does at another desk."""

    person: Callable[[str], Actor]
    rng: Random
    done: dict[str, int] = field(default_factory=dict)

    def act(self, held: str) -> str:
        """Let one thing happen, to the row in hand or to another; return what it was."""
        ids = [line.id for line in board.look(self.person("nurse"), board.Filters()).lines]
        session.remove()
        acts: dict[str, Callable[[str], object]] = {
            "arrives": self._arrives, "takes": self._takes, "alarms": self._alarms, "tells": self._tells,
            "leaves": self._leaves,
        }  # fmt: skip
        name = self.rng.choice(list(acts))
        whom = held if name in ("takes", "tells") and self.rng.random() < 0.5 else self.rng.choice(ids)
        if whom != held or name not in ("leaves", "alarms"):
            acts[name](whom)
        session.remove()
        self.done[name] = self.done.get(name, 0) + 1
        return f"{name} {whom == held}"

    def _somebody(self) -> Actor:
        return self.person(self.rng.choice(("nurse2", "surgeon", "surgeon2")))

    def _arrives(self, _whom: str) -> None:
        answers = {"saddle_anaesthesia": True} if self.rng.random() < 0.5 else {}
        wait(self.person("reception"), answers)

    def _takes(self, whom: str) -> None:
        line = board.find_line(self.person("nurse"), whom)
        if line is not None and line.holder_id is None:
            claims.claim(self._somebody(), whom)

    def _alarms(self, whom: str) -> None:
        line = board.find_line(self.person("nurse"), whom)
        if line is not None and not line.is_emergency:
            emergencies.raise_(self._somebody(), whom)

    def _tells(self, whom: str) -> None:
        words = f"worse since {self.rng.randint(1, 99)} minutes"
        intakes.change_details(self.person("reception"), whom, None, {"complaint": words})

    def _leaves(self, whom: str) -> None:
        row = encounters.get(self.person("reception"), whom)
        if row.stage == "waiting":
            leave_unseen(self.person("reception"), whom, row.version, "has a train to catch")


@dataclass(frozen=True)
class Hand:
    """One hand on one row of one page."""

    page: Page
    row: str

    def take(self, hold: str) -> tuple[float, float]:
        """Put the hand on; return the point of the screen that is watched: the middle of the row's complaint."""
        page, row = self.page, self.row
        page.mouse.move(2, 2)
        page.evaluate("document.activeElement.blur()")
        cell = page.locator(f"#e-{row} .c-complaint")
        cell.evaluate("cell => cell.scrollIntoView({ block: 'center', behavior: 'instant' })")
        box = cell.bounding_box()
        assert box
        at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        getattr(self, f"_{hold}")(at)
        return at

    def _pointer(self, at: tuple[float, float]) -> None:
        self.page.mouse.move(*at)

    def _name(self, _at: tuple[float, float]) -> None:
        self.page.locator(f"#n-{self.row}").focus()

    def _button(self, _at: tuple[float, float]) -> None:
        self.page.locator(f"#e-{self.row} .c-act :is(a, button)").first.focus()

    def _menu(self, _at: tuple[float, float]) -> None:
        menu = self.page.locator(f"#e-{self.row} details").first
        menu.evaluate("menu => { menu.open = true; menu.querySelector('summary').focus(); }")

    def _caret(self, at: tuple[float, float]) -> None:
        self.page.mouse.move(*at)  # the eye is on the row while the fingers are in the search box
        box = self.page.locator("#find")
        box.fill(WORD)
        box.evaluate("(box) => box.setSelectionRange(1, 3)")

    def seen(self, at: tuple[float, float]) -> dict[str, Any]:
        """Return what the person sees and holds."""
        found: dict[str, Any] = self.page.evaluate(SEEN, [self.row, list(at)])
        return found


def refresh(page: Page) -> None:
    """Let the board ask now, and wait until the answer to what was asked from now on stands on the screen."""
    page.evaluate(REFRESHED)


def rows(page: Page, hold: str = "") -> list[str]:
    """Return the ids of the patients on the screen, in order: those whose row can be held so (not each has a menu)."""
    which = page.locator(f"#rows [data-row]{':has(details)' * (hold == 'menu')}")
    found: list[str] = which.evaluate_all("rows => rows.map((row) => row.id.slice(2))")
    return found


def differences(page: Page, others: Others, row: str, hold: str, refreshes: int) -> Iterator[str]:
    """Yield what did not survive while a row was held and others worked; nothing, if the board is calm."""
    hand = Hand(page, row)
    at = hand.take(hold)
    refresh(page)
    before = hand.seen(at)
    for number in range(refreshes):
        act = others.act(row)
        refresh(page)
        after = hand.seen(at)
        yield from (
            f"{hold} on {row}, refresh {number + 1}, somebody {act}: {what} was {before[what]}, is {after[what]}"
            for what in before
            if before[what] != after[what]
        )
        before = after
    page.evaluate("document.querySelectorAll('#rows details[open]').forEach((menu) => { menu.open = false; })")


@contextmanager
def sitting(plan: Plan) -> Iterator[Play]:
    """Serve the clinic, open the board as the nurse, and yield what plays a round: one row, one way to hold it."""
    with served(plan.folder / "board") as clinic, chromium() as browser:
        page = browser.new_page(base_url=clinic.address, viewport={"width": 1440, "height": 700})
        page.goto("/sign-in")
        page.fill("[name=user_name]", "nurse")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/board")
        held: set[tuple[str, str]] = set()
        yield lambda number, rng: _play(page, plan, number, rng, held)


def _play(page: Page, plan: Plan, number: int, rng: Random, held: set[tuple[str, str]]) -> Found:
    hold, others = HOLDS[number % len(HOLDS)], Others(person, rng)
    page.goto("/board")
    here = rows(page, hold)
    place = number // len(HOLDS) * len(here) // max(1, plan.rounds // len(HOLDS))
    # Others move the rows between two rounds: whose row was held so before is passed over for the next below.
    row = next(row for row in here[place:] + here[:place] if (hold, row) not in held)
    held.add((hold, row))
    lost = list(differences(page, others, row, hold, plan.size))
    return {"hold": hold, "row": row, "place": here.index(row) + 1, "rows": len(here), "lost": lost, **others.done}


def judge(plan: Plan, results: Sequence[Found]) -> list[Check]:
    """Return what was shown of the board."""
    lost = [line for found in results for line in found["lost"]]
    held = {(found["hold"], found["row"]) for found in results}
    return [
        Check("refreshes with something in hand", f"{len(results) * plan.size:,}", "all rounds", bool(results)),
        Check("rows held, each in every way", str(len(held)), str(len(results)), len(held) == len(results)),
        Check("what did not survive a refresh", lost[0] if lost else "nothing", "nothing", not lost),
    ]


def notes(_plan: Plan, results: Sequence[Found]) -> list[str]:
    """Return what others did meanwhile."""
    acts = ("arrives", "takes", "alarms", "tells", "leaves")
    done = {name: sum(found.get(name, 0) for found in results) for name in acts}
    return [
        "Held: the pointer on the row, the focus on its name, on its button, its open menu, the caret in the search.",
        "Compared after every refresh: focus, text and caret, open menus, scroll, the row under the pointer, the row's "
        "place on the screen to the pixel, and the order of all rows.",
        f"Meanwhile, by others: {', '.join(f'{name} {count}' for name, count in done.items())}.",
    ]


PROOF = Proof(
    name="board",
    says=(
        "The board is calm: whatever a hand holds, row by row, survives every refresh while others admit, take, raise, "
        "change and send away patients."
    ),
    rounds=50,
    size=12,
    sitting=sitting,
    judge=judge,
    notes=notes,
)
