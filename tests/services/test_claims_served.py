"""Twenty people at twenty browsers take one patient at once, on the real server with two workers."""

import http.client
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from tests.builders import PASSWORD, Clinic, wait
from tests.served import gunicorn
from tests.services.test_claims import holder
from triage.db import session
from triage.models import Claim, ClaimStep
from triage.services import accounts, staff

PEOPLE = 20


@pytest.fixture
def port(clinic: Clinic, database_url: str, tmp_path: Path) -> Iterator[int]:
    """Serve the test's database as the clinic's is served."""
    with gunicorn(database_url, tmp_path, WORKERS=2) as (number, _):
        yield number


class Browser:
    """A signed-in person, without a screen."""

    def __init__(self, port: int, user_name: str) -> None:
        self.port, self.cookie, self.name = port, "", user_name
        self.token = self._token(self.ask("GET", "/sign-in")[1])
        self.ask("POST", "/sign-in", {"user_name": user_name, "password": PASSWORD})
        self.token = self._token(self.ask("GET", "/board")[1])

    def _token(self, page: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page
        return found[1]

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Return status and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = None if form is None else urlencode(form | {"csrf_token": self.token})
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        cookies = [v.partition(";")[0] for n, v in answer.getheaders() if n.lower() == "set-cookie"]
        self.cookie = "; ".join(cookies) or self.cookie
        connection.close()
        return answer.status, text


@pytest.fixture
def browsers(clinic: Clinic, port: int) -> list[Browser]:
    """Sign twenty nurses in."""
    for number in range(PEOPLE):
        staff.add(clinic.admin, f"kim{number}", f"Kim {number}", PASSWORD, ("nurse",))
    session.remove()
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda number: Browser(port, f"kim{number}"), range(PEOPLE)))


def press(browsers: list[Browser], path: str, form: dict[str, str]) -> list[tuple[int, str]]:
    """Let everybody press at the same moment."""
    start = Barrier(len(browsers))

    def one(browser: Browser) -> tuple[int, str]:
        start.wait()
        return browser.ask("POST", path, form)

    with ThreadPoolExecutor(len(browsers)) as pool:
        return list(pool.map(one, browsers))


def test_one_wins_and_nineteen_are_shown_the_winner_and_the_row_and_call_next_gives_each_another(
    clinic: Clinic, browsers: list[Browser]
) -> None:
    encounter = wait(clinic.reception)
    session.remove()
    answers = press(browsers, f"/encounters/{encounter.id}/claim", {"lease": ""})
    winner = accounts.actor_of(str(holder(encounter)))
    assert winner
    assert sorted(status for status, _ in answers) == [200] + [409] * 19
    for status, text in answers:
        assert f'<tr id="e-{encounter.id}"' in text, "the row as it stands now"
        assert winner.name in text
        assert (f'role="alert">{winner.name} has this patient since' in text) == (status == 409)
    assert len(session.scalars(select(ClaimStep)).all()) == 1

    rows = {wait(clinic.reception).id for _ in range(PEOPLE)}
    session.remove()
    assert {status for status, _ in press(browsers, "/claims/next", {})} <= {204, 303}
    session.remove()
    held = [claim for claim in session.scalars(select(Claim)) if claim.encounter_id in rows]
    assert len(held) == len({claim.staff_id for claim in held}) == PEOPLE
