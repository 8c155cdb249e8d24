"""Answers leave compressed: small enough for a clinic's line, the same bytes once unpacked, and streams as they are."""

import gzip
import re
from collections.abc import Callable

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import update

from tests.builders import Clinic, arrive, wait
from triage import packing
from triage.db import session, verb
from triage.domain.access import PUBLIC, Actor
from triage.models import Encounter
from triage.services import claims
from triage.services.audit import record
from triage.web import requires

SignIn = Callable[[str], FlaskClient]
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
REFRESH = {**GZIP, "HX-Request": "true", "X-Background": "1"}
#: Rows of the board on which the sizes are promised, and how many bytes each may be as transferred.
FIRST_LOAD, LATER = 150_000, 20_000


def test_a_page_is_packed_for_who_can_unpack_it_and_for_nobody_else(clinic: Clinic, signed_in: SignIn) -> None:
    wait(clinic.reception)
    client = signed_in("nurse")
    plain, small = client.get("/board"), client.get("/board", headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data) / 2
    assert "<main" in gzip.decompress(small.data).decode()
    for answer in (plain, small):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "Cookie" in answer.headers["Vary"]
    assert "Content-Encoding" not in client.get("/board", headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_the_length_of_a_page_differs_from_one_time_to_the_next(signed_in: SignIn) -> None:
    client = signed_in("nurse")
    assert len({len(client.get("/me", headers=GZIP).data) for _ in range(12)}) > 3


def test_what_many_boards_are_sent_is_packed_once_and_each_answer_still_has_a_length_of_its_own(
    clinic: Clinic, signed_in: SignIn
) -> None:
    for _ in range(4):
        wait(clinic.reception)
    client = signed_in("nurse")
    before = packing._deflated_once.cache_info().misses
    answers = [client.get("/board/rows?rev=0.0", headers=REFRESH).data for _ in range(12)]
    assert len({gzip.decompress(answer) for answer in answers}) <= 2  # a minute may turn
    assert packing._deflated_once.cache_info().misses <= before + 2
    assert len({len(answer) for answer in answers}) > 3


def test_our_own_files_are_packed_once_and_the_browser_keeps_them(signed_in: SignIn) -> None:
    client = signed_in("nurse")
    first = client.get("/static/app.css", headers=GZIP)
    again = client.get("/static/app.css", headers=GZIP)
    assert first.headers["Content-Encoding"] == "gzip"
    assert first.data == again.data
    with client.get("/static/app.css") as plain:
        assert gzip.decompress(first.data) == plain.data
    with client.get("/static/app.css", headers={**GZIP, "If-None-Match": first.headers["ETag"]}) as kept:
        assert (kept.status_code, kept.data) == (304, b"")
    with client.get("/static/app.css", headers={**GZIP, "Range": "bytes=0-9"}) as part:
        assert "Content-Encoding" not in part.headers


def test_an_answer_without_content_stays_empty_and_a_stream_flows_as_it_is(own_app: Flask, signed_in: SignIn) -> None:
    @requires(PUBLIC)
    def stream() -> Response:
        return Response((f"data: {'x' * 900}\n\n" for _ in range(3)), mimetype="text/event-stream")

    @requires(PUBLIC)
    def growing() -> Response:
        return Response(("x" * 900 for _ in range(3)), mimetype="text/html")

    own_app.add_url_rule("/planted/stream", view_func=stream)
    own_app.add_url_rule("/planted/growing", view_func=growing)
    client = own_app.test_client()
    for path in ("/planted/stream", "/planted/growing"):
        answer = client.get(path, headers=GZIP)
        assert "Content-Encoding" not in answer.headers
        assert len(answer.data) >= 2700
    assert signed_in("nurse").head("/board", headers=GZIP).data == b""


@pytest.fixture
def hundred(clinic: Clinic) -> list[str]:
    """Let a hundred people wait, each with a name of their own, alarming findings and a long complaint."""
    ids = [
        arrive(clinic.reception, family_name=f"北村{number}", given_kana=f"カナ{number}").id for number in range(100)
    ]
    _say_much(clinic.nurse)
    return ids


@verb
def _say_much(actor: Actor) -> None:
    said = {"suggested_level": 3, "suggested_route": "specialist_consult", "suggested_provisional": True}
    flags = "saddle_anaesthesia urinary_retention back_pain fever"
    words = Encounter.ticket + "、昨夜から尿が出にくく、股のあたりの感覚がおかしい。腰と両足が痛い"
    session.execute(update(Encounter).values(**said, suggested_flags=flags, complaint=words))
    record(actor, "demonstration_loaded", encounters=100)


def files_of(client: FlaskClient, text: str) -> dict[str, int]:
    """Return the size as transferred of each file that a page needs, by its address; scripts bring others along."""
    found: dict[str, int] = {}
    left = re.findall(r'(?:href|src)="(/(?:static|assets)/[^"]+)"', text)
    while left:
        path = left.pop()
        if path not in found:
            answer = client.get(path, headers=GZIP)
            found[path] = len(answer.data)
            brought = re.findall(r"(?:from|import) '\./([\w-]+\.js)'", gzip.decompress(answer.data).decode())
            left += [f"/static/{name}" for name in brought if path.endswith(".js")]
    return found


def test_the_board_of_a_hundred_is_small_on_the_line(clinic: Clinic, signed_in: SignIn, hundred: list[str]) -> None:
    client = signed_in("nurse")
    page = client.get("/board", headers=GZIP)
    text = gzip.decompress(page.data).decode()
    assert len(re.findall(r'<tr id="e-', text)) == 100
    files = files_of(client, text)
    assert {"/static/board.css", "/static/live.js", "/assets/htmx.min.js"} <= files.keys()
    assert len(page.data) + sum(files.values()) <= FIRST_LOAD
    found = re.search(r'id="rev" name="rev" value="([^"]+)"', text)
    assert found
    known, (revision, minute) = ",".join(f"e-{one}" for one in hundred), found[1].split(".")
    claims.claim(clinic.nurse, hundred[7])
    earlier = f"{revision}.{int(minute) - 1}"
    for what, rev in (("one row", f"{revision}.{minute}"), ("one row and every wait", earlier)):
        query = {"hold": "1", "known": known, "rev": rev}
        answer = client.get("/board/rows", query_string=query, headers=REFRESH)
        assert answer.status_code == 200
        assert len(answer.data) <= LATER, what
