"""Claims over HTTP: the page that was seen decides, every refusal shows the present, every act offers its undo."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.builders import Clinic, arrive, build_clinic, leave_unseen, wait
from triage.db import session
from triage.models import AuditEvent, Claim, ClaimStep, Encounter, LoginSession, Presence
from triage.services import claims, emergencies, encounters, presence

SignIn = Callable[[str], FlaskClient]
HTMX = {"HX-Request": "true"}


def owner(encounter: Encounter) -> str | None:
    session.remove()
    held = session.get(Claim, encounter.id)
    return held.staff_id if held else None


def on(page: str, encounter: Encounter, name: str = "lease") -> str:
    """Return what the patient's row on a page would send."""
    row = page[page.index(f'id="e-{encounter.id}"') :]
    found = re.search(rf'name="{name}" value="([^"]*)"', row[: row.index("</tr>")])
    assert found
    return found[1]


def press(client: FlaskClient, encounter: Encounter, end: str = "", htmx: bool = True, **data: str) -> tuple[int, str]:
    answer = client.post(f"/encounters/{encounter.id}/claim{end}", data=data, headers=HTMX if htmx else {})
    return answer.status_code, answer.text


def test_the_row_sends_what_it_showed_and_an_old_page_changes_nothing(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, client = wait(clinic.reception), signed_in("nurse")
    page = client.get("/board").text
    assert on(page, encounter) == ""
    assert press(client, encounter, lease="")[0] == 200
    old = on(client.get("/board").text, encounter)
    assert press(client, encounter, "/release", lease=old)[0] == 200
    claims.claim(clinic.surgeon, encounter.id)
    for end, data in (("/release", {}), ("/handover", {"to": clinic.nurse2.staff_id})):
        for lease in (old, ""):
            status, text = press(client, encounter, end, lease=lease, **data)
            assert status == 409, end
            assert "Surgeon has this patient since" in text
    lead = signed_in("nurse2")
    status, text = press(lead, encounter, "/takeover", lease=old, reason="lunch")
    assert (status, "lunch" in text) == (409, True), "what was typed is kept"
    assert owner(encounter) == clinic.surgeon.staff_id


def test_each_act_answers_with_the_row_and_a_way_to_undo_it_in_place(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, client = wait(clinic.reception), signed_in("nurse")
    _, text = press(client, encounter, lease="")
    assert f'<tr id="e-{encounter.id}"' in text
    undo = re.search(r'id="toast".*?hx-post="([^"]+)"', text, re.S)
    assert undo
    assert on(text, encounter, "step") in undo[1], "the row's menu keeps it when the message is gone"
    answer = client.post(undo[1].replace("&amp;", "&"), headers=HTMX)
    assert answer.status_code == 200
    assert owner(encounter) is None
    again = client.post(undo[1].replace("&amp;", "&"), headers=HTMX)
    assert again.status_code == 409
    assert "has acted since" in again.text
    assert f'<tr id="e-{encounter.id}"' in again.text


def test_without_javascript_the_message_with_undo_comes_on_the_next_page(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, client = wait(clinic.reception), signed_in("nurse")
    assert press(client, encounter, htmx=False, lease="")[0] == 303
    page = client.get("/board").text
    undo = re.search(r'data-toast.*?action="([^"]+)"', page, re.S)
    assert undo
    assert client.post(undo[1].replace("&amp;", "&")).status_code == 303
    assert owner(encounter) is None
    refused = client.post(undo[1].replace("&amp;", "&"))
    assert refused.status_code == 409
    assert "has acted since" in refused.text


def test_the_page_of_a_claim_offers_what_this_person_may_do(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    nurse, lead, surgeon = (signed_in(who) for who in ("nurse", "nurse2", "surgeon"))
    path = f"/encounters/{encounter.id}/claim"
    texts = {who: client.get(path).text for who, client in (("nurse", nurse), ("lead", lead), ("surgeon", surgeon))}
    offers = {
        who: {end for end in ("/release", "/handover", "/takeover", "/undo") if f"{path}{end}" in text}
        for who, text in texts.items()
    }
    assert offers == {
        "nurse": {"/release", "/handover", "/undo"}, "lead": {"/release", "/handover", "/takeover"}, "surgeon": set(),
    }  # fmt: skip


def test_a_patient_is_handed_over_on_the_page_and_the_receiver_is_told_on_every_page_until_opened(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception)
    nurse, lead = signed_in("nurse"), signed_in("nurse2")
    claims.claim(clinic.nurse, encounter.id)
    page = nurse.get(f"/encounters/{encounter.id}/claim").text
    lease = re.search(r'name="lease" value="([^"]+)"', page)
    assert lease
    assert f'value="{clinic.nurse2.staff_id}"' in page
    assert clinic.surgeon.staff_id not in page, "is not signed in"
    refused = press(nurse, encounter, "/handover", htmx=False, lease=lease[1], note="BP at 10")
    assert refused[0] == 422
    assert "Choose a colleague" in refused[1]
    assert "BP at 10" in refused[1]
    data = {"lease": lease[1], "to": clinic.nurse2.staff_id, "note": "BP at 10"}
    assert press(nurse, encounter, "/handover", htmx=False, **data)[0] == 303
    strip = lead.get("/alerts", headers=HTMX).text
    assert f"{encounter.ticket} is handed to you by Nurse" in strip
    assert 'title="BP at 10"' in strip
    assert encounter.ticket in lead.get("/board?mine=1").text
    assert encounter.ticket not in nurse.get("/alerts", headers=HTMX).text
    lead.get(f"/encounters/{encounter.id}/triage")
    assert "is handed to you" not in lead.get("/alerts", headers=HTMX).text


def test_the_lead_nurse_gives_a_reason_and_the_other_one_reads_it(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    lead, nurse = signed_in("nurse2"), signed_in("nurse")
    lease = session.get_one(Claim, encounter.id).lease
    session.remove()
    assert press(lead, encounter, "/takeover", htmx=False, lease=lease, reason=" ")[0] == 422
    assert press(lead, encounter, "/takeover", htmx=False, lease=lease, reason="lunch")[0] == 303
    assert "is taken over by Nurse2" in nurse.get("/alerts", headers=HTMX).text
    assert "lunch" in nurse.get(f"/encounters/{encounter.id}/claim").text


# Call next


def test_whose_patient_was_sent_home_reads_in_the_strip_who_noted_it_until_the_page_was_opened(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter, client = wait(clinic.reception), signed_in("nurse")
    claims.claim(clinic.nurse, encounter.id)
    leave_unseen(clinic.reception, encounter.id, encounters.get(clinic.nurse, encounter.id).version, "went home")
    said = f"{encounter.ticket}: the visit was ended by Reception"
    assert said in client.get("/alerts").text
    page = client.get(f"/encounters/{encounter.id}/claim").text
    assert "This visit has ended." in page
    assert said not in client.get("/alerts").text


def test_call_next_leads_to_the_patient_with_an_undo_and_says_when_nobody_waits(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter, client = wait(clinic.reception), signed_in("nurse")
    page = client.get("/board").text
    key = re.search(r'action="/claims/next".*?name="request_id" value="([^"]+)"', page, re.S)
    assert key
    for _ in range(2):  # a double press
        answer = client.post("/claims/next", data={"request_id": key[1]})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/encounters/{encounter.id}")
    assert owner(encounter) == clinic.nurse.staff_id
    shown = client.get(f"/encounters/{encounter.id}/triage").text
    assert "claim/undo?step=" in shown
    empty = client.post("/claims/next")
    assert empty.status_code == 409
    assert "Nobody is waiting for you now." in empty.text


def test_call_next_leads_to_an_emergency_nobody_answers_for(clinic: Clinic, signed_in: SignIn) -> None:
    wait(clinic.reception)
    alarm = wait(clinic.reception)
    emergencies.raise_(clinic.reception, alarm.id)
    answer = signed_in("nurse").post("/claims/next")
    assert answer.headers["Location"] == f"/encounters/{alarm.id}/emergency"


@pytest.mark.parametrize("who", ["reception", "admin", "auditor"])
def test_who_has_no_patients_has_no_such_button(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    client = signed_in(who)
    assert client.post("/claims/next").status_code == 403
    assert "/claims/next" not in client.get("/board").text


# Presence


def test_an_open_page_beats_with_the_strip_and_the_others_see_it_on_board_page_and_strip(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = arrive(clinic.reception)
    nurse, desk = signed_in("nurse"), signed_in("reception")
    mine = nurse.get(f"/encounters/{encounter.id}/triage").text
    assert f'name="open" value="{encounter.id}"' in mine
    assert "Opened by Nurse" not in mine
    for path in (f"/encounters/{encounter.id}/intake", f"/encounters/{encounter.id}/summary", "/board"):
        assert re.search(r"Opened by Nurse\b", desk.get(path).text) or path == "/board", path
    row = desk.get("/board").text
    assert 'title="Opened by Nurse"' in row[row.index(f'id="e-{encounter.id}"') :]
    strip = nurse.get("/alerts", query_string={"open": encounter.id}, headers=HTMX)
    assert "Opened by Reception" in strip.text
    rev = re.search(r'name="rev" value="([^"]+)"', strip.text)
    assert rev
    asked = {"open": encounter.id, "rev": rev[1]}
    assert nurse.get("/alerts", query_string=asked, headers=HTMX).status_code == 204


def test_leaving_the_page_is_said_without_keeping_anybody_signed_in(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, client = wait(clinic.reception), signed_in("nurse")
    page = client.get(f"/encounters/{encounter.id}/triage").text
    url = re.search(r'data-leave="([^"]+)"', page)
    assert url
    session.remove()
    (row,) = session.scalars(select(LoginSession)).all()
    before = row.seen_at
    session.remove()
    assert client.post(url[1].replace("&amp;", "&")).status_code == 204
    assert session.scalars(select(Presence)).all() == []
    assert session.scalars(select(LoginSession.seen_at)).one() == before
    for garbage in ("", "x", "9" * 400, "2026-01-01", "0001-01-01T00:00:00+23:59"):
        assert client.post(f"/encounters/{encounter.id}/presence/end", query_string={"at": garbage}).status_code == 204


def test_a_stranger_neither_beats_nor_leaves_nor_sees(clinic: Clinic, signed_in: SignIn) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    encounter = wait(clinic.reception)
    encounters.open_(clinic.nurse, encounter.id, "triage sheet")
    client = signed_in("nurse-osaka")
    assert other.site_id != clinic.site_id
    strip = client.get("/alerts", query_string={"open": encounter.id}, headers=HTMX)
    assert strip.status_code == 200
    assert "Opened by" not in strip.text
    for path in ("presence/end", "claim", "claim/release", "claim/handover", "claim/undo"):
        assert client.post(f"/encounters/{encounter.id}/{path}").status_code == 404, path
    assert [visitor.name for visitor in presence.others(clinic.surgeon, encounter.id)] == ["Nurse"]


def test_every_act_has_its_event_and_its_step(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, client = wait(clinic.reception), signed_in("nurse")
    press(client, encounter, lease="")
    step = on(client.get("/board").text, encounter, "step")
    press(client, encounter, "/undo", step=step)
    session.remove()
    names = session.scalars(select(AuditEvent.name).order_by(AuditEvent.sequence)).all()
    assert [name for name in names if name.startswith("claim")] == ["claimed", "claim_undone"]
    assert session.scalars(select(ClaimStep.act).order_by(ClaimStep.number)).all() == ["claimed", "undone"]
