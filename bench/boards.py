"""Simulated boards: a real session each, its event stream, and rows and strip fetched whenever the stream says so."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

REVISION = re.compile(rb'id="rev" name="rev" value="((\d+)\.\d+)"')
JUDGED = re.compile(rb'id="judged" name="at" value="(\d+)"')
STRIP = re.compile(rb'<input type="hidden" name="rev" value="([^"]*)"')
LEASE = re.compile(rb'name="lease" value="([^"]+)"')
LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
TOLD = re.compile(rb"^data: (\S+) ", re.MULTILINE)
ROW = re.compile(rb'<tr id="e-([a-z2-7]+)"')


@dataclass
class Answer:
    """One answer of the server: status, body, and seconds from the first byte asked to the last byte received."""

    status: int
    body: bytes
    seconds: float


class Wire(asyncio.Protocol):
    """A connection to the server; it hands on what it hears, so that the boards take little of its processors."""

    def __init__(self, hear: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self.data_received, self._lost = hear, lost  # type: ignore[method-assign]

    def connection_lost(self, _error: Exception | None) -> None:
        """Say that it ended."""
        self._lost()


class Line:
    """One kept-alive connection to the server."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie = port, cookie
        self._open: asyncio.Transport | None = None
        self._heard = bytearray()
        self._whole: asyncio.Future[tuple[bytes, bytes]] | None = None

    async def ask(self, path: str, form: bytes | None = None, *headers: str) -> Answer:
        """Ask and read the whole answer; a connection that the server has closed meanwhile is opened again."""
        begun = time.perf_counter()
        for _ in range(2):
            fresh = self._open is None
            try:
                head, body = await self._ask(path, form, headers)
            except ConnectionError:
                self.close()
                if fresh:
                    raise
            else:
                return Answer(int(head.split(b" ", 2)[1]), body, time.perf_counter() - begun)
        raise ConnectionError(path)

    async def _ask(self, path: str, form: bytes | None, headers: tuple[str, ...]) -> tuple[bytes, bytes]:
        loop = asyncio.get_running_loop()
        if self._open is None:
            self._open = await connected(self.port, self._hear, self._lost)
        self._heard.clear()
        self._whole = loop.create_future()
        self._open.write(asking("GET" if form is None else "POST", path, self.cookie, headers, form))
        head, body = await self._whole
        if b"connection: close" in head.lower():
            self.close()
        return head, body

    def _hear(self, data: bytes) -> None:
        self._heard += data
        end = self._heard.find(b"\r\n\r\n")
        if end < 0 or self._whole is None or self._whole.done():
            return
        length = LENGTH.search(self._heard, 0, end + 2)
        until = end + 4 + (int(length[1]) if length else 0)
        if len(self._heard) >= until:
            self._whole.set_result((bytes(self._heard[:end]), bytes(self._heard[end + 4 : until])))

    def _lost(self) -> None:
        self._open = None
        if self._whole and not self._whole.done():
            self._whole.set_exception(ConnectionResetError())

    def close(self) -> None:
        """Close the connection."""
        if self._open:
            hang_up(self._open)
        self._open = None


async def connected(port: int, hear: Callable[[bytes], None], lost: Callable[[], None]) -> asyncio.Transport:
    """Open a connection that tells what it hears, and when it is lost."""
    made = await asyncio.get_running_loop().create_connection(lambda: Wire(hear, lost), "127.0.0.1", port)
    return made[0]


def hang_up(wire: asyncio.Transport) -> None:
    """Close a connection that nobody listens to any more."""
    wire.set_protocol(asyncio.Protocol())
    wire.close()


def asking(method: str, path: str, cookie: str, headers: Iterable[str] = (), form: bytes | None = None) -> bytes:
    """Return a request as it is sent."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", "User-Agent: bench", f"Cookie: {cookie}", *headers]
    if form is not None:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (form or b"")


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
    _said: bytes = b""
    _line: Line = field(init=False, repr=False)
    _work: "asyncio.Task[None] | None" = None

    async def live(self) -> None:
        """Listen until cancelled, and come again where the stream ends or is refused."""
        self._line = Line(self.port, self.cookie)
        try:
            while True:
                ended, self._said = asyncio.Event(), b""
                with suppress(OSError):
                    stream = await connected(self.port, self._hear, ended.set)
                    stream.write(asking("GET", "/live", self.cookie))
                    try:
                        await ended.wait()
                    finally:
                        hang_up(stream)
                self.streaming = False
                await asyncio.sleep(1)
        finally:
            self._line.close()

    def _hear(self, data: bytes) -> None:
        whole, _, self._said = (self._said + data).rpartition(b"\n")
        for told in TOLD.findall(whole + b"\n"):
            self.streaming = True
            if told.decode() != self.rev:
                self._behind = True
                if self._work is None or self._work.done():
                    self._work = asyncio.create_task(self._catch_up(self._line))

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
