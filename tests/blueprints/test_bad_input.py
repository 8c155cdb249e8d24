"""Whatever is sent after the surgeon's decision, nobody gets an error page: it is told, and what was typed stays."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from itertools import cycle, islice
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from tests import places
from tests.builders import Clinic, add_patient, build_clinic, wait
from tests.forms_on_pages import Form, read
from triage import knowledge
from triage.db import session
from triage.domain.comeback import Day
from triage.models import Encounter
from triage.services import (
    calendars,
    hours,
    milestones,
    outcome_entries,
    outcome_starts,
    outcomes,
    pathway_lists,
    pathways,
    returns,
)
from triage.services.organisations import today

SignIn = Callable[[str], FlaskClient]
Values = dict[str, list[str]]
#: The blueprints of the way after the decision.
NOUNS = frozenset({
    "appointment_requests", "appointments", "calendars", "consults", "decisions", "hours", "outcomes", "pathways",
    "questions", "returns", "same_day", "surgeons",
})  # fmt: skip
LOOKERS = ("reception", "nurse2", "surgeon2", "admin")
#: No date, time, number, version, choice, id or text that a person means to send.
ODD = (
    "", " ", "\0", "a\0b", "x" * 100_000, "0001-01-01", "9999-12-31", "2026-02-31", "２０２６－１１－３０", "１２",
    "-1", "99999999999999999999", "1e400", "NaN", "Infinity", "25:61", "２４：００", "9999-12-31T23:59",
    "0001-01-01T00:00", "2147483648", "0", "<b>&", "🦴\u202e", "true",
)  # fmt: skip
#: So many of them for each field in a run; which ones goes round, so that each is tried in many places.
AT_A_TIME = 2
TOLD = frozenset({303, 403, 404, 409, 422})
#: Fields for words, in which any text is right.
WORDS = frozenset({
    "note", "words", "name", "contact", "why", "why_moved", "why_omitted", "end_note", "reason", "told", "wishes",
    "implant_note", "contact-note", "end-note", "wrong-note", "why_reopened",
})  # fmt: skip
TYPED_BEFORE = "Typed before, 以前の入力"


@dataclass
class Sent:
    """A form on a page, who sees it, where it goes, and which of its buttons is pressed."""

    endpoint: str
    who: str
    page: str
    form: Form
    button: tuple[str, str]
    url: str

    @property
    def name(self) -> str:
        """Return what a failure calls it."""
        return f"{self.endpoint} {'='.join(self.button)} by {self.who}"

    @property
    def fields(self) -> list[str]:
        """Return the names of what it sends."""
        return [name for name in {**self.form.values, **self.form.choices} if name != "csrf_token"]


def filled(one: Sent, good: dict[str, str]) -> Values:
    """Return what the form would send, with the first choice where none is made, and what is known to be valid."""
    values = {name: list(given) for name, given in one.form.values.items()}
    for name, choices in one.form.choices.items():
        if values.get(name, [""]) == [""]:
            values[name] = [next((choice for choice in choices if choice), "")]
    words = {name: ["typed"] for name in one.form.typed if name in WORDS and values.get(name) == [""]}
    known = {name: [value] for name, value in good.items() if name in one.fields}
    return values | words | known | ({one.button[0]: [one.button[1]]} if one.button[0] else {})


def good_days(clinic: Clinic) -> dict[str, dict[str, str]]:
    """Return days and numbers with which the forms can be sent, by endpoint."""
    now = today(clinic.site_id)
    soon, later = (hours.next_open(clinic.site_id, now, ahead).isoformat() for ahead in (1, 5))
    quiet = (now + timedelta(days=40)).isoformat()
    return {
        "returns.ask_back": {"on": soon},
        "returns.note_call": {"on": later},
        "hours.add_days": {"first": quiet, "last": quiet, "opens": "9:30", "closes": "12:00"},
        "outcomes.complication": {"wrong-day": (now - timedelta(days=1)).isoformat()},
        "pathways.move": {"day": later},
        "outcomes.answer": {"m_odi": "20"},
    }


def build(clinic: Clinic) -> dict[str, str]:
    """Build every state after the decision, also what has ended and can be taken back; return the pages."""
    pages = places.build(clinic)
    calm = dict.fromkeys((question.id for question in knowledge.load().urgent_questions), False)
    done, ended = places.operated(clinic, calm), places.operated(clinic, calm)
    seen = pathway_lists.view(clinic.nurse, done)
    milestones.complete(clinic.nurse, next(s.id for s in seen.steps if s.name == "imaging"), seen.pathway.version)
    pathways.cancel(clinic.nurse, ended, pathway_lists.view(clinic.nurse, ended).pathway.version, "declined")
    day, given_up = today(clinic.site_id) - timedelta(days=95), add_patient(clinic.reception, family_name="原").id
    series = outcome_starts.begin(clinic.nurse, given_up, day, places.begun_by_hand(clinic.surgeon.staff_id))
    outcome_entries.end(clinic.nurse, series, outcomes.find(clinic.nurse, series).version, "declined")
    calendars.give(clinic.surgeon2)
    calm_here = session.scalars(select(Encounter.id).where(Encounter.stage == "waiting", Encounter.urgent == 0)).all()
    more = [f"/encounters/{visit}/return" for visit in calm_here]
    more += [f"/pathways/{done}?step={step.id}" for step in seen.steps]
    session.remove()
    return pages | dict.fromkeys([*more, f"/pathways/{ended}", f"/outcomes/{series}"], "")


def forms_of(app: Flask, pages: dict[str, str], signed_in: SignIn) -> Iterator[Sent]:
    """Yield each form of these nouns once for each of its buttons, as the first who sees it."""
    seen: set[Any] = set()
    for who in LOOKERS:
        client = signed_in(who)
        for path in pages:
            for one in on_page(app, client, who, path):
                key = (one.endpoint, one.button, tuple(sorted(one.fields)))
                if one.endpoint.split(".")[0] in NOUNS and key not in seen:
                    seen.add(key)
                    yield one


def on_page(app: Flask, client: FlaskClient, who: str, path: str) -> Iterator[Sent]:
    answer, adapter = client.get(path), app.url_map.bind("localhost")
    for form in read(answer.text) if answer.status_code == 200 else ():
        for name, value, url in form.buttons or [("", "", form.action)]:
            try:
                endpoint, _ids = adapter.match(url.partition("?")[0], method="POST")
            except HTTPException:  # sent to the page itself
                continue
            yield Sent(endpoint, who, path, form, (name, value), url)


@pytest.fixture
def sent(app: Flask, clinic: Clinic, signed_in: SignIn) -> list[Sent]:
    return list(forms_of(app, build(clinic), signed_in))


def as_it_is_now(client: FlaskClient, one: Sent) -> Sent:
    """Return the form as its page shows it by now; as it was where the page shows it no more."""
    forms = [form for form in read(client.get(one.page).text) if form.action == one.form.action]
    return replace(one, form=next((form for form in forms if form.values.keys() == one.form.values.keys()), one.form))


def broken(client: FlaskClient, one: Sent, good: dict[str, str], odd: Iterator[str]) -> list[Any]:
    """Send the form with one field after the other filled in oddly; return what was not told but broke."""
    found = []
    for name in one.fields:
        for value in islice(odd, AT_A_TIME):
            status = client.post(one.url, data=filled(one, good) | {name: [value]}).status_code
            tried = one.button == ("act", "try") and status == 200  # its effect is shown first
            if status not in TOLD and not tried:
                found.append((one.name, name, value[:20], status))
            one = as_it_is_now(client, one) if status == 303 else one
    return found


def test_what_is_refused_is_told_an_old_page_changes_nothing_and_no_form_can_be_filled_in_so_that_it_breaks(
    app: Flask, clinic: Clinic, signed_in: SignIn, sent: list[Sent]
) -> None:
    all_that_is_refused_is_told(clinic, signed_in, sent)
    good, odd = good_days(clinic), cycle(ODD)
    clients = {who: signed_in(who) for who in LOOKERS}
    found = [broken(clients[one.who], one, good.get(one.endpoint, {}), odd) for one in sent]
    assert [line for lines in found for line in lines] == []
    posted = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert {name for name in posted if name.split(".")[0] in NOUNS} - {one.endpoint for one in sent} == {
        "appointments.look",  # the same form as appointments.book, sent by another button: test_appointments.py
        "same_day.send_to_queue",  # a press without a field, of a request whose patient is here: test_same_day.py
    }


def test_a_form_that_breaks_is_found(
    app: Flask, clinic: Clinic, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = wait(clinic.reception, dict.fromkeys((one.id for one in knowledge.load().urgent_questions), False))
    day = hours.next_open(clinic.site_id, today(clinic.site_id), after=1)
    returns.ask_back(clinic.reception, here.id, here.version, Day(day), "no_slot_today")
    session.remove()
    client = signed_in("nurse")
    one = next(form for form in on_page(app, client, "nurse", "/returns") if form.button == ("result", "reached"))
    monkeypatch.setattr(returns, "note_call", lambda *_: int("no number"))
    assert {line[3] for line in broken(client, one, {}, cycle(["typed"]))} == {500}


def all_that_is_refused_is_told(clinic: Clinic, signed_in: SignIn, sent: list[Sent]) -> None:
    """Send each form from another site, from an old page, and with a field wrong: nothing is changed, so it is first.

    To build every state and to read every page as four people takes longer than all that is sent.
    """
    build_clinic("branch", clinic.reception.organisation_id, "-b")
    good, clients = good_days(clinic), {who: signed_in(who) for who in LOOKERS}
    strangers = {who: signed_in(f"{who}-b") for who in LOOKERS}
    checked, old = set[str](), dict[str, int]()
    for one in sent:
        data = filled(one, good.get(one.endpoint, {}))
        if re.search(r"/[a-z2-7]{16}(/|$)", one.url.partition("?")[0]):
            assert strangers[one.who].post(one.url, data=data).status_code in (404, 422), one.name
        if lost := forgotten(clients[one.who], one, checked):
            raise AssertionError((one.name, lost))
        version = next((name for name in one.form.values if name.endswith("version")), "")
        if version and one.endpoint not in APPENDED:
            old[one.name] = clients[one.who].post(one.url, data=data | {version: ["7777"]}).status_code
    assert {name: status for name, status in old.items() if status not in (409, 422)} == {}
    assert list(old.values()).count(409) > len(old) / 2, old
    assert len(checked) > 5, checked


#: What is added to what there is, whoever else has added something meanwhile.
APPENDED = frozenset({"outcomes.complication"})


def forgotten(client: FlaskClient, one: Sent, checked: set[str]) -> str:
    """Send the form with each of its first fields wrong; return the one over which words were lost, or none told."""
    words = [name for name in one.form.typed if name in WORDS]
    others = [name for name in one.fields if name not in words and "version" not in name and name != "request_id"]
    for wrong in others[:3] if words else ():
        data = filled(one, {}) | {name: [TYPED_BEFORE] for name in words} | {wrong: ["\0"]}
        answer = client.post(one.url, data=data)
        if answer.status_code == 422:
            checked.add(one.endpoint)
            text, told = unescape(answer.text), re.search(r'role="alert"|class="error|data-error', answer.text)
            if text.count(TYPED_BEFORE) < len(words) or not told:
                return wrong
    return ""


@pytest.mark.parametrize("stranger", ["aaaaaaaaaaaaaaaa", "%00", "x" * 3000])
def test_what_is_not_there_is_not_found(app: Flask, signed_in: SignIn, stranger: str) -> None:
    clients = {who: signed_in(who) for who in LOOKERS}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] in NOUNS and rule.arguments:
            url, posts = re.sub(r"<[^>]+>", stranger, rule.rule), "POST" in (rule.methods or ())
            for who, client in clients.items():
                data = {"version": "1", "patient": "\0", "note": "x"} if posts else None
                status = client.open(url, method="POST" if posts else "GET", data=data).status_code
                assert status in (403, 404, 422), (who, url[:80], status)
