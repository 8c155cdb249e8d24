"""What the forms record and what the command reads give the same advice, for every case."""

import pytest

from tests.knowledge.support import advise, read
from triage.domain.findings import Answer, resolve
from triage.knowledge import load


def answers_for(findings: dict) -> dict[str, Answer]:
    """Return the answers staff record: a finding without a detail field is answered by its urgent question."""
    k = load()
    questions = {question.id: question for question in k.urgent_questions}
    answers = {}
    for name, value in findings.items():
        ask = k.findings[name].ask
        by_question = ask and name not in questions[ask].details
        answers[ask if by_question else name] = Answer(True, value)
    return answers


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in read("vignettes.jsonl") + read("cases.jsonl")])
def test_a_case_entered_by_staff_gets_the_answer_of_the_command(case):
    entered, direct = advise(resolve(load(), answers_for(case["findings"]))), advise(case["findings"])
    assert (entered.acuity, entered.level, entered.route) == (direct.acuity, direct.level, direct.route)
    assert (entered.imaging, entered.actions, entered.reasons) == (direct.imaging, direct.actions, direct.reasons)
