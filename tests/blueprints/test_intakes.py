"""What staff can enter, and what the desk is promised while it does: through the posted forms of intake and sheet."""

import json
import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from tests.builders import Clinic, arrive, as_answers, leave_unseen, wait
from triage import clock, db, knowledge
from triage.knowledge.vignettes import FILE
from triage.models import Encounter
from triage.services import emergencies, encounters, intakes

SignIn = Callable[[str], FlaskClient]
SEX = {"M": "male", "F": "female", None: "unknown"}


class Inputs(HTMLParser):
    """Collects every control of a page: name to the elements that post it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, list[dict[str, str | None]]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an input, text area or list by its name."""
        values = dict(attrs)
        if tag in ("input", "textarea", "select") and values.get("name") and values.get("type") != "hidden":
            self.found.setdefault(str(values["name"]), []).append(values | {"tag": tag})


def inputs(page: str) -> dict[str, list[dict[str, str | None]]]:
    """Return the controls of a page by name."""
    return Inputs(page).found


def vignettes() -> list[dict[str, Any]]:
    """Return the published cases of the tests of the rules."""
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines() if line.strip()]


def told_alone(name: str) -> str:
    """Return the urgent question that is the only way to enter a finding."""
    return next(q.id for q in knowledge.load().urgent_questions if name in q.findings and name not in q.details)


def as_posted(value: object, spec: Any) -> str:
    """Return a value as the form posts it."""
    if value is None:
        return "none" if spec.null_means == "none" else "unknown"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def post(browser: FlaskClient, encounter: Encounter, data: dict[str, str], *, quick: bool = False) -> Any:
    """Post answers as a plain form, or as htmx does."""
    return browser.post(
        f"/encounters/{encounter.id}/findings", data=data, headers={"HX-Request": "true"} if quick else {}
    )


def enter(
    desk: FlaskClient, nurse: FlaskClient, encounter: Encounter, findings: dict[str, Any], names: dict[str, set[str]]
) -> None:
    """Enter a case through the inputs that the two pages offer."""
    known, sent = knowledge.load(), {"intake": {"place": "intake"}, "sheet": {"place": "sheet"}}
    for name, value in findings.items():
        spec = known.findings[name]
        if spec.from_record:
            continue
        own = f"a.{name}"
        offered = own if own in names["intake"] | names["sheet"] else f"a.{told_alone(name)}"
        place = "intake" if offered in names["intake"] else "sheet"
        sent[place][offered] = as_posted(value, spec)
    for browser, data in ((desk, sent["intake"]), (nurse, sent["sheet"])):
        assert post(browser, encounter, data).status_code == 303, data


def person(case: dict[str, Any]) -> dict[str, Any]:
    """Return birth date and sex of a case as the patient's record holds them."""
    age = case["findings"].get("age")
    born = date(clock.now().year - age, 1, 1) if age is not None else None
    return {"birth_date": born, "sex": SEX[case["findings"].get("sex")]}


def as_entered(findings: dict[str, Any]) -> dict[str, Any]:
    """Return the findings with what a "no" to an urgent question also answers: never had cancer, so none has spread."""
    known, said = knowledge.load(), dict(findings)
    for question in known.urgent_questions:
        alone = [name for name in question.findings if name not in question.details and name in findings]
        if alone and all(known.findings[name].is_negative(findings[name]) for name in alone):
            said |= {name: known.findings[name].negative for name in question.findings if name not in findings}
    return said


def ask_command(app: Flask, folder: Path, cases: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what ``flask rules evaluate`` answers, by case."""
    file = folder / "cases.jsonl"
    file.write_text("".join(json.dumps({"id": i, "findings": f}) + "\n" for i, f in cases.items()), encoding="utf-8")
    result = app.test_cli_runner().invoke(args=["rules", "evaluate", str(file)])
    assert result.exit_code == 0, result.output
    return {answer["id"]: answer for answer in map(json.loads, result.output.splitlines())}


def test_every_published_case_entered_through_the_forms_gets_the_commands_answer(
    app: Flask, clinic: Clinic, signed_in: SignIn, tmp_path: Path
) -> None:
    desk, nurse, cases = signed_in("reception"), signed_in("nurse"), vignettes()
    plain = ask_command(app, tmp_path, {case["id"]: case["findings"] for case in cases})
    entered = ask_command(app, tmp_path, {case["id"]: as_entered(case["findings"]) for case in cases})
    names = offered_names(desk, nurse, arrive(clinic.reception, sex="female"))
    different = []
    for case in cases:
        encounter = arrive(clinic.reception, **person(case))
        enter(desk, nurse, encounter, case["findings"], names)
        advice = encounters.get(clinic.nurse, encounter.id).suggestion
        assert advice is not None
        advice = advice | {"imaging": advice["imaging"] or ["none"]}  # the command's word for no imaging
        for expected, parts in (
            (plain, ("acuity", "level", "route", "imaging", "actions")),
            (entered, ("unknown", "provisional")),
        ):
            answer = expected[case["id"]]
            different += [(case["id"], part) for part in parts if advice[part] != answer[part]]
    assert len(cases) > 100
    assert different == []


def offered_names(desk: FlaskClient, nurse: FlaskClient, encounter: Encounter) -> dict[str, set[str]]:
    """Return the names that the intake and the sheet offer to enter."""
    intake, sheet = desk.get(f"/encounters/{encounter.id}/intake"), nurse.get(f"/encounters/{encounter.id}/triage")
    assert (intake.status_code, sheet.status_code) == (200, 200)
    return {"intake": set(inputs(intake.text)), "sheet": set(inputs(sheet.text))}


def fields(page: str) -> list[str]:
    """Return the key of every answer that the page shows, once per time it is shown."""
    return re.findall(r'id="f-([a-z0-9_-]+)"', page)


def test_each_name_of_the_vocabulary_has_exactly_one_place(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, known = arrive(clinic.reception, sex="female"), knowledge.load()
    intake = signed_in("reception").get(f"/encounters/{encounter.id}/intake").text
    sheet = signed_in("nurse").get(f"/encounters/{encounter.id}/triage").text
    shown = {"desk": fields(intake), "sheet": fields(sheet)}
    wrong = []
    for name, spec in known.findings.items():
        key = name if spec.from_record or not spec.ask or name in shown[spec.place] else told_alone(name)
        count = intake.count(f'data-record="{name}"') if spec.from_record else shown[spec.place].count(key)
        if count != 1:
            wrong.append((name, count))
    assert wrong == []
    assert len(known.findings) >= 134


def test_cells_questions_and_chips_stand_once_on_their_own_page(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, known = arrive(clinic.reception, sex="female"), knowledge.load()
    intake = fields(signed_in("reception").get(f"/encounters/{encounter.id}/intake").text)
    sheet = fields(signed_in("nurse").get(f"/encounters/{encounter.id}/triage").text)
    asked = {who: [q.id for q in known.urgent_questions if q.asked_by == who] for who in ("reception", "nurse")}
    chips = [option.key.replace(".", "-") for option in known.options]
    assert [key for key in (*asked["reception"], *chips) if intake.count(key) != 1] == []
    cells = list(known.examination.cells)
    assert [key for key in (*asked["reception"], *asked["nurse"], *cells) if sheet.count(key) != 1] == []
    confirmed = {name for q in known.urgent_questions for name in (q.id, *q.details)}
    desk = {name for name, spec in known.findings.items() if spec.place == "desk"}
    assert desk & set(sheet) <= confirmed, "on the sheet the desk's answers stand only to be confirmed"
    assert {name for name, spec in known.findings.items() if spec.place == "sheet"} & set(intake) == set()


@pytest.mark.parametrize("page", ["intake", "triage"])
def test_nothing_is_preselected_and_every_question_has_three_answers(
    clinic: Clinic, signed_in: SignIn, page: str
) -> None:
    encounter = arrive(clinic.reception)
    found = inputs(signed_in("nurse").get(f"/encounters/{encounter.id}/{page}").text)
    checked = [name for name, controls in found.items() for c in controls if name.startswith("a.") and "checked" in c]
    assert checked == []
    for question in knowledge.load().urgent_questions:
        controls = found.get(f"a.{question.id}", [])
        assert [c["value"] for c in controls] in ([], ["yes", "no", "unknown"])
        assert all(c["type"] == "radio" for c in controls)


def test_a_man_is_not_asked_about_pregnancy_unless_it_was_recorded(clinic: Clinic, signed_in: SignIn) -> None:
    desk = signed_in("reception")
    known = knowledge.load().findings.values()
    never = next(spec.name for spec in known if spec.not_of == "male" and spec.place == "desk")
    man, woman = arrive(clinic.reception, sex="male"), arrive(clinic.reception, sex="female")
    assert f"a.{never}" not in inputs(desk.get(f"/encounters/{man.id}/intake").text)
    assert f"a.{never}" in inputs(desk.get(f"/encounters/{woman.id}/intake").text)
    intakes.record_answers(clinic.nurse, man.id, as_answers({never: True}))
    assert f"a.{never}" in inputs(desk.get(f"/encounters/{man.id}/intake").text)


def urgent(number: int = 0) -> Any:
    """Return an urgent question of the desk."""
    return [q for q in knowledge.load().urgent_questions if q.asked_by == "reception"][number]


def stored(encounter: Encounter) -> dict[str, tuple[bool, object]]:
    """Return what is recorded, by name."""
    db.session.remove()
    return {name: (row.known, row.value) for name, row in intakes.findings_of(encounter.id).items()}


def a_number(place: str) -> Any:
    """Return a finding of the place that is entered as a number with limits."""
    known = knowledge.load().findings.values()
    return next(
        s
        for s in known
        if s.kind in ("integer", "number") and s.place == place and not s.from_record and s.maximum > 99
    )


def test_each_urgent_question_is_answered_for_itself(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = wait(clinic.reception), signed_in("nurse")
    assert post(nurse, encounter, {"fill": "right", "place": "sheet"}).status_code == 303
    rows = knowledge.load().myotomes
    assert set(stored(encounter)) == {row.right for row in rows}, "the examined side only: no question, no other side"
    page = nurse.get(f"/encounters/{encounter.id}/triage").text
    form = page[page.index('id="answers"') : page.index("</form>", page.index('id="answers"'))]
    answering = re.findall(r'<button[^>]*name="([^"]+)" value="([^"]*)"', form)
    assert answering == [("fill", "right"), ("fill", "left")], "no other button of the sheet gives an answer"


def test_the_rest_of_a_side_is_graded_full_but_a_weak_grade_stays(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, row = wait(clinic.reception), knowledge.load().myotomes[2]
    nurse = signed_in("nurse")
    assert post(nurse, encounter, {f"a.{row.left}": "2", "place": "sheet"}).status_code == 303
    post(nurse, encounter, {"fill": "left", "place": "sheet"})
    assert stored(encounter)[row.left] == (True, 2)
    assert {value for _, value in stored(encounter).values()} == {2, 5}


def test_a_positive_answer_at_the_desk_shows_the_emergency_at_once(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk = arrive(clinic.reception), signed_in("reception")
    answer = post(desk, encounter, {f"a.{urgent().id}": "yes", "revision": "0"}, quick=True)
    assert answer.status_code == 200
    assert f'href="/encounters/{encounter.id}/emergency"' in answer.text
    assert 'role="alert"' in answer.text
    assert answer.headers["HX-Trigger"] == "findings-saved"
    assert "1/9" in re.sub(r"<[^>]+>", "", answer.text)
    assert encounters.get(clinic.nurse, encounter.id).stage == "emergency"
    again = post(desk, encounter, {f"a.{urgent(1).id}": "unknown", "revision": "1"}, quick=True)
    assert 'role="alert"' not in again.text, "it rings once, and stays on the screen"
    assert f'href="/encounters/{encounter.id}/emergency"' in again.text


def test_an_answer_the_emergency_rests_on_is_put_back_with_the_way_to_go_on(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk, name = arrive(clinic.reception), signed_in("reception"), urgent().id
    post(desk, encounter, {f"a.{name}": "yes"})
    for text in ("no", "unknown", ""):
        answer = post(desk, encounter, {f"a.{name}": text, "revision": "9"}, quick=True)
        assert answer.status_code == 422
        assert f'id="f-{name}"' in answer.text
        assert re.search(r'value="yes" checked', answer.text)
        assert "Propose to take the emergency back" in answer.text
    assert stored(encounter)[name] == (True, True)
    plain = post(desk, encounter, {f"a.{name}": "no"})
    assert plain.status_code == 422
    assert "Propose to take the emergency back" in plain.text


def test_two_people_on_one_answer_see_both_values_and_choose(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, name = arrive(clinic.reception), urgent(1).id
    post(signed_in("reception"), encounter, {f"a.{name}": "no", "revision": "0"})
    nurse = signed_in("nurse")
    late = post(nurse, encounter, {f"a.{name}": "unknown", "revision": "0"}, quick=True)
    assert late.status_code == 409
    assert "Reception answered at the same time" in late.text
    assert re.search(rf'name="a.{name}" value="no"[^>]*>Use theirs', late.text)
    assert re.search(rf'name="a.{name}" value="unknown"[^>]*>Keep mine', late.text)
    assert stored(encounter)[name] == (True, False)
    plain = post(nurse, encounter, {f"a.{name}": "unknown", "revision": "0"})
    assert (plain.status_code, "Keep mine" in plain.text) == (409, True)
    revision = re.search(r'name="revision" value="(\d+)"', late.text)
    assert revision is not None
    kept = post(nurse, encounter, {f"a.{name}": "unknown", "revision": revision.group(1)}, quick=True)
    assert kept.status_code == 200
    assert stored(encounter)[name] == (False, None)


def test_different_answers_of_two_people_merge(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = arrive(clinic.reception)
    desk, nurse = signed_in("reception"), signed_in("nurse")
    assert post(desk, encounter, {f"a.{urgent(1).id}": "no", "revision": "0"}, quick=True).status_code == 200
    answer = post(nurse, encounter, {f"a.{urgent(2).id}": "no", "revision": "0"}, quick=True)
    assert answer.status_code == 200
    assert f'id="f-{urgent(1).id}"' in answer.text, "what the other answered meanwhile comes along"
    assert set(stored(encounter)) == {urgent(1).id, urgent(2).id}


class Sent(HTMLParser):
    """Collects what a browser without JavaScript sends of the form of answers."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.pairs: list[tuple[str, str]] = []
        self.inside, self.area, self.list = False, "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a control that counts: switched on, and chosen where it is a choice."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = values.get("id") == "answers"
        if not self.inside or "disabled" in values:
            return
        if tag == "select":
            self.list = values["name"]
        elif tag == "option" and "selected" in values:
            self.pairs.append((self.list, values["value"]))
        elif tag == "textarea":
            self.area = values["name"]
            self.pairs.append((self.area, ""))
        elif tag == "input" and (values.get("type") not in ("radio", "checkbox") or "checked" in values):
            self.pairs.append((values["name"], values.get("value", "")))

    def handle_data(self, text: str) -> None:
        """Take the text of a text area."""
        if self.area:
            self.pairs[-1] = (self.area, text)

    def handle_endtag(self, tag: str) -> None:
        """Leave a text area, or the form."""
        self.area = "" if tag == "textarea" else self.area
        self.inside = self.inside and tag != "form"


def something_of_every_kind() -> dict[str, Any]:
    """Return answers of every kind: chips, questions, grades, choices, odd numbers, words, and "not known"."""
    known = knowledge.load()
    chips = (known.symptoms[2], known.diagnoses[1], known.body_regions[3])
    answers: dict[str, Any] = {option.key: True for option in chips}
    for spec in known.findings.values():
        if spec.kind == "choice" and not spec.from_record and not spec.ask:
            answers[spec.name] = spec.choices[-1].value
        elif spec.kind == "number" and spec.minimum == 0 and not spec.ask:
            answers[spec.name] = 2.5
        elif spec.kind == "integer" and spec.place == "sheet":
            answers[spec.name] = "not known"
        elif spec.kind == "text":
            answers[spec.name] = "L4/5 & <b>"
    return answers | {urgent(1).id: False, urgent(2).id: "not known", known.myotomes[0].left: 4}


@pytest.mark.parametrize("page", ["intake", "triage"])
def test_a_page_sent_as_it_came_changes_nothing(clinic: Clinic, signed_in: SignIn, page: str) -> None:
    encounter, nurse = arrive(clinic.reception, sex="female"), signed_in("nurse")
    several = something_of_every_kind()
    intakes.record_answers(clinic.nurse, encounter.id, as_answers(several))
    intakes.change_details(clinic.nurse, encounter.id, None, {"complaint": "腰痛\n昨日から", "consent": False})
    before, revision = stored(encounter), encounters.get(clinic.nurse, encounter.id).version
    pairs = Sent(nurse.get(f"/encounters/{encounter.id}/{page}").text).pairs
    assert len(pairs) > 50
    answer = nurse.post(f"/encounters/{encounter.id}/findings", data=MultiDict(pairs))
    assert answer.status_code == 303, answer.text
    assert stored(encounter) == before
    assert encounters.get(clinic.nurse, encounter.id).version == revision


def test_a_whole_page_sent_without_javascript_does_not_undo_what_another_answered_meanwhile(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter, number = arrive(clinic.reception), a_number("desk")
    post(signed_in("nurse"), encounter, {f"a.{number.name}": "3", "revision": "0"})
    old_page = {f"a.{number.name}": "", f"w.{number.name}": "", f"a.{urgent(1).id}": "no", "revision": "0"}
    assert post(signed_in("reception"), encounter, old_page).status_code == 303
    assert stored(encounter)[urgent(1).id] == (True, False)
    assert stored(encounter)[number.name][1] is not None


def test_the_desk_cannot_record_what_only_the_nurse_examines(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, number = arrive(clinic.reception), a_number("sheet")
    cell = next(iter(knowledge.load().examination.cells))
    nurses = next(q for q in knowledge.load().urgent_questions if q.asked_by == "nurse")
    for name, text in ((number.name, "60"), (cell, "5"), (nurses.id, "no")):
        assert post(signed_in("reception"), encounter, {f"a.{name}": text}).status_code == 403
        assert post(signed_in("radiographer"), encounter, {f"a.{name}": text}).status_code == 403
    assert post(signed_in("reception"), encounter, {"fill": "left"}).status_code == 403
    assert stored(encounter) == {}
    assert post(signed_in("nurse"), encounter, {f"a.{number.name}": "60", "place": "sheet"}).status_code == 303


@pytest.mark.parametrize("text", ["abc", "-1", "99999999999999999999", "1e3", "1,2", "\x00", "٣", "9" * 3000])
def test_a_number_that_cannot_be_is_refused_at_its_field_and_the_rest_is_saved(
    clinic: Clinic, signed_in: SignIn, text: str
) -> None:
    encounter, number, desk = arrive(clinic.reception), a_number("desk"), signed_in("reception")
    answer = post(desk, encounter, {f"a.{number.name}": text, f"a.{urgent().id}": "yes"})
    assert answer.status_code == 422
    assert set(stored(encounter)) == {urgent().id}, "a slip of the pen must not hold an urgent answer back"
    assert encounters.get(clinic.nurse, encounter.id).stage == "emergency"
    kept = inputs(answer.text)[f"a.{number.name}"][0]
    assert kept.get("aria-invalid") == "true"
    assert kept["value"] == text.split(" ", maxsplit=1)[0]
    quick = post(desk, encounter, {f"a.{number.name}": text}, quick=True)
    assert quick.status_code == 422
    assert f'id="m-{number.name}"' in quick.text


def test_on_the_sheet_a_wrong_entry_comes_back_without_javascript_too(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, number = wait(clinic.reception), a_number("sheet")
    answer = post(signed_in("nurse"), encounter, {f"a.{number.name}": "9999999", "place": "sheet"})
    assert answer.status_code == 422
    assert inputs(answer.text)[f"a.{number.name}"][0]["value"] == "9999999"
    assert "Enter a number from" in answer.text


def test_an_unknown_name_is_refused(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk = arrive(clinic.reception), signed_in("reception")
    record = next(name for name, spec in knowledge.load().findings.items() if spec.from_record)
    for name in ("nonsense", record, "<b>", ""):
        for quick in (True, False):
            assert post(desk, encounter, {f"a.{name}": "yes"}, quick=quick).status_code == 422
    assert stored(encounter) == {}


def test_full_width_digits_not_known_and_taking_back(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, number, desk = arrive(clinic.reception), a_number("desk"), signed_in("reception")
    post(desk, encounter, {f"a.{number.name}": "１２", f"a.{urgent(1).id}": "unknown"})
    assert stored(encounter) == {number.name: (True, 12), urgent(1).id: (False, None)}
    post(desk, encounter, {f"a.{urgent(1).id}": ""})
    assert set(stored(encounter)) == {number.name}, "taken back means not asked; what was not sent stays"


def test_without_javascript_every_way_leads_on(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk = arrive(clinic.reception), signed_in("reception")
    here = f"/encounters/{encounter.id}"
    assert post(desk, encounter, {f"a.{urgent(1).id}": "no"}).location == f"{here}/intake"
    assert post(desk, encounter, {"place": "sheet"}).location == f"{here}/triage"
    assert post(desk, encounter, {"go": "park", "d.complaint": "腰が痛い"}).location.startswith("/patients")
    assert encounters.get(clinic.nurse, encounter.id).complaint == "腰が痛い"
    sent = desk.post(f"{here}/intake", data={f"a.{urgent(2).id}": "no"})
    assert (sent.status_code, sent.location) == (303, f"{here}/slip")
    assert desk.get(sent.location).status_code == 200
    assert encounters.get(clinic.nurse, encounter.id).stage == "waiting"
    assert set(stored(encounter)) == {urgent(1).id, urgent(2).id}


def test_loading_a_refused_answer_again_leads_back_to_the_page(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = arrive(clinic.reception)
    here = f"/encounters/{encounter.id}"
    assert signed_in("reception").get(f"{here}/findings?lang=ja").location == f"{here}/intake?lang=ja"
    assert signed_in("nurse").get(f"{here}/findings").location == f"{here}/triage"


def test_sending_an_emergency_leads_to_its_panel(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk = arrive(clinic.reception), signed_in("reception")
    sent = desk.post(f"/encounters/{encounter.id}/intake", data={f"a.{urgent().id}": "yes"})
    assert sent.location == f"/encounters/{encounter.id}/emergency"
    assert emergencies.find_open(encounters.get(clinic.nurse, encounter.id)) is not None


def test_a_wrong_entry_keeps_the_patient_at_the_desk(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk = arrive(clinic.reception), signed_in("reception")
    sent = desk.post(f"/encounters/{encounter.id}/intake", data={f"a.{a_number('desk').name}": "x"})
    assert sent.status_code == 422
    assert encounters.get(clinic.nurse, encounter.id).stage == "registered"


def test_papers_and_consent_are_kept_and_a_refusal_is_a_normal_answer(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk = arrive(clinic.reception), signed_in("reception")
    post(desk, encounter, {"d.referral_letter": "yes", "d.outside_images": "no", "d.consent": "no"}, quick=True)
    kept = encounters.get(clinic.nurse, encounter.id)
    assert (kept.referral_letter, kept.outside_images, kept.consent) == (True, False, False)
    assert kept.consent_version
    assert post(desk, encounter, {"d.consent": "perhaps"}, quick=True).status_code == 422
    sent = desk.post(f"/encounters/{encounter.id}/intake", data={})
    assert sent.status_code == 303


def test_a_complaint_written_by_two_people_shows_both_texts(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk, nurse = arrive(clinic.reception), signed_in("reception"), signed_in("nurse")
    post(desk, encounter, {"d.complaint": "腰痛", "v.complaint": ""}, quick=True)
    late = post(nurse, encounter, {"d.complaint": "足の痛み", "v.complaint": ""}, quick=True)
    assert late.status_code == 409
    assert "腰痛" in late.text
    assert "足の痛み" in late.text
    assert encounters.get(clinic.nurse, encounter.id).complaint == "腰痛"
    post(nurse, encounter, {f"a.{urgent(1).id}": "no"})
    mine = post(desk, encounter, {"d.complaint": "腰痛、昨日から", "v.complaint": "腰痛"}, quick=True)
    assert mine.status_code == 200, "an answer saved meanwhile does not refuse a complaint"


def test_in_the_background_a_page_learns_only_what_others_answered(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk = arrive(clinic.reception), signed_in("reception")
    quiet = {"HX-Request": "true", "X-Background": "1"}
    url = f"/encounters/{encounter.id}/intake"
    post(desk, encounter, {f"a.{urgent(1).id}": "no"})
    assert desk.get(f"{url}?revision=1", headers=quiet).status_code == 204
    post(signed_in("nurse"), encounter, {f"a.{urgent(2).id}": "no"})
    news = desk.get(f"{url}?revision=1&place=intake", headers=quiet)
    assert fields(news.text) == [urgent(2).id]
    assert "Nurse is entering here too" in news.text
    for odd in ("", "x", "-1", "9" * 30):
        assert desk.get(f"{url}?revision={odd}", headers=quiet).status_code == 200


def test_what_the_desk_writes_comes_to_the_open_sheet_of_the_nurse(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk, nurse = arrive(clinic.reception), signed_in("reception"), signed_in("nurse")
    sheet = nurse.get(f"/encounters/{encounter.id}/triage").text
    shown = {name: re.findall(rf'name="{name}" value="(\d+)"', sheet)[0] for name in ("revision", "desk")}
    quiet = {"HX-Request": "true", "X-Background": "1"}

    def news() -> Any:
        asked = {**shown, "place": "sheet"}
        return nurse.get(f"/encounters/{encounter.id}/intake", query_string=asked, headers=quiet)

    assert news().status_code == 204
    post(desk, encounter, {"d.complaint": "腰痛、昨日から", "v.complaint": ""}, quick=True)
    written = news()
    assert "腰痛、昨日から" in written.text
    assert 'id="s-intake"' in written.text
    assert fields(written.text) == [], "what the nurse has under her hand is not exchanged for it"
    shown["desk"] = re.findall(r'name="desk" value="(\d+)"', written.text)[0]
    assert news().status_code == 204
    post(desk, encounter, {"a.symptom_weeks": "7"})
    assert re.search(r'id="s-intake".*<b[^>]*>7', news().text, re.DOTALL)


def test_opening_the_intake_is_recorded_and_other_sites_do_not_see_it(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = arrive(clinic.reception)
    assert signed_in("reception").get("/encounters/aaaaaaaaaaaaaaaa/intake").status_code == 404
    for nobody in ("admin", "auditor", "radiographer"):
        assert signed_in(nobody).get(f"/encounters/{encounter.id}/intake").status_code == 403
    page = signed_in("reception").get(f"/encounters/{encounter.id}/intake")
    title = re.search(r"<title>(.*?)</title>", page.text)
    assert title is not None
    assert encounter.ticket in title.group(1)
    assert encounter.patient.family_name not in title.group(1)


def test_a_visit_that_has_ended_is_shown_and_cannot_be_changed(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, desk = arrive(clinic.reception), signed_in("reception")
    leave_unseen(clinic.reception, encounter.id, encounter.version, "went home")
    assert '<fieldset class="stack" disabled>' in desk.get(f"/encounters/{encounter.id}/intake").text
    for quick in (True, False):
        late = post(desk, encounter, {f"a.{urgent(1).id}": "no"}, quick=quick)
        assert late.status_code == 409
        assert "This step is not possible now" in late.text


def test_the_intake_speaks_japanese(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = arrive(clinic.reception)
    page = signed_in("reception").get(f"/encounters/{encounter.id}/intake?lang=ja").text
    assert urgent().question("ja") in page
    assert urgent().question("en") not in page
