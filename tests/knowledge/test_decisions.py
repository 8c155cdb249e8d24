"""What a decision may name: complete, sourced, and said to the patient in plain words."""

import shutil
from pathlib import Path

import pytest

from triage import knowledge
from triage.domain.operation import indications_of
from triage.domain.treatment import KINDS
from triage.knowledge import KnowledgeError, load

FOLDER = Path(knowledge.__file__).parent


def test_every_indication_of_a_procedure_is_said_in_the_patients_words_and_no_other() -> None:
    known = load()
    coded = [item.id for procedure in known.procedures for item in indications_of(known, procedure.id)]
    assert set(known.decisions.reasons) == set(coded)


def test_the_patient_reads_no_abbreviation_and_no_latin() -> None:
    known = load()
    said = [item.plain for item in known.procedures] + [item.text for item in known.decisions.reasons.values()]
    for text in (*said, *(item.plain for item in known.decisions.measures.values())):
        for word in ("PLIF", "MED", "stenosis", "radicul", "spondylo", "herniation", "狭窄", "神経根", "変性"):
            assert word not in text.en + text.ja


def test_the_trial_that_comes_before_an_implant_is_a_criterion_and_a_finding() -> None:
    known = load()
    (trial,) = [item for item in known.procedures if item.steps]
    assert (trial.id, trial.steps) == ("SCS", ("trial", "implant"))
    criteria = next(item.criteria for item in known.candidacy.treatments if item.id == "SCS")
    assert trial.trial_criterion in {item.id for item in criteria}
    assert trial.trial_finding in known.findings


def test_the_seeds_fusions_name_screws_and_own_or_artificial_bone() -> None:
    fusions = {item.id: item for item in load().procedures if item.fusion}
    assert set(fusions) == {"PLF", "PLIF", "PLF_PLIF", "LLIF"}
    for item in fusions.values():
        assert {"screws", "rods"} <= set(item.implants)
        assert item.grafts == ("autologous", "artificial")
    assert all("cage" in fusions[name].implants for name in ("PLIF", "PLF_PLIF", "LLIF"))


def test_no_kind_of_decision_is_signed_under_two_procedures_by_mistake() -> None:
    assert {item.kind for item in load().procedures} == {"procedure", "nerve_block"} <= set(KINDS)
    assert [item.id for item in load().procedures if item.kind == "nerve_block"] == ["NERVE_BLOCK"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('source = "EUROSPINE-INJECTIONS"', 'source = "NOWHERE"', "unknown source: NOWHERE"),
        ('id = "caudal"', 'id = "epidural"', "duplicate id: epidural"),
        ("weeks = 6", "weeks = 0", "weeks"),
    ],
)
def test_a_fault_in_the_file_is_refused_with_its_place(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert why in refused(tmp_path, "decisions.toml", old, new)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('implants = ["leads", "generator"]', 'implants = ["magnet"]', "unknown implant: magnet"),
        ('kind = "nerve_block"', 'kind = "injection"', "unknown kind: injection"),
        ('trial_finding = "stimulation_trial_successful"\n', "", "steps need the finding"),
    ],
)
def test_a_fault_in_the_procedures_is_refused_with_its_place(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert why in refused(tmp_path, "procedures.toml", old, new)


def refused(folder: Path, name: str, old: str, new: str) -> str:
    """Return why the knowledge with this change is refused."""
    target = folder / "knowledge"
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (target / name).read_text(encoding="utf-8")
    assert old in text
    (target / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        load(target)
    return str(error.value)
