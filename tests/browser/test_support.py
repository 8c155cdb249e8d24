"""The browser tests' own tools bite."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_axe_names_what_is_wrong(sign_in: Callable[..., Page], axe: Callable[[Page], None]) -> None:
    page = sign_in("nurse")
    axe(page)
    page.locator("main").evaluate("main => main.append(document.createElement('img'))")
    with pytest.raises(AssertionError, match="image-alt"):
        axe(page)
