"""A seeded sample of ``./dev prove board``: rows that a hand is on stay as they are while others work."""

from random import Random

import pytest

from prove import board
from tests.browser.conftest import Open
from tests.builders import Clinic, wait
from triage.db import session

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("hold", board.HOLDS)
def test_what_a_hand_is_on_survives_every_refresh(sign_in: Open, clinic: Clinic, hold: str) -> None:
    rng = Random(20261122)
    for number in range(14):
        wait(clinic.reception, family_name=f"山{number}")
    session.remove()
    page = sign_in("nurse", size=(1440, 700))
    others = board.Others(clinic.people.__getitem__, rng)
    for place in (1, -2):
        page.reload()
        assert not list(board.differences(page, others, board.rows(page, hold)[place], hold, 6))


def test_the_proof_finds_a_list_that_moves_under_the_hand(sign_in: Open, clinic: Clinic) -> None:
    for _ in range(6):
        wait(clinic.reception)
    session.remove()
    page = sign_in("nurse")
    page.route("**/board/rows*", lambda route: route.continue_(url=route.request.url.replace("hold=1", "hold=0")))
    found = board.differences(
        page, board.Others(clinic.people.__getitem__, Random(3)), board.rows(page)[2], "pointer", 6
    )
    assert {"order", "under"} <= {words for line in found for words in line.split()}
