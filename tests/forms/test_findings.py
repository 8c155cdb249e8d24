"""What a posted answer means, read by the vocabulary alone."""

import pytest
from werkzeug.datastructures import MultiDict

from triage import knowledge
from triage.domain.findings import Answer
from triage.forms import findings, intakes

KNOWN = knowledge.load()


def parse(*pairs: tuple[str, str]) -> findings.Posted:
    return findings.parse(MultiDict(pairs))


def one(kind: str, **wanted: object) -> str:
    """Return the name of some finding of a kind."""
    specs = (s for s in KNOWN.findings.values() if s.kind == kind and not s.from_record and not s.ask)
    return next(s.name for s in specs if all(getattr(s, key) == value for key, value in wanted.items()))


YES_NO, CHOICE, TEXT = one("yes_no"), one("choice", null_means="none"), one("text")
DECIMAL, WHOLE, WEEKS = one("number", types=("float",)), one("integer", unit="mmHg"), one("number", unit="weeks")


@pytest.mark.parametrize(
    ("stored", "typed", "ticked", "answer"),
    [
        ("", "", True, Answer(False)),
        ("", "120", False, Answer(True, 120)),
        ("120", "120", True, Answer(False)),  # the number stood there, the box is new
        ("?", "120", True, Answer(True, 120)),  # the box stood there, the number is new
        ("?", "", False, None),
    ],
)
def test_a_box_beside_a_number_says_that_it_is_not_known_and_what_is_new_counts(
    stored: str, typed: str, ticked: bool, answer: Answer | None
) -> None:
    boxes = [(f"a.{WHOLE}", "unknown")] if ticked else []
    posted = parse((f"w.{WHOLE}", stored), (f"a.{WHOLE}", typed), *boxes)
    assert posted.answers == {WHOLE: answer}


def test_a_weight_of_time_that_stood_there_gives_way_to_the_box_too() -> None:
    posted = parse((f"w.{WEEKS}", "6 weeks"), (f"a.{WEEKS}", "6"), (f"u.{WEEKS}", "weeks"), (f"a.{WEEKS}", "unknown"))
    assert posted.answers == {WEEKS: Answer(False)}


def test_a_new_number_and_a_new_box_cannot_both_be_meant() -> None:
    posted = parse((f"w.{WHOLE}", ""), (f"a.{WHOLE}", "120"), (f"a.{WHOLE}", "unknown"))
    assert posted.answers == {}
    assert posted.errors[WHOLE][0] == "not_a_number"


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        (YES_NO, "yes", Answer(True, True)),
        (YES_NO, "no", Answer(True, False)),
        (YES_NO, "unknown", Answer(False)),
        (YES_NO, "not_known", Answer(False)),
        (YES_NO, "", None),
        (CHOICE, "none", Answer(True, None)),
        (CHOICE, "unilateral", Answer(True, "unilateral")),
        (WHOLE, "120", Answer(True, 120)),
        (WHOLE, " １２０ ", Answer(True, 120)),
        (WHOLE, "?", Answer(False)),
        (DECIMAL, "38.5", Answer(True, 38.5)),
        (DECIMAL, "３８．５", Answer(True, 38.5)),
        (DECIMAL, "38", Answer(True, 38.0)),
        (TEXT, "L4/5", Answer(True, "L4/5")),
        (TEXT, "不明", Answer(False)),
    ],
)
def test_an_answer_is_read_by_its_kind(name: str, text: str, answer: Answer | None) -> None:
    posted = parse((f"a.{name}", text))
    assert posted.answers == {name: answer}
    assert type(posted.answers[name].value if answer else None) is type(answer.value if answer else None)
    assert posted.errors == {}


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        (YES_NO, "maybe", "not_a_choice"),
        (YES_NO, "YES", "not_a_choice"),
        (CHOICE, "three legs", "not_a_choice"),
        (WHOLE, "12.5", "not_whole"),
        (WHOLE, "351", "number_range"),
        (WHOLE, "nan", "not_a_number"),
        (WHOLE, "inf", "not_a_number"),
        (WHOLE, "1_0", "not_a_number"),
        (WHOLE, "0x10", "not_a_number"),
        (WHOLE, "9" * 40, "not_a_number"),
        (TEXT, "a\x00b", "bad_text"),
        (TEXT, "a" * 2001, "too_long"),
        ("nobody_asks_this", "yes", "unknown_name"),
        ("symptom.", "yes", "unknown_name"),
    ],
)
def test_what_cannot_be_an_answer_is_refused_with_its_text_kept(name: str, text: str, code: str) -> None:
    posted = parse((f"a.{name}", text))
    assert posted.answers == {}
    assert posted.errors[name][0] == code
    assert posted.typed[name] == text


def test_what_the_patients_record_says_is_not_an_answer() -> None:
    for name in (spec.name for spec in KNOWN.findings.values() if spec.from_record):
        assert parse((f"a.{name}", "40")).errors[name][0] == "unknown_name"


def test_a_duration_may_be_given_in_days_weeks_months_or_years() -> None:
    def weeks(number: str, unit: str) -> object:
        answer = parse((f"a.{WEEKS}", number), (f"u.{WEEKS}", unit)).answers[WEEKS]
        return answer.value if answer else None

    assert weeks("42", "days") == 6
    assert weeks("6", "weeks") == 6
    assert weeks("1.5", "months") == pytest.approx(6.52, abs=0.01)
    assert weeks("1", "years") == pytest.approx(52.18, abs=0.01)
    assert parse((f"a.{WEEKS}", "6"), (f"u.{WEEKS}", "moons")).errors[WEEKS][0] == "not_a_number"


@pytest.mark.parametrize(
    ("number", "unit"), [("3", "days"), ("6", "weeks"), ("0", "weeks"), ("2.5", "weeks"), ("10", "days")]
)
def test_a_duration_comes_back_as_it_was_given(number: str, unit: str) -> None:
    answer = parse((f"a.{WEEKS}", number), (f"u.{WEEKS}", unit)).answers[WEEKS]
    assert answer is not None
    assert findings.wire(WEEKS, answer.known, answer.value) == f"{number} {unit}"


def some_texts(item: findings.Item) -> list[str]:
    """Return a few texts that the item accepts."""
    if item.kind == "choice":
        return [*(choice.id for choice in item.spec.choices), "unknown"]
    fixed = {"yes_no": ["yes", "no", "unknown"], "text": ["L5", "?"]}
    return fixed.get(item.kind) or [f"{item.spec.maximum:g}", f"{item.spec.minimum + 1:g}", "?"]


@pytest.mark.parametrize("name", sorted(findings.items()))
def test_every_stored_answer_is_posted_back_as_itself(name: str) -> None:
    for text in some_texts(findings.items()[name]):
        answer = findings.read(name, text)
        assert answer is not None
        assert findings.read(name, findings.wire(name, answer.known, answer.value)) == answer


def test_an_answer_that_the_page_already_held_was_not_touched() -> None:
    assert parse((f"a.{WHOLE}", "120"), (f"w.{WHOLE}", "120")).answers == {}
    assert parse((f"a.{WHOLE}", ""), (f"w.{WHOLE}", "")).answers == {}
    assert parse((f"a.{WHOLE}", ""), (f"w.{WHOLE}", "120")).answers == {WHOLE: None}


def test_a_ticked_chip_counts_after_the_blank_before_it() -> None:
    chip = KNOWN.symptoms[0]
    assert parse((f"a.{chip.key}", ""), (f"a.{chip.key}", chip.id)).answers == {chip.key: Answer(True, True)}
    assert parse((f"a.{chip.key}", "")).answers == {chip.key: None}
    assert parse((f"a.{chip.key}", "another")).errors[chip.key][0] == "not_a_choice"


def test_a_question_that_alone_enters_a_finding_replaces_what_was_said_about_it_elsewhere() -> None:
    question = next(q for q in KNOWN.urgent_questions if not q.details)
    answers = parse((f"a.{question.id}", "no")).answers
    assert answers == {question.id: Answer(True, False), **dict.fromkeys(question.findings)}


def test_filling_grades_one_side_and_nothing_else() -> None:
    answers = parse(("fill", "left")).answers
    assert answers == {row.left: Answer(True, 5) for row in KNOWN.myotomes}
    assert parse(("fill", "both")).answers == {}


def test_every_name_belongs_to_the_place_where_it_is_asked() -> None:
    assert parse((f"a.{KNOWN.myotomes[0].left}", "5")).places() == {"sheet"}
    assert parse((f"a.{KNOWN.symptoms[0].key}", "yes")).places() == {"desk"}
    nurse = next(q.id for q in KNOWN.urgent_questions if q.asked_by == "nurse")
    assert parse((f"a.{nurse}", "yes")).places() == {"sheet"}


def test_details_are_read_and_consent_keeps_the_version_of_its_text() -> None:
    posted = intakes.parse(MultiDict([("d.consent", "no"), ("d.referral_letter", ""), ("d.complaint", " 腰痛\r\n ")]))
    version = intakes.CONSENT_VERSION
    wanted = {"consent": False, "referral_letter": None, "complaint": "腰痛", "consent_version": version}
    assert posted.values == wanted
    odd = intakes.parse(MultiDict([("d.consent", "perhaps"), ("d.complaint", "a\x00")]))
    assert {name: code for name, (code, _) in odd.errors.items()} == {
        "consent": "not_a_choice",
        "complaint": "bad_text",
    }
    assert intakes.parse(MultiDict([("d.complaint", "x\r\ny"), ("v.complaint", "x\ny")])).values == {}
