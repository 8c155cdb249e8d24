"""The minimum data set of a referral is data, and data that cannot be meant is refused with its place."""

import shutil
from pathlib import Path

import pytest

from triage import knowledge
from triage.knowledge import KnowledgeError, load

PART = """
[[referral]]
id = "{id}"
label = {{ en = "New", ja = "新" }}
sources = ["{source}"]
[[referral.item]]
label = {{ en = "New", ja = "新" }}
ways = {ways}
not_if = "{not_if}"
comes_with = ["{route}"]
"""
GOOD = {"id": "new", "source": "CLINIC", "ways": '[["smoker"]]', "not_if": "back_pain", "route": "specialist_consult"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "knowledge"
    shutil.copytree(Path(knowledge.__file__).parent, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return target


def add(folder: Path, **change: str) -> None:
    (folder / "zz_new.toml").write_text(PART.format(**GOOD | change), encoding="utf-8")


def test_a_part_is_added_as_one_entry(folder: Path) -> None:
    add(folder)
    assert [part.id for part in load(folder).flow.referral][-1] == "new"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "dominant"}, "duplicate id: dominant"),
        ({"source": "NOWHERE"}, "unknown source: NOWHERE"),
        ({"ways": '[["smokes"]]'}, "unknown name: smokes"),
        ({"ways": '[["regions.*"]]'}, "unknown name: regions.*"),
        ({"ways": "[[]]"}, "nothing is named in one of them"),
        ({"not_if": "back_pane"}, "unknown name: back_pane"),
        ({"route": "xray"}, "unknown route: xray"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(folder: Path, change: dict[str, str], reason: str) -> None:
    add(folder, **change)
    with pytest.raises(KnowledgeError) as error:
        load(folder)
    assert str(error.value).startswith("zz_new.toml:2: ")
    assert reason in str(error.value)


@pytest.mark.parametrize("minutes", ["{ nurse = 15 }", "{ nurse = 0, surgeon = 30 }", "{ nurse = 15, patient = 3 }"])
def test_each_side_has_its_time_to_answer(folder: Path, minutes: str) -> None:
    path = folder / "flow.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("minutes = { nurse = 15, surgeon = 30 }", f"minutes = {minutes}"), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="at least one minute for each of: nurse, surgeon"):
        load(folder)
