"""Paper for when the system is away, as it leaves the printer."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, wait
from triage import knowledge
from triage.services import emergencies

SignIn = Callable[[str], FlaskClient]
CALM = {question.id: False for question in knowledge.load().urgent_questions}


def test_a_patient_on_paper_is_told_apart_and_safe_to_treat_without_a_screen(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception, CALM, anticoagulant="Warfarin", interpreter=True, language="vi")
    text = signed_in("nurse").get("/board/snapshot").text
    for shown in (here.ticket, "ヤマモト カズオ", "山本 和夫", "1963-07-30", here.patient.number, "Warfarin", "Vietnam",
                  "Not triaged", "Board as of", "Printed by", "Nurse"):  # fmt: skip
        assert shown in text, shown
    assert text.count("not recorded") >= 3  # allergies, implants, medicines: never "none"
    assert "None" not in re.sub(r"<[^>]+>", "", text)


def test_an_emergency_says_since_when_and_who_answers(signed_in: SignIn, clinic: Clinic) -> None:
    here = wait(clinic.reception, CALM)
    emergencies.raise_(clinic.nurse, here.id, "numb saddle")
    client = signed_in("surgeon")
    assert "Nobody yet" in client.get("/board/snapshot").text
    emergencies.acknowledge(clinic.nurse2, here.id)
    text = client.get("/board/snapshot").text
    for shown in ("Emergency since", "With: Nurse2", "numb saddle", "<b>2</b>"):
        assert shown in text


def test_nobody_waiting_is_said_on_paper_too(signed_in: SignIn) -> None:
    client = signed_in("reception")
    assert "Nobody is here." in client.get("/board/snapshot").text
    assert "Nobody is here." in client.get("/downtime/slips").text


def test_all_slips_print_in_one_go_and_say_no_more_than_one_does(signed_in: SignIn, clinic: Clinic) -> None:
    tickets = [wait(clinic.reception, CALM, given_name=f"{n}").ticket for n in range(3)]
    text = signed_in("reception").get("/downtime/slips").text
    assert re.findall(r'class="number">(A\d+)<', text) == tickets
    assert "1963" not in text
    assert "和夫" not in text


def test_the_pad_bears_numbers_of_its_own_and_the_sheet_every_urgent_question(signed_in: SignIn) -> None:
    text = signed_in("reception").get("/downtime/forms?first=7&slips=5&sheets=1").text
    assert re.findall(r'<p class="number">(\w+)<', text) == ["D007", "D008", "D009", "D010", "D011"]
    for question in knowledge.load().urgent_questions:
        assert question.question("ja") in text
        assert str(question.question("en")).replace("'", "&#39;") in text
    boxes = text.count('<td class="tick">□</td>')
    assert boxes == 4 * len(knowledge.load().urgent_questions)


def test_a_slip_of_the_pad_warns_in_one_language_after_the_other(signed_in: SignIn) -> None:
    text = signed_in("reception").get("/downtime/forms?slips=1").text
    (japanese,), (english,) = (re.findall(rf'<p lang="{one}"><b>[^<]+</b> [^<]+</p>', text) for one in ("ja", "en"))
    assert "受付" in japanese
    assert not re.search("[A-Za-z]{2}", re.sub("<[^>]+>", "", japanese))
    assert "Tell the desk at once" in english
    assert "feeling faint" in english


@pytest.mark.parametrize("query", ["first=-1", "slips=9999", "sheets=x", "first=999&slips=96", "slips=%00", "first=９"])
def test_a_forged_number_of_forms_prints_a_sensible_pad(signed_in: SignIn, query: str) -> None:
    answer = signed_in("nurse").get(f"/downtime/forms?{query}")
    assert answer.status_code == 200
    assert len(re.findall(r'<p class="number">D', answer.text)) <= 96
    assert "D1000" not in answer.text


@pytest.mark.parametrize("path", ["/board/snapshot", "/downtime/slips"])
@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_who_opens_no_record_prints_none(signed_in: SignIn, path: str, who: str) -> None:
    assert signed_in(who).get(path).status_code == 403


def test_the_board_leads_to_its_paper(signed_in: SignIn, clinic: Clinic) -> None:
    assert 'href="/board/snapshot"' in signed_in("nurse").get("/board").text
    signed_in("nurse").get("/board/snapshot")
    assert "Board printed" in signed_in("auditor").get("/audit?name=board_printed").text
