"""The board over HTTP: what a refresh answers, who is offered what, and that no address breaks it."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from tests.builders import Clinic, arrive, build_clinic, leave_unseen, wait
from tests.plans import sent
from triage import clock
from triage.db import session
from triage.domain.limits import as_values
from triage.models import Claim, Encounter
from triage.services import board, claims, emergencies, encounters, intakes, limits

SignIn = Callable[[str], FlaskClient]
HTMX = {"HX-Request": "true", "X-Background": "1"}
CARE = ("reception", "nurse", "nurse2", "surgeon", "radiographer")
GARBAGE = (
    "",
    "x",
    "-1",
    "1.x",
    ".",
    "9" * 400,
    str(2**63),
    f"{2**63}.{2**63}",
    "1.-1",
    "１.１",
    "a\x00b",
    "0.0",
    "1e9.1",
)


def refresh(client: FlaskClient, **query: str) -> tuple[int, str]:
    answer = client.get("/board/rows", query_string=query, headers=HTMX)
    return answer.status_code, answer.text


def rev_of(text: str) -> str:
    found = re.search(r'name="rev" value="([^"]+)"', text)
    assert found
    return found[1]


def owner(encounter: Encounter) -> str | None:
    session.remove()
    held = session.get(Claim, encounter.id)
    return held.staff_id if held else None


def lease(encounter: Encounter) -> str:
    """Return what a page that shows the present carries."""
    session.remove()
    return session.get_one(Claim, encounter.id).lease


def act(client: FlaskClient, encounter: Encounter) -> str:
    """Return the last cell of the patient's row: what this person is offered."""
    text = client.get("/board").text
    row = text[text.index(f'id="e-{encounter.id}"') :]
    return row[row.index("c-act") : row.index("</tr>")]


# What a row says of the wait


def test_the_row_says_both_waits_and_what_is_over_in_words(clinic: Clinic, signed_in: SignIn) -> None:
    start = clock.now().replace(hour=1)  # in the morning in Japan: nobody here came on an earlier day
    with clock.at(start):
        encounter, browser = arrive(clinic.reception), signed_in("nurse")
    with clock.at(start + timedelta(minutes=9, seconds=5)):
        intakes.submit(clinic.reception, encounter.id)

    def cell(minute: int) -> str:
        with clock.at(start + timedelta(minutes=minute, seconds=30)):
            text = browser.get("/board").text
        row = text[text.index(f'id="w-{encounter.id}"') :]
        return " ".join(re.sub(r"<[^>]+>", " ", row[row.index(">") + 1 : row.index("</td>")]).split())

    assert cell(10) == "10 / 10 min here 1 / 10"
    assert cell(14) == "14 / 10 min Over +4 here 5 / 10"
    assert cell(21) == "21 / 10 min Over +11 here 12 / 10 +2"
    with clock.at(start + timedelta(minutes=21, seconds=30)):
        text = browser.get("/board").text
    assert 'data-row class="is-over"' in text
    counts = re.sub(r"<[^>]+>", "", text[text.index('id="counts"') : text.index("</p>", text.index('id="counts"'))])
    assert counts.endswith("1 over target · longest 21 min · average 21 min")


def test_the_priority_is_quiet_while_somebody_is_with_the_patient_and_never_in_an_emergency(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter, browser = wait(clinic.reception), signed_in("nurse")
    assert "is-served" not in browser.get("/board").text
    claims.claim(clinic.nurse, encounter.id)
    assert "is-served" in browser.get("/board").text
    emergencies.raise_(clinic.nurse, encounter.id)
    assert "is-served" not in browser.get("/board").text


def test_approved_limits_are_on_every_board_at_its_next_refresh(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, browser = wait(clinic.reception), signed_in("nurse")
    rev = rev_of(browser.get("/board").text)
    minutes = as_values(limits.shipped()) | {"untriaged": 25, "waiting": 7}
    limits.approve(clinic.surgeon2, limits.propose(clinic.admin, minutes, ""), "")
    status, text = refresh(browser, known=f"e-{encounter.id}", rev=rev)
    assert status == 200
    assert "/ 25" in text
    assert "here 0 / 7" in text


# The page and its refreshes


def test_the_page_shows_who_is_here_and_its_title_names_nobody(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, family_name="北村", given_name="静")
    text = signed_in("nurse").get("/board").text
    assert encounter.ticket in text
    assert "北村" in text
    title = re.search(r"<title>(.*?)</title>", text, re.S)
    assert title
    assert "北村" not in title[1]


def test_names_and_complaints_are_marked_so_that_a_screen_in_public_view_hides_them(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception, family_name="北村", given_name="静", family_kana="キタムラ", given_kana="シズ")
    current = encounters.get(clinic.reception, encounter.id)
    intakes.change_details(clinic.reception, encounter.id, current.version, {"complaint": "しびれて歩けない"})
    text = signed_in("nurse").get("/board").text
    for private in ("北村", "キタムラ", "しびれて歩けない"):
        places = [found.start() for found in re.finditer(private, text)]
        assert places
        for at in places:
            around = text[text.rindex("<", 0, at) : at]
            assert re.match(r'<\w+ class="[^"]*\bpii\b', around), f"{private} in {around}"


def test_a_refresh_is_empty_while_nothing_has_changed(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception)
    client = signed_in("nurse")
    rev = rev_of(client.get("/board").text)
    known = f"e-{encounter.id}"
    assert refresh(client, rev=rev, known=known, hold="1") == (204, "")
    assert refresh(client, rev=rev, known=known, hold="0") == (204, "")


def test_a_refresh_in_hand_brings_only_the_changed_row_and_counts_what_waits(clinic: Clinic, signed_in: SignIn) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception)
    client = signed_in("nurse")
    rev = rev_of(client.get("/board").text)
    claims.claim(clinic.surgeon, second.id)
    new = wait(clinic.reception)
    status, text = refresh(client, rev=rev, known=f"e-{first.id},e-{second.id}", hold="1")
    assert status == 200
    assert f'<tr id="e-{second.id}"' in text
    assert f'<tr id="e-{first.id}"' not in text
    assert new.id not in text
    assert re.search(r"\b1 new", text)
    assert rev_of(text) != rev


def test_each_minute_brings_the_waits_alone_and_each_element_in_a_template_of_its_own(
    clinic: Clinic, signed_in: SignIn
) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception)
    client = signed_in("nurse")
    revision, minute = rev_of(client.get("/board").text).split(".")
    known = f"e-{first.id},e-{second.id}"
    status, text = refresh(client, rev=f"{revision}.{int(minute) - 1}", known=known, hold="1")
    assert status == 200
    assert "<tr" not in text
    templates = re.findall(r"<template>(.*?)</template>", text, re.S)
    assert [re.findall(r'<td[^>]* id="w-(\w+)"', one) for one in templates] == [[first.id], [second.id]]


def test_a_row_that_time_alone_changed_comes_to_screens_that_were_judged_before_and_to_no_other(
    clinic: Clinic, signed_in: SignIn
) -> None:
    first, second = wait(clinic.reception), wait(clinic.reception)
    client = signed_in("nurse")
    (line,) = [line for line in board.look(clinic.nurse, board.Filters()).lines if line.id == first.id]
    assert line.turns_at is not None
    # In the minute after, whatever second it is now: what was judged a moment ago is then judged anew.
    turns = (line.turns_at + timedelta(minutes=1)).replace(second=30, microsecond=0)
    known = f"e-{first.id},e-{second.id}"
    with session.get_bind().begin() as other:  # type: ignore[union-attr]
        moved = update(Encounter).where(Encounter.id == first.id)
        other.execute(moved.values(arrived_at=first.arrived_at + (turns - line.turns_at)))
    session.remove()
    begun = turns.replace(second=0)
    with clock.at(begun):
        rev = rev_of(client.get("/board").text)
    claims.claim(clinic.surgeon, second.id)
    for at, comes in ((0, True), (29, True), (30, False), (45, False), (99999, False), ("", True), ("x", True)):
        asked = str(int(begun.timestamp()) + at) if isinstance(at, int) else at
        with clock.at(begun + timedelta(seconds=50)):
            _status, text = refresh(client, rev=rev, at=asked, known=known, hold="1")
        assert (f'<tr id="e-{first.id}"' in text) is comes, at
        assert f'<tr id="e-{second.id}"' in text


def test_when_one_board_has_shown_a_change_the_next_asks_only_who_its_reader_is(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception)
    nurse, surgeon = signed_in("nurse"), signed_in("surgeon")
    with clock.at(clock.now().replace(second=1)):
        rev = rev_of(nurse.get("/board").text)
        intakes.change_details(clinic.reception, encounter.id, None, {"complaint": "legs too"})
        session.remove()
        with sent(nurse.application.extensions["engine"]) as statements:
            assert "legs too" in refresh(nurse, rev=rev, known=f"e-{encounter.id}", hold="1")[1]
            first = len(statements)
            assert "legs too" in refresh(surgeon, rev=rev, known=f"e-{encounter.id}", hold="1")[1]
    assert (first, len(statements) - first) == (4, 1)  # who asks, what changed, its row and what stands around it


def test_once_the_hand_is_gone_what_waited_is_shown_even_if_nothing_changed_since(
    clinic: Clinic, signed_in: SignIn
) -> None:
    first = wait(clinic.reception)
    client = signed_in("nurse")
    rev = rev_of(client.get("/board").text)
    new = wait(clinic.reception)
    rev = rev_of(refresh(client, rev=rev, known=f"e-{first.id}", hold="1")[1])
    status, text = refresh(client, rev=rev, known=f"e-{first.id}", hold="0")
    assert status == 200
    assert f'<tr id="e-{new.id}"' in text


def test_who_is_no_longer_here_is_shown_as_moved_on_by_nothing_but_that(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, family_name="北村")
    client = signed_in("nurse")
    rev = rev_of(client.get("/board").text)
    leave_unseen(clinic.reception, encounter.id, encounter.version, "has a train to catch")
    _status, text = refresh(client, rev=rev, known=f"e-{encounter.id}", hold="1")
    assert "moved on" in text
    assert "北村" not in text


def test_a_revision_that_nobody_gave_out_is_answered_with_the_board(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception)
    client = signed_in("nurse")
    for rev, hold in product(GARBAGE, "01"):
        status, text = refresh(client, rev=rev, known=f"e-{encounter.id}", hold=hold)
        assert status == 200, rev
        assert rev_of(text).partition(".")[0] == rev_of(client.get("/board").text).partition(".")[0], rev
        assert client.get("/alerts", query_string={"rev": rev}, headers=HTMX).status_code in (200, 204), rev


def test_whatever_a_page_claims_to_show_the_answer_is_the_board_and_holds_no_foreign_markup(
    clinic: Clinic, signed_in: SignIn
) -> None:
    wait(clinic.reception)
    client = signed_in("nurse")
    claimed = ("", ",", "e-", "x,y", "a\x00b", "é" * 500, '"><script>', "e-" * 1000, "../../etc")
    for known, hold in product(claimed, ("0", "1", "2", "x")):
        status, text = refresh(client, rev="0.0", known=known, hold=hold)
        assert status == 200, known
        assert "<script" not in text, known


def test_a_filter_that_does_not_exist_breaks_nothing(clinic: Clinic, signed_in: SignIn) -> None:
    wait(clinic.reception)
    client = signed_in("nurse")
    for query in ("level=9", "level=%00", "level=x&stage=y", "stage=finished", "mine=2&over=x", "level=1&level=2"):
        assert client.get(f"/board?{query}").status_code == 200, query
        assert client.get(f"/board/rows?{query}", headers=HTMX).status_code == 200, query


def test_the_bar_of_a_filtered_board_counts_what_each_press_would_show(clinic: Clinic, signed_in: SignIn) -> None:
    arrive(clinic.reception)
    for _ in range(2):
        wait(clinic.reception)
    client, untriaged = signed_in("nurse"), re.compile(r'id="f-level-0".*?<b>(\d+)</b>', re.DOTALL)
    for path, count in (("/board", "3"), ("/board?stage=waiting", "2"), ("/board?stage=registered&over=1", "0")):
        found = untriaged.search(client.get(path).text)
        assert (found[1] if found else "0") == count


def test_without_javascript_the_board_says_as_of_when_it_is(clinic: Clinic, signed_in: SignIn) -> None:
    wait(clinic.reception)
    assert re.search(r"<noscript>as of \d\d:\d\d</noscript>", signed_in("nurse").get("/board").text)


def test_a_filter_with_nobody_in_it_says_so_and_offers_the_way_back(clinic: Clinic, signed_in: SignIn) -> None:
    wait(clinic.reception)
    text = signed_in("nurse").get("/board?mine=1").text
    assert re.search(r"of 1 shown", text)
    assert "Clear filters" in text
    assert "No one is waiting" not in text


# Who sees what


def test_nothing_of_another_site_is_in_any_answer(clinic: Clinic, signed_in: SignIn) -> None:
    other = build_clinic("osaka", clinic.nurse.organisation_id, suffix="-osaka")
    foreign = wait(clinic.reception, family_name="北村")
    emergencies.raise_(clinic.nurse, foreign.id)
    client = signed_in("nurse2-osaka")
    assert other.nurse2.site_id != clinic.site_id
    answers = [
        client.get("/board"), client.get("/alerts", headers=HTMX),
        *[
            client.get("/board/rows", query_string={"rev": rev, "known": f"e-{foreign.id}", "hold": hold}, headers=HTMX)
            for hold in "01" for rev in ("0.0", "")
        ],
    ]  # fmt: skip
    for answer in answers:
        assert answer.status_code == 200
        assert "北村" not in answer.text
        assert f"/encounters/{foreign.id}" not in answer.text
    for press in ("claim", "claim/release", "claim/takeover"):
        for headers in ({}, HTMX):
            assert client.post(f"/encounters/{foreign.id}/{press}", headers=headers).status_code == 404


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_administrator_and_auditor_are_refused_everywhere(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    encounter = wait(clinic.reception, family_name="北村")
    client = signed_in(who)
    answers = [client.get(path, headers=HTMX) for path in ("/board", "/board/rows", "/alerts")]
    answers += [client.post(f"/encounters/{encounter.id}/claim{end}") for end in ("", "/release", "/takeover")]
    for answer in answers:
        assert answer.status_code == 403
        assert "北村" not in answer.text


@pytest.mark.parametrize("who", ["reception", "radiographer"])
def test_who_does_not_triage_is_not_offered_a_patient_and_cannot_take_one(
    clinic: Clinic, signed_in: SignIn, who: str
) -> None:
    encounter = wait(clinic.reception)
    client = signed_in(who)
    offered = act(client, encounter)
    assert "/claim" not in offered
    assert "Take" not in offered
    assert f"/encounters/{encounter.id}/emergency" in offered, "but anybody may raise an emergency"
    for end in ("", "/takeover", *([] if who == "radiographer" else ["/release", "/handover", "/undo"])):
        assert client.post(f"/encounters/{encounter.id}/claim{end}").status_code == 403
    assert owner(encounter) is None


@pytest.mark.parametrize("who", ["nurse", "nurse2", "surgeon"])
def test_who_triages_is_offered_to_take_and_then_to_give_back(clinic: Clinic, signed_in: SignIn, who: str) -> None:
    encounter = wait(clinic.reception)
    client = signed_in(who)
    offered = act(client, encounter)
    assert ">Take<" in offered
    assert ">Take over<" not in offered
    client.post(f"/encounters/{encounter.id}/claim")
    assert owner(encounter) == clinic.people[who].staff_id
    assert "Release" in act(client, encounter)
    client.post(f"/encounters/{encounter.id}/claim/release", data={"lease": lease(encounter)})
    assert owner(encounter) is None


def test_only_the_lead_nurse_is_offered_to_take_a_patient_over(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    for who in ("surgeon", "surgeon2"):
        client = signed_in(who)
        assert "/claim" not in act(client, encounter)
        assert client.post(f"/encounters/{encounter.id}/claim/takeover").status_code == 403
    assert owner(encounter) == clinic.nurse.staff_id
    lead = signed_in("nurse2")
    assert ">Take over<" in act(lead, encounter)
    lead.post(f"/encounters/{encounter.id}/claim/takeover", data={"lease": lease(encounter), "reason": "lunch"})
    assert owner(encounter) == clinic.nurse2.staff_id


@pytest.mark.parametrize("who", CARE)
def test_an_emergency_offers_its_panel_to_everybody_at_work_and_nobody_a_claim(
    clinic: Clinic, signed_in: SignIn, who: str
) -> None:
    encounter = wait(clinic.reception)
    emergencies.raise_(clinic.reception, encounter.id)
    offered = act(signed_in(who), encounter)
    assert f'href="/encounters/{encounter.id}/emergency"' in offered
    assert "/claim" not in offered


# Taking a patient


def test_who_comes_second_gets_the_row_as_it_stands_and_the_name_of_who_was_first(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    client = signed_in("surgeon")
    row = client.post(f"/encounters/{encounter.id}/claim", headers=HTMX)
    assert row.status_code == 409
    assert f'<tr id="e-{encounter.id}"' in row.text
    assert re.search(r'role="alert">[^<]*\bNurse\b', row.text)
    whole = client.post(f"/encounters/{encounter.id}/claim")
    assert whole.status_code == 409
    assert "Nurse" in whole.text
    assert owner(encounter) == clinic.nurse.staff_id


def test_what_somebody_else_has_is_not_given_back_by_a_third(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    answer = signed_in("surgeon").post(f"/encounters/{encounter.id}/claim/release", headers=HTMX)
    assert answer.status_code == 409
    assert owner(encounter) == clinic.nurse.staff_id


def test_who_left_meanwhile_cannot_be_taken_and_the_answer_is_no_error_of_ours(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception)
    leave_unseen(clinic.reception, encounter.id, encounter.version, "has a train to catch")
    client = signed_in("nurse2")
    for end in ("", "/release", "/takeover"):
        for headers in ({}, HTMX):
            assert client.post(f"/encounters/{encounter.id}/claim{end}", headers=headers).status_code == 409
    assert owner(encounter) is None


ELSEWHERE = ("", "https://evil.example/board", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: 1")


def test_without_javascript_the_browser_comes_back_to_where_it_was_and_never_leaves_the_site(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = arrive(clinic.reception)
    client = signed_in("nurse2")
    leads_to = {"/board?level=3": "/board?level=3"} | dict.fromkeys(ELSEWHERE, "/board")
    for asked, press in product(leads_to, ("claim", "claim/takeover", "claim/release")):
        seen = lease(encounter) if owner(encounter) else ""
        data = {"next": asked, "lease": seen, "reason": "lunch"}
        answer = client.post(f"/encounters/{encounter.id}/{press}", data=data)
        assert (answer.status_code, answer.headers["Location"]) == (303, leads_to[asked]), asked


def test_a_patient_who_does_not_exist_is_not_found(clinic: Clinic, signed_in: SignIn) -> None:
    client = signed_in("nurse2")
    for unknown, press in product(("nothing", "0", "-1", str(2**63), "é", "a" * 400), ("claim", "claim/release")):
        assert client.post(f"/encounters/{unknown}/{press}", headers=HTMX).status_code == 404, unknown


# The strip


def test_the_strip_names_the_ticket_not_the_patient_and_is_silent_while_it_would_look_the_same(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception, family_name="北村")
    emergencies.raise_(clinic.reception, encounter.id)
    client = signed_in("nurse")
    first = client.get("/alerts", headers=HTMX)
    assert encounter.ticket in first.text
    assert "北村" not in first.text
    again = client.get("/alerts", query_string={"rev": rev_of(first.text)}, headers=HTMX)
    assert (again.status_code, again.text) == (204, "")
    emergencies.acknowledge(clinic.nurse, encounter.id)
    taken_on = client.get("/alerts", query_string={"rev": rev_of(first.text)}, headers=HTMX)
    assert "Nurse" in taken_on.text


def test_a_refresh_of_the_board_brings_the_strip_along_when_it_would_look_different(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = wait(clinic.reception)
    client = signed_in("nurse")
    shown = {"rev": rev_of(client.get("/board").text.partition('id="live"')[2]), "known": f"e-{encounter.id}"}
    said = {"said": rev_of(client.get("/alerts", headers=HTMX).text)}
    assert refresh(client, **shown, **said) == (204, "")
    emergencies.raise_(clinic.reception, encounter.id)
    status, text = refresh(client, **shown, **said)
    assert (status, text.count(f'id="alert-{encounter.id}" data-ring=')) == (200, 1)
    strip = {"said": rev_of(text.partition('id="alerts"')[2])}
    claims.claim(clinic.nurse2, wait(clinic.reception).id)
    assert 'id="alerts"' not in refresh(client, **shown, **strip)[1]  # it says that already
    assert 'id="alerts"' not in refresh(client, **shown)[1]  # a page that asks for its strip itself


@pytest.mark.parametrize("said", GARBAGE)
def test_whatever_a_page_claims_to_say_the_strip_is_the_present_one(
    clinic: Clinic, signed_in: SignIn, said: str
) -> None:
    encounter = wait(clinic.reception)
    emergencies.raise_(clinic.reception, encounter.id)
    assert f'id="alert-{encounter.id}"' in refresh(signed_in("nurse"), said=said)[1]
