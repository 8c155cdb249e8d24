"""The wall lasts: ten thousand refreshes, a day change and two restarts of the server; nothing grows on the screen."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from prove.bare import Bare
from prove.clinic import Served, chromium, person, private, served
from prove.runner import Found, Plan, Play, Proof
from prove.wall_verdict import ZONE, day_change, is_whole, judge, notes, restarts
from triage.db import session
from triage.domain.access import Actor
from triage.models import Encounter, Room
from triage.services import calls, devices

#: The wall asks every 20 ms plus the time of the answer, not every 5 s: 10,000 refreshes are 14 hours of a clinic.
SECONDS = 0.02


@dataclass
class Stand:
    """The clinic, its wall, and what the wall has to show: kept here call by call, apart from the product."""

    clinic: Served
    page: Bare
    nurse: Actor
    called: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Remember how often walls had refreshed before this one, and open the browser's own figures."""
        self.before = self.clinic.refreshes
        self.page.send("Performance.enable")

    @property
    def refreshes(self) -> int:
        """Return how often this wall has refreshed."""
        return self.clinic.refreshes - self.before

    def watch(self, count: int) -> None:
        """Wait until the wall has refreshed so often; raises TimeoutError after two minutes for each hundred."""
        goal = self.refreshes + count
        for _ in range(600 + 12 * count):
            if self.refreshes >= goal:
                time.sleep(0.3)  # the last answer is on its way to the screen
                return
            time.sleep(0.1)
        raise TimeoutError(f"{goal - self.refreshes} refreshes are missing")

    def act(self, rng: Random, least: int = 0) -> None:
        """Call some patients into rooms, and note of some that they came or did not answer."""
        with self.clinic.at_its_time():
            free = session.execute(select(Encounter.id, Encounter.ticket).where(Encounter.finished_at.is_(None))).all()
            rooms = session.execute(select(Room.id, Room.name, Room.name_ja).order_by(Room.name)).all()
        for one in rng.sample(free, rng.randint(least, 4)):
            room = rng.choice(rooms)
            with self.clinic.at_its_time():
                calls.call(self.nurse, one.id, room.id)
                self.called[one.ticket] = (room.name_ja, room.name, self.clinic.now)
        ids = {one.ticket: one.id for one in free}
        for ticket in [ticket for ticket in self.called if rng.random() < 0.2]:
            with self.clinic.at_its_time():
                rng.choice((calls.answered, calls.no_answer))(self.nurse, ids[ticket])
                del self.called[ticket]

    def pass_time(self, seconds: int) -> None:
        """Let the clinic's clock go on; no call is just about to leave the wall afterwards."""
        moment = self.clinic.now + timedelta(seconds=seconds)
        while any(abs((moment - at).total_seconds() - 900) < 20 for _, _, at in self.called.values()):
            moment += timedelta(seconds=30)
        self.clinic.set_clock(moment)
        self.called = {t: call for t, call in self.called.items() if moment - call[2] < timedelta(minutes=15)}

    def expected(self) -> list[list[str]]:
        """Return ticket and room in both languages of today's six newest calls."""
        now = self.clinic.now
        today = [(at, ticket, ja, en) for ticket, (ja, en, at) in self.called.items() if _day(at) == _day(now)]
        return [[ticket, ja, en] for _, ticket, ja, en in sorted(today, reverse=True)[:6]]

    def shown(self) -> list[list[str]]:
        """Return what a person can read on the wall."""
        found: list[list[str]] = self.page.evaluate(
            "[...document.querySelectorAll('#calls li')].filter((li) => li.checkVisibility())"
            ".map((li) => ['.ticket', '.ja', '.en'].map((part) => li.querySelector(part).textContent))"
        )
        return found

    def wrong(self) -> list[list[list[str]]]:
        """Return what the wall shows and what it should, where they still differ after five seconds."""
        for _ in range(50):  # on a busy machine an answer takes its time to the screen
            if self.shown() == self.expected():
                return []
            time.sleep(0.1)
        return [self.shown(), self.expected()]

    def asks_at_the_desk(self) -> bool:
        """Tell whether the wall takes its numbers down within 75 s."""
        return self.page.until("document.getElementById('ask').checkVisibility()", 75) and self.shown() == []

    def figures(self) -> Found:
        """Return the memory of script, page and processes, after the browser has cleaned up."""
        for _ in range(2):
            self.page.send("HeapProfiler.collectGarbage")
        said = {entry["name"]: entry["value"] for entry in self.page.send("Performance.getMetrics")["metrics"]}
        found = self.page.browser.send("SystemInfo.getProcessInfo")["processInfo"]
        return {
            "refreshes": self.refreshes, "heap_kb": round(said["JSHeapUsedSize"] / 1024, 1),
            "nodes": int(said["Nodes"]), "listeners": int(said["JSEventListeners"]),
            "browser_mb": round(sum(private(one["id"]) for one in found if one["type"] == "renderer"), 1),
            "server_mb": round(self.clinic.memory, 1), "server_life": self.clinic.lives,
            "born": self.page.evaluate("performance.timeOrigin"),
        }  # fmt: skip


def _day(moment: datetime) -> Any:
    return moment.astimezone(ZONE).date()


@contextmanager
def sitting(plan: Plan) -> Iterator[Play]:
    """Serve the clinic, type the code at a wall, and yield what plays a round on it."""
    with served(plan.folder / "wall", WALL_SECONDS=SECONDS) as clinic, chromium() as browser:
        # Tomorrow: whom the demonstration clinic calls today is on no wall then, at whatever hour this is played.
        tomorrow = _day(datetime.now(UTC)) + timedelta(days=1)
        clinic.set_clock(datetime.combine(tomorrow, datetime.min.time(), ZONE) + timedelta(hours=20))
        with clinic.at_its_time():
            _, code = devices.add(person("admin"), "wall", "Waiting room")
        page = Bare(browser, f"{clinic.address}/wall")
        page.until("document.querySelector('[name=code]') !== null")
        page.evaluate(f"document.querySelector('[name=code]').value = '{code}'; document.forms[0].requestSubmit()")
        if not page.until("location.pathname === '/wall' && document.readyState === 'complete'"):
            raise TimeoutError("the wall did not open")
        stand = Stand(clinic, page, person("nurse"))
        yield lambda number, rng: _play(stand, plan, number, rng)


def _play(stand: Stand, plan: Plan, number: int, rng: Random) -> Found:
    course: Callable[[Stand, Plan, Random], Found] = {
        day_change(plan.rounds): _over_midnight, **dict.fromkeys(restarts(plan.rounds), _over_a_restart)
    }.get(number, _an_hour)  # fmt: skip
    extra = course(stand, plan, rng)
    wrong = stand.wrong()
    return {**stand.figures(), "calls": len(stand.expected()), **extra, "wrong": extra.get("wrong", []) + wrong}


def _an_hour(stand: Stand, plan: Plan, rng: Random) -> Found:
    stand.pass_time(rng.randint(20, 400))
    stand.act(rng)
    stand.watch(plan.size)
    return {}


def _over_midnight(stand: Stand, plan: Plan, rng: Random) -> Found:
    midnight = datetime.combine(_day(stand.clinic.now) + timedelta(days=1), datetime.min.time(), ZONE)
    stand.clinic.set_clock(midnight - timedelta(minutes=3))
    stand.called.clear()  # whoever was called hours ago is no longer on the wall
    stand.act(rng, least=3)
    stand.watch(plan.size // 2)
    wrong, before = stand.wrong(), stand.shown()
    stand.clinic.set_clock(midnight + timedelta(minutes=1))
    stand.watch(plan.size - plan.size // 2)
    return {"before_midnight": len(before), "after_midnight": len(stand.shown()), "wrong": wrong}


def _over_a_restart(stand: Stand, plan: Plan, rng: Random) -> Found:
    stand.watch(plan.size // 2)
    stand.clinic.stop()
    asked = False
    if is_whole(plan):
        asked = stand.asks_at_the_desk()
    stand.act(rng, least=2)
    stand.clinic.start()
    stand.watch(plan.size - plan.size // 2)
    return {"asked_at_the_desk": asked}


PROOF = Proof(
    name="wall",
    says=(
        "A wall display in a real Chromium on a real server lasts: it refreshes ten thousand times, over a day change "
        "and two restarts of the server, shows the right numbers after each of them, and does not grow."
    ),
    rounds=40,
    size=250,
    sitting=sitting,
    judge=judge,
    notes=notes,
)
