"""What pages ask by themselves has a few threads of its own; who is slow, half-way or gone never holds one of them."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from threading import Event, current_thread

import pytest

from triage import hands
from triage.crowd import KEY, Waiting
from triage.turns import PAGES, Turns

ASKS = b"GET /board/rows?rev=1 HTTP/1.1\r\nHost: here\r\nCookie: session=a.b; lang=ja\r\nX-Background: 1\r\n\r\n"


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_pages_own_request_is_known_by_its_head_which_stays_where_it_is(
    wire: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = wire
    theirs.sendall(ASKS)
    assert hands.cookies_of_page(ours) == "session=a.b; lang=ja"
    assert ours.recv(len(ASKS)) == ASKS


@pytest.mark.parametrize(
    ("sent", "cookies"),
    [
        (ASKS.replace(b"X-Background", b"x-background").replace(b"Cookie:", b"cookie:"), "session=a.b; lang=ja"),
        (ASKS.replace(b"Cookie: session=a.b; lang=ja\r\n", b""), ""),
        (ASKS.replace(b"GET", b"POST"), None),
        (ASKS.replace(b"/board/rows?rev=1", b"/live"), None),
        (ASKS.replace(b"/board/rows?rev=1", b"/live?again=1"), None),
        (ASKS.replace(b"X-Background: 1\r\n", b""), None),
        (ASKS.removesuffix(b"\r\n"), None),
        (ASKS.replace(b"X-Background: 1\r\n", b"") + b"\r\nx-background: 1\r\n\r\n", None),
        (ASKS.replace(b"rev=1", b"rev=" + b"1" * hands.HEAD), None),
        (b"", None),
    ],
)
def test_only_a_whole_request_that_a_page_makes_by_itself_is_one(
    wire: tuple[socket.socket, socket.socket], sent: bytes, cookies: str | None
) -> None:
    ours, theirs = wire
    theirs.sendall(sent)
    assert hands.cookies_of_page(ours) == cookies


def test_a_request_that_stands_in_line_is_asked_for_with_the_others_before_it_is_read() -> None:
    asked: list[list[str]] = []

    def find(tokens: Sequence[str]) -> dict[str, str]:
        asked.append(list(tokens))
        return {token: f"who holds {token}" for token in tokens}

    def answer(environ: dict[str, object], _start: object) -> list[bytes]:
        waiting = environ[KEY]
        assert isinstance(waiting, Waiting)
        return [str(waiting.look(f"token {waiting.cookies}", find)).encode()]

    def ask(turns: Turns, waiting: Waiting, cookies: str) -> list[bytes]:
        with turns.standing(waiting):
            return list(turns({"HTTP_X_BACKGROUND": "1", "HTTP_COOKIE": cookies}, print))

    turns = Turns(answer)
    for name in "ab":
        ask(turns, turns.stand(name), name)
    asked.clear()
    line = [(turns.stand(name), name) for name in "ab"]
    assert [ask(turns, *one) for one in line] == [[b"who holds token a"], [b"who holds token b"]]
    assert asked == [["token a", "token b"]]
    asked.clear()
    stood = turns.stand("a")
    assert ask(turns, stood, "b") == [b"who holds token b"], "a request counts by what it is read as"
    assert asked == [["token b", "token a"]]
    assert turns._asking == 0
    assert not turns._crowd._here


@pytest.fixture
def few() -> Iterator[hands.Hands]:
    found = hands.Hands(1)
    found.turns = Turns(lambda _environ, _start: [])
    yield found
    found.shutdown()


def test_a_page_that_has_gone_with_half_an_answer_on_the_way_holds_no_thread(
    wire: tuple[socket.socket, socket.socket], few: hands.Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "GONE", 0.05)
    ours, theirs = wire
    assert few.turns
    gone = pytest.raises(ConnectionResetError, match="gone")
    with few.turns.standing(few.turns.stand("")), gone, few.hurried(ours):
        ours.sendall(b"x" * 10_000_000)  # more than lies ready on the way
    while theirs.recv(1_000_000):
        pass  # then it ends: nobody waits for a last word


def test_people_are_waited_for_as_long_as_it_takes(wire: tuple[socket.socket, socket.socket], few: hands.Hands) -> None:
    ours, _theirs = wire
    with few.hurried(ours):
        assert ours.gettimeout() is None


def test_pages_have_threads_of_their_own_and_people_do_not_wait_behind_them(few: hands.Hands) -> None:
    go, served = Event(), list[str]()

    class Connection:
        def __init__(self, sent: bytes) -> None:
            self.sock, self.theirs = socket.socketpair()
            self.theirs.sendall(sent)

        def close(self) -> None:
            self.sock.close()
            self.theirs.close()

    def handle(conn: Connection) -> str:
        name = current_thread().name.partition("_")[0]
        served.append(name)
        if name == "pages":
            assert go.wait(60)
        return name

    with ExitStack() as opened:
        made = [Connection(ASKS) for _ in range(PAGES + 2)]
        person = Connection(ASKS.replace(b"X-Background: 1\r\n", b""))
        for one in (*made, person):
            opened.callback(one.close)
        pages = [few.submit(handle, one) for one in made]
        assert few.turns
        assert few.turns._asking == PAGES + 2, "who waits for a thread stands in line already"
        assert few.submit(handle, person).result(60) == "people"
        assert served.count("pages") <= PAGES
        go.set()
        assert [page.result(60) for page in pages] == ["pages"] * (PAGES + 2)
    assert few.turns._asking == 0
