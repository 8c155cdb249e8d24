"""``flask rules evaluate`` answers line by line, without database, key or configuration."""

import json

import pytest
from click.testing import CliRunner

from tests.knowledge.support import read
from triage.cli.rules import group
from triage.knowledge import use_modalities


def run(text: str | bytes, *arguments: str):
    result = CliRunner().invoke(group, ["evaluate", *arguments], input=text)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def line(findings: object, id: object = 1) -> str:
    return json.dumps({"id": id, "findings": findings})


def test_one_answer_per_line_in_the_same_order():
    code, answers = run("\n".join(line({"back_pain": True}, id) for id in ("b", "a", "c")))
    assert code == 0
    assert [answer["id"] for answer in answers] == ["b", "a", "c"]


def test_no_imaging_is_said_in_a_word():
    _, [answer] = run(line({"back_pain": True, "symptom_weeks": 2}))
    assert answer["imaging"] == ["none"]


def test_an_answer_has_every_promised_key():
    _, [answer] = run(line({"back_pain": True, "saddle_anaesthesia": True}))
    assert (answer["acuity"], answer["level"], answer["route"]) == ("emergency", 2, "emergency_specialist")
    assert answer["imaging"] == ["mri_lumbar_emergency"]
    assert "bladder_scan" in answer["actions"]
    assert {"rule", "text", "source"} <= set(answer["reasons"][0])
    assert answer["unknown"] == []
    assert answer["provisional"] is False
    assert answer["ruleset"]
    assert answer["notice"] == "not yet signed by a clinician"


@pytest.mark.parametrize(
    "bad",
    [
        "not json",
        "[1]",
        "null",
        '{"id": 1}',
        '{"id": 1, "findings": 5}',
        '{"id": 1.5, "findings": {}}',
        '{"id": 1, "findings": {"fever_c": NaN}}',
        '{"id": 1, "findings": {"fever_c": 1e999}}',
        '{"id": 1, "findings": {"back_pain": true, "back_pain": false}}',
        '{"id": 1, "findings": ' + "[" * 100000 + "}",
        line({"itching": True}),
        line({"pain_nrs": True}),
        line({"gcs": 14.0}),
        line({"back_pain": None}),
        line({"trauma": "huge"}),
    ],
)
def test_a_bad_line_is_an_error_and_the_others_are_still_answered(bad):
    code, answers = run("\n".join([line({}, "before"), bad, line({"back_pain": True}, "after")]))
    assert code == 1
    assert [answer["id"] for answer in (answers[0], answers[2])] == ["before", "after"]
    assert set(answers[1]) == {"id", "error"}
    assert "error" not in answers[2]


def test_what_would_change_it_is_told_only_where_it_is_asked_for():
    _, [plain] = run(line({"back_pain": True}))
    assert not {"changes", "why_not", "procedures", "scores"} & set(plain)
    _, [full] = run(line({"back_pain": True}), "--why", "--procedures")
    _, [scored] = run(line({"claudication": True}), "--scores")
    assert "KONNO-2007" in str(scored["scores"])
    assert full["changes"][0]["acuity"] == "emergency"
    assert {"rule", "text", "open", "missing", "against", "excepted"} <= set(full["why_not"][0])
    assert [each["procedure"] for each in full["procedures"]][:2] == ["PLF", "PLIF"]
    assert {name: value for name, value in full.items() if name in plain} == plain


def test_the_questions_are_fewer_than_what_is_unknown():
    _, [answer] = run(line({"back_pain": True}))
    assert 0 < len(answer["ask"]) < len(answer["unknown"])
    assert answer["ask"][0] == "ask_urine"


def test_a_machine_the_clinic_could_have_is_named_on_the_command_line():
    try:
        _, [answer] = run(line({"saddle_anaesthesia": True}), "--on-site", "xray,ct,mri")
        assert answer["imaging"] == ["mri_lumbar_emergency_here"]
        result = CliRunner().invoke(group, ["evaluate", "--on-site", "xray,pet"], input=line({}))
        assert result.exit_code == 1
        assert "unknown modality: pet" in result.output
    finally:
        use_modalities(("xray", "ct"))


def test_bytes_that_are_no_text_are_an_error_of_their_line_alone():
    code, answers = run(b"\xff\xfe\n" + line({}, "next").encode())
    assert code == 1
    assert answers[1]["id"] == "next"


def test_the_error_of_a_line_keeps_its_id_and_names_every_fault():
    _, [answer] = run(line({"itching": True, "pain_nrs": "high"}, "x7"))
    assert answer["id"] == "x7"
    assert "itching" in answer["error"]
    assert "pain_nrs" in answer["error"]


def test_an_integer_is_good_where_a_float_is_and_null_where_the_field_says_so():
    code, _ = run(line({"fever_c": 38, "abi": 1, "age": None, "sex": None, "trauma": None, "leg_numbness": None}))
    assert code == 0


def test_blank_lines_are_passed_over():
    code, answers = run("\n\n" + line({}) + "\n   \n")
    assert (code, len(answers)) == (0, 1)


def test_the_free_text_diagnosis_changes_nothing():
    _, [with_text, without] = run(line({"known_diagnosis": "cauda equina syndrome"}) + "\n" + line({}))
    assert with_text == without


def test_reasons_speak_japanese_when_asked():
    _, [answer] = run(line({"saddle_anaesthesia": True}), "--lang", "ja")
    assert "馬尾" in answer["reasons"][0]["text"]


def test_a_file_is_read_like_standard_input(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text(line({}), encoding="utf-8")
    result = CliRunner().invoke(group, ["evaluate", str(path)])
    assert result.exit_code == 0


def test_a_thousand_cases_are_answered_one_by_one():
    cases = [line(case["findings"], case["id"]) for case in read("vignettes.jsonl")]
    code, answers = run("\n".join(cases * 10))
    assert (code, len(answers)) == (0, 1060)
