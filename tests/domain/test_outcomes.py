"""When a patient is asked, what counts as in time, and how the response rate is not made to look better."""

from datetime import date

import pytest

from triage import knowledge
from triage.domain import outcomes
from triage.domain.outcomes import Window, add_months

KNOWN = knowledge.load().flow.outcomes
INDEX = date(2025, 3, 31)
CLOSED = Window(date(2025, 6, 1), date(2025, 7, 1), date(2025, 8, 15))


def test_the_scores_that_are_asked_for_are_those_that_the_program_knows() -> None:
    scores = {score.id: score for score in knowledge.load().scores}
    for measure in KNOWN.measures.values():
        if measure.score:
            assert measure.worse == scores[measure.score].worse
            assert measure.finding in scores[measure.score].names
    assert KNOWN.core == ("nrs_back", "nrs_leg", "odi")


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [(date(2025, 11, 30), 3, date(2026, 2, 28)), (date(2024, 2, 29), 12, date(2025, 2, 28)), (INDEX, 0, INDEX)],
)
def test_a_month_later_is_never_a_day_that_there_is_not(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


def test_a_patient_is_asked_before_the_treatment_and_after_3_12_and_24_months() -> None:
    assert [point.months for point in KNOWN.points.values()] == [0, 3, 12, 24]
    windows = [point.window(INDEX) for point in KNOWN.points.values()]
    assert windows[0].closes == INDEX  # afterwards it is no baseline any more
    for earlier, later in zip(windows, windows[1:], strict=False):
        assert earlier.closes < later.opens  # no answer can be meant for two points


@pytest.mark.parametrize(
    ("day", "state"),
    [(date(2025, 5, 31), "early"), (date(2025, 6, 1), "due"), (date(2025, 7, 1), "due"), (date(2025, 7, 2), "overdue"),
     (date(2025, 8, 15), "overdue"), (date(2025, 8, 16), "missed")],
)  # fmt: skip
def test_a_point_is_early_due_overdue_missed(day: date, state: str) -> None:
    assert outcomes.state("open", CLOSED, day) == state
    assert outcomes.state("answered", CLOSED, day) == "answered"


def test_a_part_of_the_answers_is_no_answer() -> None:
    assert outcomes.status_after(KNOWN.core, []) == "open"
    assert outcomes.status_after(KNOWN.core, ["nrs_back", "odi", "eq5d"]) == "partly"
    assert outcomes.status_after(KNOWN.core, KNOWN.core) == "answered"


@pytest.mark.parametrize(
    ("name", "typed", "read"),
    [("nrs_back", "７", (7, "")), ("nrs_back", " ", (None, "")), ("nrs_back", "11", (None, "number_range")),
     ("nrs_back", "3.5", (None, "not_whole")), ("odi", "abc", (None, "not_a_number")), ("eq5d", "0,812", (0.812, "")),
     ("eq5d", "−0.1", (-0.1, "")), ("eq5d", "0.8125", (None, "too_many_decimals")), ("joa_lbp", "-6", (-6, "")),
     ("nrs_leg", "1e1", (None, "not_a_number")), ("nrs_leg", "nan", (None, "not_a_number"))],
)  # fmt: skip
def test_a_number_is_read_as_people_type_it_or_refused(name: str, typed: str, read: tuple[float | None, str]) -> None:
    assert KNOWN.measures[name].read(typed) == read
