"""One case on one screen, and right never loses its column to left."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, place_of, settled, violations
from tests.browser.test_a_day import Open
from tests.builders import Clinic, as_answers
from tests.decisions import operation
from tests.services.test_consults import at_stage
from triage.db import session
from triage.services import consults, encounters, intakes, questions

KINDS_ON_SCREEN = ("conservative", "imaging", "nerve_block", "not_now", "back_to_nurse", "transfer", "procedure")


#: Summary, neurology, treatment so far, candidates, decision.
PARTS_OF_A_CASE = tuple(f".panel:has({one})" for one in (".said-list", ".neuro", ".pairs-of", ".cands", ".signing"))


@pytest.mark.browser
@pytest.mark.parametrize("asked", [False, True], ids=["", "with two questions"])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_whatever_is_decided_about_a_full_case_the_page_fits_and_the_signature_is_in_sight(
    sign_in: Open, clinic: Clinic, lang: str, asked: bool
) -> None:
    encounter = examined(clinic)
    if asked:
        for words in ("抗凝固薬は検査の日まで続けてよいですか。", "ご家族が同席を希望されています。" * 12):
            questions.ask(clinic.nurse, encounter, "surgeon", words)
        session.remove()
    surgeon = sign_in("surgeon")
    surgeon.set_viewport_size({"width": 1440, "height": 900})
    surgeon.goto(f"/consults/{encounter}?lang={lang}")
    for part in PARTS_OF_A_CASE:
        expect(surgeon.locator(part).first).to_be_in_viewport(ratio=0.99)
    for kind in KINDS_ON_SCREEN:
        surgeon.locator(f"[name=kind][value={kind}]").check()
        signed_in_sight(surgeon)
    for procedure in ("PLIF", "LLIF", "PLDD", "SCS"):
        with surgeon.expect_response("**/candidate?*"):
            surgeon.locator("[name=procedure]").select_option(procedure)
        settled(surgeon)
        expect(surgeon.locator("#weighed select").first).to_be_attached()
        signed_in_sight(surgeon)


def signed_in_sight(surgeon: Page) -> None:
    """Whose decision it is, the identity and the signature are wholly on the screen, and the page does not scroll."""
    for part in (".who-signs", "[name=identified]", "button"):
        expect(surgeon.locator(f"#decide .signing {part}")).to_be_in_viewport(ratio=1)
    assert surgeon.evaluate("document.documentElement.scrollHeight") <= 900


@pytest.mark.browser
def test_what_is_reached_by_keyboard_is_never_under_the_signature(sign_in: Open, clinic: Clinic) -> None:
    encounter = examined(clinic)
    surgeon = sign_in("surgeon")
    surgeon.set_viewport_size({"width": 1440, "height": 900})
    surgeon.goto(f"/consults/{encounter}")
    surgeon.locator("[name=kind][value=procedure]").check()
    surgeon.locator("[name=procedure]").select_option("PLIF")
    expect(surgeon.locator("#weighed select").first).to_be_attached()
    settled(surgeon)
    foot = place_of(surgeon.locator("#decide .signing"))
    last = surgeon.locator("#weighed input[name=grafts]").last
    for _press in range(60):
        surgeon.keyboard.press("Tab")
        if last.evaluate("box => box === document.activeElement"):
            break
    expect(last).to_be_focused()
    assert place_of(last)["bottom"] <= foot["top"]


@pytest.mark.browser
def test_the_record_and_the_patients_sheet_are_one_page_each(sign_in: Open, clinic: Clinic) -> None:
    case = encounters.get(clinic.surgeon, examined(clinic))
    plan = operation("PLIF", "L3-4", level_to="L5-S1", implants=("cage", "screws", "rods"), grafts=("autologous",))
    decided = consults.decide(clinic.surgeon, case.id, case.version, plan)
    session.remove()
    surgeon = sign_in("surgeon")
    for path in (f"/consults/{case.id}/print", f"/decisions/{decided}/sheet"):
        surgeon.goto(path)
        paper = surgeon.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == 1


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1440, 900), PHONE])
def test_what_has_to_be_answered_can_be_read_and_reached_by_everybody(
    sign_in: Open, clinic: Clinic, size: tuple[int, int]
) -> None:
    encounter = examined(clinic)
    surgeon = sign_in("surgeon")
    surgeon.set_viewport_size({"width": size[0], "height": size[1]})
    surgeon.goto(f"/consults/{encounter}")
    surgeon.locator("[name=kind][value=procedure]").check()
    surgeon.locator("[name=procedure]").select_option("PLDD")
    expect(surgeon.locator("#weighed select").first).to_be_visible()
    settled(surgeon)
    assert violations(surgeon) == []
    assert surgeon.evaluate("document.documentElement.scrollWidth") <= size[0]


@pytest.mark.browser
def test_with_the_step_the_question_for_its_own_result_goes(sign_in: Open, clinic: Clinic) -> None:
    encounter = examined(clinic)
    surgeon = sign_in("surgeon")
    surgeon.goto(f"/consults/{encounter}")
    surgeon.locator("[name=kind][value=procedure]").check()
    surgeon.locator("[name=procedure]").select_option("SCS")
    expect(surgeon.locator("[name=answer-SCS-P2]")).to_be_visible()
    settled(surgeon)
    surgeon.locator("[name=answer-SCS-C3]").select_option("first")
    surgeon.locator("[name=step][value=trial]").check()
    expect(surgeon.locator("[name=answer-SCS-P2]")).to_have_count(0)
    expect(surgeon.locator("[name=answer-SCS-C3]")).to_have_value("first")


@pytest.mark.browser
def test_on_a_phone_right_and_left_stay_under_their_heads(sign_in: Open, clinic: Clinic) -> None:
    encounter = examined(clinic)
    surgeon = sign_in("surgeon")
    surgeon.set_viewport_size({"width": 390, "height": 844})
    surgeon.goto(f"/consults/{encounter}")
    heads = surgeon.locator(".neuro thead th")
    cells = surgeon.locator(".neuro tbody tr").first.locator("td")
    for column in (0, 1):
        assert abs(place_of(heads.nth(column + 1))["x"] - place_of(cells.nth(column))["x"]) < 2


class Viewer(BaseHTTPRequestHandler):
    """A viewer of another house: says whose images it shows."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<title>{self.path}</title>".encode())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def viewer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Viewer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
def test_the_images_of_the_next_patient_take_the_place_of_the_last_ones(
    sign_in: Open, clinic: Clinic, app: Flask, viewer: str
) -> None:
    app.config["IMAGE_VIEWER"] = viewer + "/{number}"
    cases = [at_stage(clinic, "review", number=number) for number in ("71001", "71002")]
    ids = [case.id for case in cases]
    session.remove()
    surgeon = sign_in("surgeon")
    surgeon.goto(f"/consults/{ids[0]}")
    with surgeon.expect_popup() as opened:
        surgeon.keyboard.press("v")
    images = opened.value
    expect(images).to_have_title("/71001")
    surgeon.goto("/tasks")
    surgeon.goto(f"/consults/{ids[1]}")
    surgeon.keyboard.press("v")
    expect(images).to_have_title("/71002")
    assert surgeon.context.pages == [surgeon, images], "two windows would show two patients side by side"


def examined(clinic: Clinic) -> str:
    """Return the id of a case whose examination is complete, with findings on one side."""
    encounter = at_stage(clinic, "review")
    grades = {f"mrc_{level}_{side}": 5 for level in ("l2", "l3", "l4", "l5", "s1") for side in ("right", "left")}
    signs = {"slr_degrees_right": 40, "slr_degrees_left": 80, "saddle_sensation": "normal"}
    reflexes = {f"{name}_reflex_{side}": "2+" for name in ("patellar", "achilles") for side in ("right", "left")}
    intakes.record_answers(clinic.nurse, encounter.id, as_answers(grades | signs | reflexes | {"mrc_l4_right": 4}))
    intakes.change_details(clinic.reception, encounter.id, None, {"complaint": "3週間前から右足の甲がしびれる"})
    session.remove()
    return encounter.id
