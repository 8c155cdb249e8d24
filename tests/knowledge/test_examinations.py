"""What can be ordered at a machine: its codes, its views, what it asks before it starts."""

import re
import shutil
from pathlib import Path

import pytest

from triage import knowledge
from triage.knowledge import KnowledgeError, load


def test_every_machine_of_the_clinic_has_something_to_order() -> None:
    known = knowledge.load()
    assert all(known.flow.examinations.at(modality.id) for modality in known.modalities)


def test_no_code_that_is_known_to_mean_something_else_is_used() -> None:
    codes = [one.loinc for one in knowledge.load().flow.examinations.procedures.values() if one.loinc]
    assert len(codes) == len(set(codes))
    assert not {"36554-4", "45613-6", "30704-1"} & set(codes)  # a chest X-ray; two that are in no official list


def test_pregnancy_is_asked_before_every_examination() -> None:
    assert all("pregnancy" in one.safety for one in knowledge.load().flow.examinations.procedures.values())


def test_before_contrast_in_the_spinal_canal_allergy_kidneys_and_anticoagulants_are_asked() -> None:
    procedures = knowledge.load().flow.examinations.procedures
    for name in ("myelography", "ct_myelography"):
        assert {"contrast_allergy", "kidney", "anticoagulant"} <= set(procedures[name].safety)


@pytest.mark.parametrize(
    ("pattern", "instead", "reason"),
    [
        (r'safety = \["pregnancy", "metal"\]', 'safety = ["nonsense"]', "unknown safety question: nonsense"),
        (r'default_views = \["flexion", "extension"\]', 'default_views = ["pelvis_ap"]', "unknown default view"),
        (r'means = \["ct_lumbar"\]', 'means = ["nonsense"]', "unknown imaging: nonsense"),
        (r'modality = "ct"', 'modality = "nonsense"', "unknown modality: nonsense"),
        (r'loinc = "24970-6"', 'loinc = "nonsense"', "loinc"),
        (r'id = "ct_cervical"', 'id = "ct_lumbar"', "duplicate id: ct_lumbar"),
        (r'acr = "ct_without"', 'acr = "nonsense"', "unknown ACR procedure: nonsense"),
    ],
)
def test_an_examination_that_cannot_be_is_refused(tmp_path: Path, pattern: str, instead: str, reason: str) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(Path(knowledge.__file__).parent, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = folder / "imaging_procedures.toml"
    text, count = re.subn(pattern, instead, file.read_text(encoding="utf-8"), count=1)
    assert count
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=re.escape(reason)):
        load(folder)
