"""People who work beside a thousand open boards, in a process of their own.

Beside the simulated boards they would wait for these to be done with their answers, which no browser waits for.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from itertools import cycle

from bench.boards import Line

#: How many are at work, the seconds between an answer and the next request, and what they ask for in turn.
PEOPLE, PAUSE = 4, 0.25
PAGES = ("/board", "/patients", "/imaging", "/tasks", "/me")
#: The seconds that an answer counts for which is none.
FAILED = 60.0


async def at_work(port: int, signed: Sequence[tuple[str, str]], seconds: float) -> list[float]:
    """Return how many seconds each request took of the people who work for so long; ``signed``: their sessions."""
    command = (sys.executable, "-m", "bench.people", str(port), str(seconds))
    given = json.dumps([cookie for cookie, _ in signed[:PEOPLE]]).encode()
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    told, _ = await process.communicate(given)
    if process.returncode:
        raise RuntimeError(f"the people at work ended with {process.returncode}")
    found: list[float] = json.loads(told)
    return found


async def _work(port: int, cookie: str, end: float) -> list[float]:
    line, times = Line(port, cookie), []
    for path in cycle(PAGES):
        if time.perf_counter() > end:
            break
        answer = await line.ask(path)
        times.append(answer.seconds if answer.status in (200, 403) else FAILED)
        await asyncio.sleep(PAUSE)
    line.close()
    return times


async def _all(port: int, cookies: Sequence[str], seconds: float) -> list[float]:
    end = time.perf_counter() + seconds
    each = await asyncio.gather(*(_work(port, cookie, end) for cookie in cookies))
    return [one for times in each for one in times]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_all(int(sys.argv[1]), json.load(sys.stdin), float(sys.argv[2])))))
