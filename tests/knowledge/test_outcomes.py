"""What is asked afterwards, as data: a file that would lose an answer or make the rate look better is refused."""

import re
import shutil
from pathlib import Path

import pytest

from triage import knowledge
from triage.knowledge import KnowledgeError, load

FOLDER = Path(knowledge.__file__).parent


def refused(folder: Path, pattern: str, instead: str) -> str:
    """Return why the file with this change is refused."""
    target = folder / "knowledge"
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = target / "outcomes.toml"
    text, count = re.subn(pattern, instead, file.read_text(encoding="utf-8"), count=1, flags=re.S)
    assert count
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        load(target)
    return str(error.value)


@pytest.mark.parametrize(
    ("pattern", "instead", "why"),
    [
        ('id = "m3"', 'id = "m12"', "duplicate id: m12"),
        ("months = 3\n", "months = 30\n", "months: the first is 0, and each is later"),
        ("months = 0\n", "months = 1\n", "months: the first is 0"),
        ("months = 3\n", "months = -3\n", "months"),
        ("before = 30\n", 'before = "a month"\n', "before"),
        ("after = 45\n", "after = 300\n", "m12: an answer could be meant for m3 too"),
        ("after = 0\n", "after = 10\n", "after the treatment it is none any more"),
        ('id = "baseline"', 'id = "start"', "the program itself needs: baseline"),
        ('source = "CLINIC"', 'source = "NOWHERE"', "unknown source: NOWHERE"),
        ('label = { en = "3 months", ja = "3か月" }', 'label = { en = "3 months" }', "ja"),
        ('id = "nrs_leg"', 'id = "nrs_back"', "duplicate id: nrs_back"),
        ('score = "odi"', 'score = "nothing"', "unknown score: nothing"),
        ('value = "walking"', 'value = "flying"', "the score has no such value"),
        ('minimum = 0\nmaximum = 10\nworse = "higher"\n', "", "needs a score, or label, range and what is worse"),
        ("minimum = 0\nmaximum = 10", "minimum = 10\nmaximum = 10", "nrs_back: the range is empty"),
        ('worse = "higher"', 'worse = "sideways"', "worse"),
        ("decimals = 3", "decimals = 9", "decimals"),
        ('id = "in_person"', 'id = "paper"', "duplicate id: paper"),
        ('id = "in_person"', 'id = "here"', "the program itself needs: in_person"),
        ('id = "operated"', 'id = "again"', "the program itself needs: operated"),
        ('id = "not_done"', 'id = "dropped"', "the program itself needs: not_done"),
        ("counts = true\n", "", "counts"),
        ("own = false\n", "", "own"),
        ('id = "elsewhere"', 'id = "other"', "duplicate id: other"),
        ('id = "haematoma"', 'id = "dural_tear"', "duplicate id: dural_tear"),
        ('source = "CLAVIEN-DINDO"', 'source = "NOBODY"', "unknown source: NOBODY"),
        ('\\[\\[outcome_contact\\]\\]', "[[outcome_kontakt]]", "outcome_kontakt"),
        ('id = "m3"\n', "id = \n", ""),
    ],
)  # fmt: skip
def test_a_fault_in_the_file_is_refused_with_its_place(tmp_path: Path, pattern: str, instead: str, why: str) -> None:
    told = refused(tmp_path, pattern, instead)
    assert why in told
    assert "outcomes.toml" in told


def test_without_a_measure_that_is_needed_every_answer_would_be_complete(tmp_path: Path) -> None:
    target = tmp_path / "knowledge"
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = target / "outcomes.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("core = true\n", ""), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="no measure is core"):
        load(target)


def test_what_is_given_up_counts_as_not_answered_and_death_does_not() -> None:
    ends = load().flow.outcomes.ends
    assert {name for name, end in ends.items() if end.counts} == {"declined", "unreachable"}
    assert not ends["operated"].by_hand
    assert not load().flow.outcomes.starts["elsewhere"].own
