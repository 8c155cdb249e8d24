"""Templates of the way after a decision: every procedure has exactly one, and a template that cannot be is refused."""

import re
import shutil
from pathlib import Path

import pytest

from triage import knowledge
from triage.domain import pathways as way
from triage.knowledge import KnowledgeError, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "knowledge"
    shutil.copytree(Path(knowledge.__file__).parent, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return target


@pytest.mark.parametrize(
    ("pattern", "instead", "reason"),
    [
        (r'procedures = \["LAMINOPLASTY"\]', 'procedures = ["LAMINOPLASTY", "PLIF"]', "in two pathways: PLIF"),
        (r'"PLF_PLIF", ', "", "in no pathway: PLF_PLIF"),
        (r'procedures = \["SCS"\]', 'procedures = ["NONSENSE"]', "unknown procedure: NONSENSE"),
        (r"xray_stability = 7", "xray_nonsense = 7", "unknown step: xray_nonsense"),
        (r'needs = \["myelography"\]', 'needs = ["nonsense"]', "unknown step: nonsense"),
        (r'items = \["consent"\]', 'items = ["nonsense"]', "unknown checklist item: nonsense"),
        (r'source = "NICE-TA159"', 'source = "NONSENSE"', "unknown source: NONSENSE"),
        (r"\nimplant = 0", "", "stimulation: has no operation"),
        (r'owner = "surgeon"\nafter = "myelography"', 'owner = "porter"\nafter = "myelography"', "owner"),
        (r'after = "admission"', 'after = "rest"', "its date cannot be counted from"),
    ],
)
def test_a_template_that_cannot_be_is_refused(folder: Path, pattern: str, instead: str, reason: str) -> None:
    file = folder / "pathways.toml"
    text, count = re.subn(pattern, instead, file.read_text(encoding="utf-8"))
    assert count
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=reason):
        load(folder)


def test_every_procedure_has_its_way_with_an_operation_and_a_checklist_before_it() -> None:
    known = load()
    for procedure in known.procedures:
        template = known.flow.pathways.of(procedure.id)
        assert template is not None, procedure.id
        marks = {step.mark: step for step in template.steps}
        assert marks[way.READY].items, procedure.id
        assert marks[way.READY].name in marks[way.OPERATION].needs, procedure.id


def test_the_seeds_pathway_of_a_fusion_stands_as_on_the_clinics_page() -> None:
    steps = {step.name: step for step in load().flow.pathways.templates["fusion"].steps}
    assert list(steps).index("myelography") < list(steps).index("explanation") < list(steps).index("rest")
    assert (steps["physiotherapy"].days, steps["xray_stability"].days, steps["discharge"].days) == (7, 7, 28)
    assert (steps["aftercare"].days, steps["aftercare"].days + steps["aftercare"].grace) == (7, 14)
    assert "myelography" in steps["ready"].needs
