"""Simulated boards: a real session each, its event stream, and rows and strip fetched whenever the stream says so."""

import asyncio
import re
import time
from dataclasses import dataclass, field

REVISION = re.compile(rb'id="rev" name="rev" value="((\d+)\.\d+)"')
JUDGED = re.compile(rb'id="judged" name="at" value="(\d+)"')
STRIP = re.compile(rb'<input type="hidden" name="rev" value="([^"]*)"')
LEASE = re.compile(rb'name="lease" value="([^"]+)"')
ROW = re.compile(rb'<tr id="e-([a-z2-7]+)"')


@dataclass
class Answer:
    """One answer of the server: status, body, and seconds from the first byte asked to the last byte received."""

    status: int
    body: bytes
    seconds: float


class Line:
    """One kept-alive connection to the server."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie = port, cookie
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, form: bytes | None = None, *headers: str) -> Answer:
        """Ask and read the whole answer; a connection that the server has closed meanwhile is opened again."""
        begun = time.perf_counter()
        for _ in range(2):
            fresh = self._open is None
            try:
                return await self._ask(begun, path, form, headers)
            except (OSError, asyncio.IncompleteReadError):
                self.close()
                if fresh:
                    raise
        raise ConnectionError(path)

    async def _ask(self, begun: float, path: str, form: bytes | None, headers: tuple[str, ...]) -> Answer:
        if self._open is None:
            self._open = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._open
        lines = [f"{'GET' if form is None else 'POST'} {path} HTTP/1.1", "Host: bench", "User-Agent: bench"]
        lines += [f"Cookie: {self.cookie}", *headers]
        if form is not None:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + (form or b""))
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        if b"connection: close" in head.lower():
            self.close()
        return Answer(int(head.split(b" ", 2)[1]), body, time.perf_counter() - begun)

    def close(self) -> None:
        """Close the connection."""
        if self._open:
            self._open[1].close()
        self._open = None


@dataclass
class Board:
    """One open board: what it shows, and when it came to show each revision."""

    port: int
    cookie: str
    rev: str
    known: str
    streaming: bool = False
    shown: dict[int, float] = field(default_factory=dict)
    fetches: list[float] = field(default_factory=list)
    errors: int = 0
    told: str = ""
    judged: str = ""
    _behind: bool = False

    async def live(self) -> None:
        """Listen until cancelled, and come again where the stream ends or is refused."""
        line = Line(self.port, self.cookie)
        work: asyncio.Task[None] | None = None
        try:
            while True:
                async for told in self._events():
                    if told != self.rev:
                        self._behind = True
                        if work is None or work.done():
                            work = asyncio.create_task(self._catch_up(line))
                self.streaming = False
                await asyncio.sleep(1)
        finally:
            line.close()

    async def _events(self):  # type: ignore[no-untyped-def]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(
                f"GET /live HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nCookie: {self.cookie}\r\n\r\n".encode()
            )
            while piece := await reader.readline():
                if piece.startswith(b"data: "):
                    self.streaming = True
                    yield piece[6:].split(b" ")[0].decode()
        except OSError:
            pass
        finally:
            writer.close()

    async def _catch_up(self, line: Line) -> None:
        while self._behind:
            self._behind = False
            path = f"/board/rows?rev={self.rev}&at={self.judged}&hold=0&known={self.known}&said={self.told}"
            answer = await line.ask(path, None, "HX-Request: true", "X-Background: 1")
            self.fetches.append(answer.seconds)
            found = REVISION.search(answer.body)
            if answer.status == 200 and found:
                self.rev = found[1].decode()
                self.shown.setdefault(int(found[2]), time.perf_counter())
                self._read(answer.body)
            elif answer.status != 204:
                self.errors += 1

    def _read(self, body: bytes) -> None:
        if b'id="rows"' in body:
            self.known = ",".join(f"e-{row.decode()}" for row in ROW.findall(body))
        judged, strip = JUDGED.search(body), STRIP.search(body)
        self.judged = judged[1].decode() if judged else self.judged
        self.told = strip[1].decode() if strip else self.told

    def showed(self, revision: int) -> float | None:
        """Return when the board came to show this revision or a later one."""
        return min((at for number, at in self.shown.items() if number >= revision), default=None)
