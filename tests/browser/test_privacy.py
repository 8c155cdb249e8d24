"""Privacy mode: a visitor who looks at a screen reads tickets, never who somebody is or why they came."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Open, stop_clock
from tests.builders import PASSWORD, Clinic, arrive, wait
from tests.places import followed_up
from triage import knowledge
from triage.db import session
from triage.domain.comeback import Day
from triage.services import calls, devices, emergencies, encounters, hours, imaging, intakes, returns, rooms, triage
from triage.services.organisations import today

pytestmark = pytest.mark.browser

#: Who comes under the eyes of a visitor. None of it may be read on any screen of the day while names are hidden.
MARKS: dict[str, object] = {
    "family_name": "印姓", "given_name": "印名", "family_kana": "シルシセイ", "given_kana": "ミョウジン",
    "birth_date": date(1949, 2, 28), "phone": "0742111222", "contact_name": "印連絡",
}  # fmt: skip
COMPLAINT = "印訴え"
HIDDEN = ("印", "シルシ", "ミョウ", "1949-02-28", "28 Feb 1949", "昭和24", "0742111222")
VISIBLE = """() => [document.title, document.body.innerText, ...[...document.querySelectorAll('*')]
  .filter((place) => place.checkVisibility({ visibilityProperty: true }))
  .flatMap((place) => [place.title ?? '', place.getAttribute('aria-label') ?? '', place.getAttribute('alt') ?? '',
    'value' in place && getComputedStyle(place).color !== 'rgba(0, 0, 0, 0)' && place.type !== 'hidden'
      ? String(place.value) : ''])].join('\\n')"""


def let_in(clinic: Clinic) -> list[tuple[str, str]]:
    """Let marked patients come to every place of the day; return the ids of their visits and of themselves."""
    calm = {question.id: False for question in knowledge.load().urgent_questions}
    desk = arrive(clinic.reception, **MARKS)
    pinned = wait(clinic.reception, **MARKS)
    emergencies.raise_(clinic.nurse, pinned.id, COMPLAINT)
    waiting = wait(clinic.reception, calm, **MARKS)
    review, ct = (wait(clinic.reception, calm, **MARKS) for _ in range(2))
    for visit in (desk, waiting, review):
        intakes.change_details(clinic.reception, visit.id, None, {"complaint": COMPLAINT})
    reason = knowledge.load().override_reasons[0].id
    for visit, route, modality in ((review, "specialist_consult", ""), (ct, "ct", "ct")):
        version = encounters.get(clinic.nurse, visit.id).version
        triage.decide(
            clinic.nurse, visit.id, version, triage.Choice(4, route, modality, reason, without="the rest follows")
        )
    for order in imaging.list_orders(clinic.surgeon):
        imaging.order(clinic.surgeon, order.id, order.version)
    room = rooms.add(clinic.admin, "Room 1")
    calls.call(clinic.nurse, waiting.id, room)
    calls.no_answer(clinic.nurse, waiting.id)
    home = wait(clinic.reception, calm, **MARKS)
    day = hours.next_open(clinic.site_id, today(clinic.site_id), after=1)
    returns.ask_back(clinic.reception, home.id, home.version, Day(day), "no_slot_today")
    followed_up(clinic, waiting.patient_id)
    session.remove()
    return [(visit.id, visit.patient_id) for visit in (desk, waiting, review, pinned)]


def addresses(app: Flask, visits: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the address of every page there is, for each of the visits."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if (
            "GET" not in (rule.methods or ())
            or rule.endpoint in {"static", "assets"}
            or rule.endpoint.startswith("live")
        ):
            continue
        for encounter_id, patient_id in visits if rule.arguments else visits[:1]:
            known = {"encounter_id": encounter_id, "patient_id": patient_id}
            yield adapter.build(rule.endpoint, {name: known.get(name, "nothing") for name in rule.arguments})
    yield from ("/patients/search?q=S240228", "/late?q=S240228")


def told(page: Page) -> list[str]:
    """Return which marks a visitor can read on the page as it stands."""
    text = page.evaluate(VISIBLE)
    return [mark for mark in HIDDEN if mark in text]


#: People who between them may open every page that shows a patient; the second is asked where the first sees none.
READERS = ("nurse2", "surgeon2")


def test_with_names_hidden_no_page_tells_who_somebody_is(app: Flask, sign_in: Open, clinic: Clinic) -> None:
    screens = [sign_in(who) for who in READERS]
    problems, looked_at, pages = [], set(), 0
    for address in sorted(set(addresses(app, let_in(clinic)))):
        page = next((screen for screen in screens if names_somebody(screen, address)), None)
        if page is None:
            continue
        pages += 1
        page.goto(address)
        page.evaluate("document.documentElement.dataset.privacy = 'off'")
        looked_at.update(told(page))
        page.evaluate("document.documentElement.dataset.privacy = 'on'")
        problems += [f"{address}: {mark}" for mark in told(page)]
    assert not problems, "\n".join(problems)
    assert pages > 30
    assert {"印", "シルシ", "1949-02-28"} <= looked_at, "the search finds them where they are shown"


def names_somebody(screen: Page, address: str) -> bool:
    """Tell whether this person is answered a whole page that holds a mark, readable or not."""
    answer = screen.request.get(address)
    text = answer.text() if "text/html" in answer.headers.get("content-type", "") else ""
    return "<html" in text and any(mark in text for mark in HIDDEN)


def test_initials_stand_for_names_and_the_ticket_stays(sign_in: Open, clinic: Clinic) -> None:
    one = wait(clinic.reception, **MARKS)
    number = wait(clinic.reception, **(MARKS | {"call_by_number": True}))
    page = sign_in("nurse")
    page.keyboard.press("p")
    expect(page.locator(f"#n-{one.id} .alt")).to_have_text("シ．ミ")
    expect(page.locator(f"#n-{number.id} .alt")).to_have_text("—")
    for visit in (one, number):
        expect(page.locator(f"#e-{visit.id} .c-ticket")).to_contain_text(visit.ticket)
    page.locator(f"#n-{one.id}").click()
    expect(page.locator(".banner .who")).to_have_text("シ．ミ", use_inner_text=True)
    expect(page.locator(".banner")).to_contain_text(one.ticket)
    page.keyboard.press("p")
    expect(page.locator(".banner .who")).to_contain_text("印姓")
    page.emulate_media(media="print")
    page.keyboard.press("p")
    expect(page.locator(".banner strong.pii")).to_be_visible()


def test_names_hidden_in_one_tab_are_hidden_in_every_tab_of_the_device_and_on_no_other(
    sign_in: Open, clinic: Clinic
) -> None:
    wait(clinic.reception, **MARKS)
    session.remove()
    first = sign_in("nurse")
    first.goto("/board")
    second = first.context.new_page()
    second.goto("/patients")
    elsewhere = sign_in("surgeon")
    elsewhere.goto("/board")
    for tab, state in ((first, "on"), (second, "off")):
        tab.locator("[data-toggle-setting=privacy]").click()
        for page in (first, second):
            expect(page.locator("html")).to_have_attribute("data-privacy", state)
            expect(page.locator("[data-toggle-setting=privacy]")).to_have_attribute(
                "aria-pressed", "true" if state == "on" else "false"
            )
        expect(elsewhere.locator("html")).not_to_have_attribute("data-privacy", "on")


@pytest.fixture
def front_desk(app: Flask, sign_in: Open, clinic: Clinic) -> Callable[..., Page]:
    """Return a function that opens a desk that was set up as one that visitors can look at."""

    def open_desk(size: tuple[int, int] = PHONE) -> Page:
        _, code = devices.add(clinic.admin, "public_desk", "Front desk")
        session.remove()
        page = sign_in("reception", size)
        page.goto("/device")
        page.locator("[name=code]").fill(code)
        page.keyboard.press("Enter")
        page.wait_for_url("**/sign-in")
        stop_clock(page)
        return page

    return open_desk


def test_a_desk_that_visitors_see_hides_names_after_a_minute_without_input_and_remembers(
    front_desk: Callable[..., Page], clinic: Clinic
) -> None:
    arrive(clinic.reception, **MARKS)
    session.remove()
    page = front_desk()
    page.goto("/patients")
    assert told(page)
    page.clock.fast_forward("00:50")
    page.mouse.move(10, 10)
    page.clock.fast_forward("00:50")
    page.clock.run_for(1000)
    assert told(page), "somebody was there"
    page.clock.fast_forward("00:10")
    expect(page.locator("html")).to_have_attribute("data-privacy", "on")
    assert told(page) == []
    expect(page.locator("#announce")).to_contain_text("Names are hidden")
    page.goto("/patients")
    assert told(page) == []
    page.locator("[data-toggle-setting=privacy]").click()
    expect(page.locator("html")).to_have_attribute("data-privacy", "off")
    assert told(page)
    page.reload()
    assert told(page)


def test_what_was_typed_at_the_desk_is_hidden_and_not_lost(front_desk: Callable[..., Page], clinic: Clinic) -> None:
    page = front_desk()
    page.goto("/patients/new")
    page.locator("[name=family_name]").fill("印姓")
    page.clock.fast_forward("01:01")
    expect(page.locator("html")).to_have_attribute("data-privacy", "on")
    assert told(page) == []
    page.locator("[data-toggle-setting=privacy]").click()
    expect(page.locator("[name=family_name]")).to_have_value("印姓")
    assert told(page)


def test_a_desk_of_the_back_office_stays_as_it_is(sign_in: Open, clinic: Clinic) -> None:
    arrive(clinic.reception, **MARKS)
    session.remove()
    page = sign_in("reception")
    stop_clock(page)
    page.goto("/patients")
    page.clock.fast_forward("10:00")
    page.clock.run_for(2000)
    assert told(page)
    assert PASSWORD not in page.content()
