"""The bar at the top: what somebody uses all day stands in it, the rest under one word, and every place has its key."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from triage import screen

SignIn = Callable[[str], FlaskClient]


def bar(client: FlaskClient, path: str = "/me") -> tuple[list[str], list[str]]:
    """Return the words in the bar, and those under "More"."""
    header = client.get(path).text.split('<nav class="mains"')[1].split("</nav>")[0]
    inline, _, more = header.partition("<details")
    words, others = (re.findall(r'<a href="[^"]+"[^>]*>([^<]+)</a>', part) for part in (inline, more))
    return words, others


def test_who_may_go_to_few_places_sees_them_side_by_side(signed_in: SignIn) -> None:
    inline, more = bar(signed_in("auditor"))
    assert inline == ["Agreement", "Rules", "Audit"]
    assert more == []


def test_who_may_go_to_many_finds_the_rest_under_one_word(signed_in: SignIn) -> None:
    inline, more = bar(signed_in("surgeon2"))
    assert inline[:4] == ["Board", "Tasks", "Imaging", "Surgeon"]
    assert len(inline) == screen.IN_THE_BAR
    assert more[-2:] == ["Rules", "Limits"]


@pytest.mark.parametrize("path", ["/rulesets", "/limits"])
def test_the_word_says_that_the_page_is_one_of_its_own(signed_in: SignIn, path: str) -> None:
    assert '<summary class="btn quiet" aria-current="true">More' in signed_in("surgeon2").get(path).text
    assert '<summary class="btn quiet">More' in signed_in("surgeon2").get("/board").text
