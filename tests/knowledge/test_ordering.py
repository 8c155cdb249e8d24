"""How an examination is ordered is data: wrong data is refused when the program starts."""

import shutil
from pathlib import Path

import pytest

from triage import knowledge
from triage.knowledge import KnowledgeError

SHIPPED = Path(knowledge.__file__).parent
FILE = "imaging_orders.toml"


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ('5 = "routine"', '6 = "routine"', "a priority for each level"),
        ('1 = "stat"', '1 = "high"', "priority"),
        ("repeat_days = 30", "repeat_days = 0", "repeat_days"),
        ('source = "CLINIC"', 'source = "NOBODY"', "NOBODY"),
        ('procedures = ["xray_pelvis"]', 'procedures = ["xray_lumbar"]', "xray_pelvis shows no region"),
        ('procedures = ["xray_pelvis"]', 'procedures = ["xray_hand"]', "xray_hand"),
    ],
)
def test_a_planted_fault_is_named(tmp_path: Path, was: str, becomes: str, why: str) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (folder / FILE).read_text(encoding="utf-8")
    assert was in text
    (folder / FILE).write_text(text.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=why):
        knowledge.load(folder)


def test_every_examination_shows_a_region_and_every_level_has_its_priority() -> None:
    flow = knowledge.load().flow
    assert all(flow.ordering.regions[name] for name in flow.examinations.procedures)
    assert flow.ordering.priority == {1: "stat", 2: "asap", 3: "urgent", 4: "routine", 5: "routine"}
