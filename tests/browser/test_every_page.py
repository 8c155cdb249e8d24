"""Every page, as the people who use it see it: no violation of WCAG 2.2 AA, nothing wider than the screen.

Here each page in one of the eight settings, as the seed has it; ``./dev prove pages`` looks at all of them in all.
"""

import pytest
from flask import Flask
from playwright.sync_api import Browser

from prove.pages import Visitor, sample
from tests import places
from tests.builders import Clinic

SEED, PARTS = 20261122, 2


@pytest.mark.browser
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_and_fits(browser: Browser, server: str, clinic: Clinic, part: int) -> None:
    visitor = Visitor(browser, server)
    chosen = sample(places.build(clinic), SEED, part, PARTS)
    problems = [line for path, who, setting in chosen for line in visitor.problems(path, who, setting)]
    visitor.close()
    assert not problems, "\n".join(problems)


@pytest.mark.browser
def test_a_page_that_nobody_can_read_or_that_is_too_wide_is_found(browser: Browser, server: str) -> None:
    visitor = Visitor(browser, server)
    page = visitor.page("")
    page.add_init_script(
        "addEventListener('load', () => { document.body.style.width = '9999px'; document.title = ''; })"
    )
    [path, _who, setting] = next(sample({"/sign-in": ""}, SEED, 0, 1))
    problems = " ".join(visitor.problems(path, "", setting))
    visitor.close()
    assert "document-title" in problems
    assert "wider than" in problems


def test_no_page_is_left_out(app: Flask, clinic: Clinic) -> None:
    pages = places.build(clinic)
    assert places.not_looked_at(app, pages) == set()
    assert places.not_looked_at(app, {path: who for path, who in pages.items() if path != "/scores"}) == {
        "scores.index"
    }
