"""The rules are open to everybody who answers for them; they change by draft, simulation and a second person."""

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.builders import Clinic, build_clinic, wait
from tests.published import ALARM, OTHER, put_in_force, spoil
from triage import knowledge
from triage.knowledge import rules_text
from triage.knowledge.rules_editing import find_rule, rules_in
from triage.services import publications, rule_drafts, rulesets, simulations
from triage.services.organisations import today

SignIn = Callable[[str], FlaskClient]
SHIPPED = rules_text.shipped()
RULES = knowledge.load().ruleset
KEENER = SHIPPED.replace("2026.11-", "2027.01-").replace("pain_nrs >= 8", "pain_nrs >= 7")
FIRST = rules_in(SHIPPED)[0]["id"]


@pytest.fixture
def draft(clinic: Clinic) -> str:
    """Write a draft and simulate it; return its id."""
    made = rule_drafts.create(clinic.surgeon, KEENER, "A pain of 7 shortens the wait.")
    wait(clinic.reception)
    day = today(clinic.site_id)
    row = simulations.get(clinic.surgeon, simulations.start(clinic.surgeon, made, day, day))
    while row.finished_at is None:
        row = simulations.step(clinic.surgeon, row.id, row.done)
    return made


def url(draft_id: str, more: str = "") -> str:
    return f"/rulesets/drafts/{draft_id}{more}"


def rule_form(rule_id: str = FIRST, **values: object) -> dict[str, object]:
    """Return what the browser sends for one rule as the form shows it."""
    rule = find_rule(SHIPPED, rule_id) or {}
    plain = {name: rule.get(name, "") for name in ("id", "when", "acuity", "route", "status", "note", "level")}
    many = {name: rule.get(name, []) for name in ("imaging", "actions", "sources")}
    texts = {"text_en": rule["text"]["en"], "text_ja": rule["text"]["ja"]}
    return plain | many | texts | {"version": "1", "rule": rule_id} | values


# Reading


@pytest.mark.parametrize("who", ["nurse", "nurse2", "surgeon", "surgeon2", "admin", "auditor"])
def test_who_answers_for_the_rules_reads_them(signed_in: SignIn, who: str) -> None:
    page = signed_in(who).get("/rulesets").text
    for rule in rules_in(SHIPPED):
        assert f'id="r-{rule["id"]}"' in page
    for source in {knowledge.load().sources[name] for rule in rules_in(SHIPPED) for name in rule["sources"]}:
        assert source.url.replace("&", "&amp;") in page
    assert RULES.version in page
    assert RULES.hash in page
    assert "not yet signed by a clinician" in page


@pytest.mark.parametrize("who", ["reception", "radiographer"])
def test_who_does_not_is_not_let_in(signed_in: SignIn, who: str) -> None:
    for path in ("", "/publications", "/differences", "/drafts", "/shipped", "/shipped/file"):
        assert signed_in(who).get(f"/rulesets{path}").status_code == 403


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_rule_is_read_in_the_readers_language(signed_in: SignIn, lang: str) -> None:
    page = signed_in("nurse").get(f"/rulesets?lang={lang}").text
    assert FIRST in page
    assert (find_rule(SHIPPED, FIRST) or {})["text"][lang] in page


def test_a_word_finds_the_rules_that_hold_it(signed_in: SignIn) -> None:
    browser = signed_in("nurse")
    found = re.findall(r'id="r-([^"]+)"', browser.get("/rulesets?q=saddle").text)
    assert 0 < len(found) < len(rules_in(SHIPPED))
    assert re.findall(r'id="r-([^"]+)"', browser.get(f"/rulesets?q={FIRST}").text) == [FIRST]
    assert "No rule holds these words." in browser.get("/rulesets?q=xyzzy").text


def test_the_file_that_is_handed_out_is_the_rules(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    for version, text in (("shipped", SHIPPED), (draft, KEENER)):
        answer = signed_in("auditor").get(f"/rulesets/{version}/file")
        assert answer.text == text
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_versions_of_other_clinics_and_of_nobody_are_not_found(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    build_clinic("kyoto", suffix="-k")
    for path in (f"/rulesets/{draft}", f"/rulesets/{draft}/file", url(draft), url(draft, "/rule")):
        assert signed_in("surgeon-k").get(path).status_code == 404
    assert signed_in("surgeon").get("/rulesets/nothing").status_code == 404
    assert signed_in("surgeon").get("/rulesets/differences?before=%00").status_code == 404
    assert signed_in("surgeon").get(f"/rulesets/differences?before={draft}&after=nothing").status_code == 404
    assert signed_in("surgeon").get(url(draft, "/rule?rule=NOT-THERE")).status_code == 404


def test_the_difference_names_what_changed_and_nothing_else(signed_in: SignIn, draft: str) -> None:
    page = signed_in("nurse").get(f"/rulesets/differences?before=shipped&after={draft}").text
    assert "pain_severe or pain_nrs &gt;= 8" in page
    assert "pain_severe or pain_nrs &gt;= 7" in page
    assert FIRST not in page
    assert "Both versions say the same." in signed_in("nurse").get("/rulesets/differences").text


# Drafts


def test_a_draft_is_begun_from_the_rules_in_force_under_a_name_of_its_own(clinic: Clinic, signed_in: SignIn) -> None:
    begun = {"source": "shipped", "name": "2027.5", "note": "to try"}
    answer = signed_in("nurse2").post("/rulesets/drafts", data=begun)
    assert answer.status_code == 303
    (row,) = rulesets.list_drafts(clinic.surgeon)
    assert (row.name, row.content_hash, row.based_on) == ("2027.5", RULES.hash, RULES.hash)
    assert answer.location.endswith(row.id)


def test_a_draft_is_begun_from_a_file(clinic: Clinic, signed_in: SignIn) -> None:
    sent = {"file": (io.BytesIO(KEENER.replace("\n", "\r\n").encode()), "rules.toml"), "source": "shipped"}
    assert signed_in("surgeon").post("/rulesets/drafts", data=sent).status_code == 303
    (row,) = rulesets.list_drafts(clinic.surgeon)
    assert row.content == KEENER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[[rule", "Line 1: "),
        (b"\xff\xfe\x00", "characters that cannot be stored"),
        (b"", "Line 1: "),
        (SHIPPED.replace("bladder_change and", "bladder_chance and", 1).encode(), "unknown name: bladder_chance"),
    ],
)
def test_a_broken_file_is_refused_with_line_and_reason(
    clinic: Clinic, signed_in: SignIn, text: bytes, said: str
) -> None:
    sent = {"file": (io.BytesIO(text), "rules.toml"), "source": "shipped", "note": "typed before"}
    answer = signed_in("surgeon").post("/rulesets/drafts", data=sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert "typed before" in answer.text
    assert not rulesets.list_drafts(clinic.surgeon)


def test_a_broken_draft_is_refused_and_what_was_typed_stays(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    typed = KEENER.replace("bladder_change and", "bladder_chance and", 1)
    answer = signed_in("surgeon").post(url(draft), data={"version": 1, "content": typed, "note": "my note"})
    line = typed[: typed.index("bladder_chance")].rindex("[[rule]]")
    assert answer.status_code == 422
    assert f"Line {typed[:line].count(chr(10)) + 1}: unknown name: bladder_chance" in answer.text
    assert "bladder_chance and" in answer.text
    assert "my note" in answer.text
    assert rulesets.get_version(clinic.surgeon, draft).content == KEENER


def test_the_file_is_checked_while_it_is_typed_and_nothing_is_saved(
    clinic: Clinic, signed_in: SignIn, draft: str
) -> None:
    browser, bad = signed_in("surgeon"), KEENER + "[[rule]]\n"
    assert "These rules can be read." in browser.post(url(draft, "/check"), data={"content": KEENER}).text
    told = browser.post(url(draft, "/check"), data={"content": bad})
    assert told.status_code == 200
    assert f"Line {KEENER.count(chr(10)) + 1}: " in told.text
    assert rulesets.get_version(clinic.surgeon, draft).content == KEENER


def test_of_two_authors_the_second_sees_the_newer_text_and_keeps_the_own(
    clinic: Clinic, signed_in: SignIn, draft: str
) -> None:
    rule_drafts.save(clinic.nurse2, draft, 1, OTHER)
    answer = signed_in("surgeon").post(url(draft), data={"version": 1, "content": KEENER + "# mine\n", "note": ""})
    assert answer.status_code == 409
    assert clinic.nurse2.name in answer.text
    assert "# mine" in answer.text
    assert "pain_nrs &gt;= 9" in answer.text
    assert 'name="version" value="2"' in answer.text


def test_one_rule_is_changed_in_a_form(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    browser = signed_in("surgeon")
    assert FIRST in browser.get(url(draft, f"/rule?rule={FIRST}")).text
    changed = rule_form(note="Because of a case.", when="back_pain\r\nor leg_pain")
    answer = browser.post(url(draft, "/rule"), data=changed)
    assert answer.status_code == 303
    rule = find_rule(rulesets.get_version(clinic.surgeon, draft).content, FIRST) or {}
    before = find_rule(SHIPPED, FIRST) or {}
    assert rule == before | {"note": "Because of a case.", "when": "back_pain\nor leg_pain\n"}


def test_a_rule_is_added_and_removed(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    browser = signed_in("surgeon")
    assert browser.get(url(draft, "/rule")).status_code == 200
    assert browser.post(url(draft, "/rule"), data=rule_form(id="NEW-01", rule="")).status_code == 303
    assert find_rule(rulesets.get_version(clinic.surgeon, draft).content, "NEW-01")
    assert browser.post(url(draft, "/removal"), data={"version": 2, "rule": "NEW-01"}).status_code == 303
    assert rulesets.get_version(clinic.surgeon, draft).content == KEENER
    assert browser.post(url(draft, "/removal"), data={"version": 3, "rule": "NEW-01"}).status_code == 404


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"when": "back_pane"}, "when", "unknown name: back_pane"),
        ({"when": ""}, "when", "Enter a text."),
        ({"text_ja": ""}, "text_ja", "Enter a text."),
        ({"sources": []}, "sources", "Choose at least one."),
        ({"sources": ["NOWHERE"]}, "sources", "not"),
        ({"acuity": "emergency", "level": "4"}, "level", "level 4 does not fit emergency"),
        ({"id": "RF-CES-02"}, "id", "duplicate id: RF-CES-02"),
        ({"route": "home"}, "route", "Not a valid choice"),
    ],
)
def test_a_bad_part_of_a_rule_is_refused_at_its_field(
    clinic: Clinic, signed_in: SignIn, draft: str, values: dict[str, object], field: str, said: str
) -> None:
    answer = signed_in("surgeon").post(url(draft, "/rule"), data=rule_form(note="kept as typed", **values))
    assert answer.status_code == 422
    shown = re.search(rf'id="{field}-error".*?</p>', answer.text, re.DOTALL)
    assert shown, answer.text
    assert said in shown[0]
    assert "kept as typed" in answer.text
    assert rulesets.get_version(clinic.surgeon, draft).content == KEENER


def test_an_old_form_of_a_rule_is_answered_with_the_newer_lines(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    rule = find_rule(KEENER, FIRST) or {}
    rule_drafts.put_rule(clinic.nurse2, draft, 1, FIRST, rule | {"note": "Written meanwhile."})
    answer = signed_in("surgeon").post(url(draft, "/rule"), data=rule_form(note="mine"))
    assert answer.status_code == 409
    assert "Written meanwhile." in answer.text
    assert "mine" in answer.text


def test_a_condition_is_said_in_words_while_it_is_typed(signed_in: SignIn, draft: str) -> None:
    browser = signed_in("surgeon")
    label = knowledge.load().findings["back_pain"].label("en")
    assert label in browser.post(url(draft, "/condition"), data={"when": "back_pain"}).text
    for bad, said in (("back_pane", "unknown name"), ("", "empty condition"), ("trauma in 5", "not iterable")):
        assert said in browser.post(url(draft, "/condition"), data={"when": bad}).text


def test_a_draft_laid_out_otherwise_is_edited_as_a_file(clinic: Clinic, signed_in: SignIn) -> None:
    odd = SHIPPED.replace('[ruleset]\nversion = "', 'ruleset.version = "')
    made = rule_drafts.create(clinic.surgeon, odd)
    answer = signed_in("surgeon").post("/rulesets/drafts", data={"source": made, "name": "2028"})
    assert answer.status_code == 422
    assert "Edit it as a file." in answer.text


def test_a_draft_that_an_older_program_took_says_what_is_wrong_with_it_now(
    clinic: Clinic, signed_in: SignIn, draft: str
) -> None:
    spoil(clinic.surgeon, draft)
    browser = signed_in("surgeon")
    page = browser.get(url(draft))
    assert page.status_code == 200
    assert "unknown name: back_pain_of_old" in page.text
    for path in (draft, f"{draft}/file", f"differences?after={draft}"):
        assert browser.get(f"/rulesets/{path}").status_code == 200
    assert browser.get(url(draft, f"/rule?rule={FIRST}")).status_code == 422
    assert browser.post(url(draft, "/rule"), data=rule_form(version="2")).status_code == 422
    assert browser.post(url(draft, "/condition"), data={"when": "back_pain"}).status_code == 422
    assert signed_in("surgeon2").post(url(draft, "/publication"), data=publication(version=2)).status_code == 422


def test_a_discarded_draft_leaves_the_list(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    browser = signed_in("surgeon")
    assert browser.post(url(draft, "/discard"), data={"version": 9}).status_code == 409
    assert browser.post(url(draft, "/discard"), data={"version": 1}).status_code == 303
    assert draft not in browser.get("/rulesets/drafts").text
    assert browser.post(url(draft), data={"version": 2, "content": OTHER}).status_code == 409


# Publication, rollback, sign-off


def publication(seen: str = RULES.hash, version: int = 1) -> dict[str, object]:
    return {"version": version, "seen": seen, "note": "agreed on Monday"}


def test_the_clinical_lead_publishes_and_everybody_sees_it(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    lead = signed_in("surgeon2")
    assert "Nothing stands against publication." in lead.get(url(draft)).text
    assert lead.post(url(draft, "/publication"), data=publication()).status_code == 303
    page = signed_in("nurse").get("/rulesets").text
    assert "2027.01-" in page
    assert clinic.surgeon2.name in page
    assert "agreed on Monday" in signed_in("auditor").get("/rulesets/publications").text


@pytest.mark.parametrize("who", ["admin", "surgeon", "nurse", "nurse2"])
def test_nobody_else_publishes_or_rolls_back(signed_in: SignIn, draft: str, who: str) -> None:
    browser = signed_in(who)
    assert browser.post(url(draft, "/publication"), data=publication()).status_code == 403
    back = {"target": "shipped", "seen": RULES.hash, "reason": "why"}
    assert browser.post("/rulesets/publications", data=back).status_code == 403
    assert browser.post("/rulesets/shipped/signatures", data={"content_hash": RULES.hash}).status_code == 403


def test_the_author_finds_no_button_and_is_refused(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    rule_drafts.save(clinic.surgeon2, draft, 1, OTHER)
    lead = signed_in("surgeon2")
    assert "Publish: in force from now" not in lead.get(url(draft)).text
    assert lead.post(url(draft, "/publication"), data=publication(version=2)).status_code == 403


def test_a_draft_that_was_not_simulated_says_so(clinic: Clinic, signed_in: SignIn) -> None:
    made = rule_drafts.create(clinic.surgeon, KEENER)
    answer = signed_in("surgeon2").post(url(made, "/publication"), data=publication())
    assert answer.status_code == 422
    assert "Simulate this draft against the rules in force before it is published." in answer.text


def test_who_looked_at_other_rules_in_force_looks_again(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    put_in_force(clinic.surgeon2, SHIPPED + ALARM)
    answer = signed_in("surgeon2").post(url(draft, "/publication"), data=publication())
    assert answer.status_code == 409
    assert "Other rules came into force meanwhile" in answer.text
    assert signed_in("surgeon2").post(url(draft, "/publication"), data=publication(version=7)).status_code == 409


def test_the_way_back_is_one_press(clinic: Clinic, signed_in: SignIn, draft: str) -> None:
    lead = signed_in("surgeon2")
    lead.post(url(draft, "/publication"), data=publication())
    now = rulesets.in_force(clinic.site_id).ruleset.hash
    page = lead.get("/rulesets/publications").text
    assert "Put earlier rules back in force" in page
    assert "Put earlier rules back in force" not in signed_in("surgeon").get("/rulesets/publications").text
    back = {"target": "shipped", "seen": now, "reason": "too many urgent"}
    for wrong, code in (({"reason": ""}, 422), ({"seen": "0" * 64}, 409), ({"target": "nothing"}, 404)):
        assert lead.post("/rulesets/publications", data=back | wrong).status_code == code
    assert rulesets.in_force(clinic.site_id).ruleset.hash == now
    assert lead.post("/rulesets/publications", data=back).status_code == 303
    assert rulesets.in_force(clinic.site_id).ruleset.hash == RULES.hash
    assert "too many urgent" in lead.get("/rulesets/publications").text


def test_signed_rules_say_so_everywhere_and_unsigned_ones_again_do_not(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, {"back_pain": True})
    sheet = f"/encounters/{encounter.id}/triage"
    lead, nurse = signed_in("surgeon2"), signed_in("nurse")
    assert "not yet signed by a clinician" in nurse.get(sheet).text
    said = {"content_hash": RULES.hash, "statement": "I have read them all."}
    assert lead.post("/rulesets/shipped/signatures", data=said | {"statement": ""}).status_code == 422
    assert lead.post("/rulesets/shipped/signatures", data=said | {"content_hash": "0" * 64}).status_code == 422
    assert lead.post("/rulesets/nothing/signatures", data=said).status_code == 404
    assert lead.post("/rulesets/shipped/signatures", data=said).status_code == 303
    assert lead.post("/rulesets/shipped/signatures", data=said).status_code == 409
    page = nurse.get(sheet).text
    assert "not yet signed" not in page
    assert "signed by a clinician" in page
    assert "I have read them all." in nurse.get("/rulesets").text
    put_in_force(clinic.surgeon2, OTHER)
    assert "not yet signed by a clinician" in nurse.get(sheet).text
    assert lead.post("/rulesets/shipped/withdrawals", data=said).status_code == 303
    assert lead.post("/rulesets/shipped/withdrawals", data=said).status_code == 409


def test_what_only_the_rules_in_force_name_is_shown_by_its_words(clinic: Clinic, signed_in: SignIn) -> None:
    action = '[[action]]\nid = "new_action"\nlabel = { en = "Fetch the new device", ja = "新しい機器を用意" }\n\n'
    image = '[[imaging]]\nid = "new_image"\nmodality = "mri"\nlabel = { en = "A new sequence", ja = "新しい撮像" }\n\n'
    alarm = ALARM.replace("text =", 'actions = ["new_action"]\nimaging = ["new_image"]\ntext =')
    put_in_force(clinic.surgeon2, action + image + OTHER + alarm)
    encounter = wait(clinic.reception, {"back_pain": True})
    for page in ("triage", "emergency", "emergency/transfer-sheet", "summary"):
        answer = signed_in("nurse").get(f"/encounters/{encounter.id}/{page}")
        assert answer.status_code == 200, page
        assert "Fetch the new device" in answer.text or page == "summary", page
    assert signed_in("nurse").get("/board").status_code == 200
    assert signed_in("surgeon").get(f"/consults/{encounter.id}").status_code == 200


def test_every_print_and_the_review_say_whether_the_rules_are_signed(clinic: Clinic, signed_in: SignIn) -> None:
    alarm = wait(clinic.reception, {"back_pain": True, "saddle_anaesthesia": True})
    paths = [
        ("nurse", f"/encounters/{alarm.id}/emergency/transfer-sheet"),
        ("surgeon", f"/consults/{alarm.id}"),
        ("surgeon", f"/consults/{alarm.id}/print"),
    ]
    for who, path in paths:
        assert "not yet signed by a clinician" in signed_in(who).get(path).text, path
    publications.sign(clinic.surgeon2, RULES.hash, "I have read them all.")
    for who, path in paths:
        assert "not yet signed" not in signed_in(who).get(path).text, path
