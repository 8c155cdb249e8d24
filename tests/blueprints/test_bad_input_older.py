"""What the older pages take without a form of their own: text that no database keeps is told, never an error page."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.builders import Clinic, wait
from triage import knowledge
from triage.db import session
from triage.models import Claim
from triage.services import claims

SignIn = Callable[[str], FlaskClient]
ODD = ("\0", "a\0b", "x" * 5000, "a\u202eb")
#: Who presses it, where, and the field that is filled in oddly; ``{visit}`` is a patient whom the surgeon has.
PRESSES = (
    ("nurse2", "/encounters/{visit}/claim/takeover", "reason"),
    ("nurse2", "/encounters/{visit}/claim/takeover", "lease"),
    ("nurse", "/encounters/{visit}/claim", "lease"),
    ("surgeon", "/encounters/{visit}/claim/handover", "to"),
    ("surgeon", "/encounters/{visit}/claim/handover", "note"),
    ("surgeon", "/encounters/{visit}/claim/release", "lease"),
    ("surgeon", "/encounters/{visit}/claim/undo", "step"),
    ("nurse", "/claims/next", "request_id"),
    ("nurse", "/encounters/{visit}/calls", "room_id"),
    ("nurse", "/encounters/{visit}/room", "room_id"),
    ("nurse", "/team/duty", "room_id"),
    ("nurse2", "/team/duty/end", "staff_id"),
    ("reception", "/late", "patient_id"),
    ("reception", "/late", "patient"),
    ("reception", "/late", "request_id"),
    ("reception", "/patients/draft", "family_name"),
    ("reception", "/patients/draft", "patient_id"),
    ("reception", "/patients/draft", "request_id"),
    ("nurse", "/encounters/{visit}/recall", "decision"),
    ("nurse", "/board/views", "name"),
    ("nurse", "/board/views", "level"),
    ("nurse", "/encounters/{visit}/reassessments", "note"),
    ("nurse", "/encounters/{visit}/reassessments", "result"),
    ("nurse", "/encounters/{visit}/emergency/steps", "kind"),
    ("nurse", "/encounters/{visit}/emergency", "note"),
    ("nurse", "/encounters/{visit}/departure", "note"),
    ("reception", "/encounters/{visit}/day-end", "note"),
    ("nurse", "/encounters/{visit}/decision", "without"),
)
LOOKS = (
    ("reception", "/late?patient={odd}"), ("nurse", "/board?owner={odd}&level={odd}&q={odd}"),
    ("auditor", "/audit?patient={odd}&staff={odd}"), ("auditor", "/audit?since=0001-01-01&until=9999-12-31"),
    ("reception", "/patients?q={odd}"), ("reception", "/patients/search?q={odd}"),
    ("reception", "/patients/new?request_id={odd}"), ("nurse", "/alerts?open={odd}&rev={odd}"),
    ("nurse", "/board/rows?known={odd}&said={odd}"), ("nurse", "/rulesets?q={odd}"),
    ("nurse", "/imaging?modality={odd}"), ("auditor", "/rulesets/differences?before={odd}&after={odd}"),
    ("surgeon", "/rulesets/drafts?source={odd}"), ("surgeon", "/agreement?since=0001-01-01&until=9999-12-31"),
    ("reception", "/patients/new?paper_ticket={odd}"),
)  # fmt: skip


@pytest.fixture
def held(clinic: Clinic) -> str:
    """Return a patient whom the surgeon has."""
    here = wait(clinic.reception, dict.fromkeys((one.id for one in knowledge.load().urgent_questions), False)).id
    claims.claim(clinic.surgeon, here)
    session.remove()
    return here


def test_a_press_with_text_that_cannot_be_kept_is_told(signed_in: SignIn, held: str) -> None:
    clients = {who: signed_in(who) for who in ("reception", "nurse", "nurse2", "surgeon")}
    found = []
    for who, path, field in PRESSES:
        for odd in ODD:
            answer = clients[who].post(path.format(visit=held), data={field: odd})
            if answer.status_code >= 500:
                found.append((path, field, odd[:5], answer.status_code))
    assert found == []


@pytest.mark.parametrize("why", ["Called away. " * 400, "Called\0away"])
def test_what_cannot_be_kept_with_a_claim_is_told_and_stays_on_the_page(
    clinic: Clinic, signed_in: SignIn, held: str, why: str
) -> None:
    for who, act, field in (("nurse2", "takeover", "reason"), ("surgeon", "handover", "note")):
        answer = signed_in(who).post(f"/encounters/{held}/claim/{act}", data={field: why})
        assert answer.status_code == 422
        assert why.partition("\0")[0] in answer.text
    assert session.scalar(select(Claim.staff_id).where(Claim.encounter_id == held)) == clinic.surgeon.staff_id


def test_an_address_with_text_that_cannot_be_looked_for_is_answered(signed_in: SignIn, held: str) -> None:
    clients = {who: signed_in(who) for who in ("reception", "nurse", "surgeon", "auditor")}
    answers = [
        (path, odd, clients[who].get(path.format(odd=odd)).status_code)
        for who, path in LOOKS
        for odd in ("%00", "%ED%A0%80", "9" * 31)
    ]
    assert [line for line in answers if line[2] >= 500] == []
