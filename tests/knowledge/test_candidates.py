"""The criteria of the treatments are knowledge like the rules: sourced, part of the version, refused when bad."""

import re
import shutil
from pathlib import Path

import pytest

from triage import knowledge
from triage.domain.candidates import candidates
from triage.knowledge import KnowledgeError, load, rules_text, with_rules

CRITERION = """
[[criterion]]
id = "{id}"
of = ["{of}"]
kind = "{kind}"
when = "{when}"
text = {{ en = "A text.", ja = "文。" }}
sources = ["{source}"]
status = "project"
"""
GOOD = {"id": "NEW-C1", "of": "SCS", "kind": "contraindication", "when": "diabetes", "source": "PROJECT"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "knowledge"
    shutil.copytree(Path(knowledge.__file__).parent, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return target


def refused(folder: Path, text: str) -> str:
    (folder / "zz_new.toml").write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        load(folder)
    return str(error.value)


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_criterion_has_words_in_both_languages_and_a_source_to_open() -> None:
    known = load()
    for treatment in known.candidacy.treatments:
        assert treatment.label["en"] != treatment.label["ja"]
        for criterion in treatment.criteria:
            assert criterion.text["en"] != criterion.text["ja"]
            assert all(source in known.sources for source in criterion.sources)


def test_every_treatment_but_two_has_an_indication() -> None:
    without = {t.id for t in load().candidacy.treatments if not any(c.kind == "indication" for c in t.criteria)}
    assert without == {"HYBRID_LASER", "LAMINOPLASTY"}


def test_a_sound_criterion_can_be_added_as_one_entry(folder: Path) -> None:
    (folder / "zz_new.toml").write_text(CRITERION.format(**GOOD), encoding="utf-8")
    found = next(c for c in candidates(load(folder).candidacy, {"diabetes": True}) if c.procedure == "SCS")
    assert "NEW-C1" in {point.id for point in found.against}


@pytest.mark.parametrize(
    ("planted", "reason"),
    [
        ({"of": "MAGIC"}, "unknown candidate: MAGIC"),
        ({"kind": "advice"}, "kind"),
        ({"when": "diabetis"}, "unknown name: diabetis"),
        ({"when": "unless(diabetes)"}, "what nobody asked is unknown"),
        ({"when": "failed_care"}, "what nobody asked is unknown"),
        ({"source": "NOWHERE"}, "unknown source: NOWHERE"),
        ({"id": "SCS-C1"}, "duplicate id: SCS-C1"),
    ],
)
def test_a_planted_bad_criterion_is_refused_with_file_line_and_reason(folder: Path, planted: dict, reason: str) -> None:
    message = refused(folder, CRITERION.format(**GOOD | planted))
    assert message.startswith("zz_new.toml:2: ")
    assert reason in message


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('when = "diabetes"\n', "", "either when or warning"),
        ('when = "diabetes"', 'when = "diabetes"\nwarning = true', "either when or warning"),
        ('kind = "contraindication"', 'kind = "prerequisite"\nnot_if = "smoker"', "could count against"),
        ('when = "diabetes"', 'when = "diabetes"\nnot_if = "smokes"', "unknown name: smokes"),
        (', ja = "文。"', "", "text.ja: Field required"),
        ('of = ["SCS"]', "of = []", "of"),
        ('of = ["SCS"]', 'of = ["HYBRID_LASER"]', "HYBRID_LASER: criteria, but no indication"),
        ('status = "project"', 'status = "project"\ncolour = "red"', "colour"),
    ],
)
def test_a_criterion_that_does_not_fit_is_refused(folder: Path, old: str, new: str, reason: str) -> None:
    assert reason in refused(folder, CRITERION.format(**GOOD).replace(old, new))


def test_a_treatment_out_of_order_missing_or_twice_is_refused(folder: Path) -> None:
    plain = (folder / "candidates.toml").read_text(encoding="utf-8")
    first, second = (f'id = "{name}"' for name in ("MED", "MD"))
    swapped = plain.replace(first, "X").replace(second, first).replace("X", second)
    for planted in (swapped, re.sub(r'\[\[candidate\]\]\nid = "SCS"\n.*?\n\n', "", plain, flags=re.DOTALL)):
        (folder / "candidates.toml").write_text(planted, encoding="utf-8")
        with pytest.raises(KnowledgeError):
            load(folder)
        load.cache_clear()
    (folder / "candidates.toml").write_text(plain, encoding="utf-8")
    assert "duplicate id: SCS" in refused(folder, '[[candidate]]\nid = "SCS"\nshort = { en = "S", ja = "刺激" }')


def test_a_treatment_without_criteria_must_say_why(folder: Path) -> None:
    message = refused(
        folder, '[[candidate]]\nid = "BATHS"\nshort = { en = "B", ja = "湯" }\nlabel = { en = "Baths", ja = "温泉" }'
    )
    assert "without criteria a note must say why" in message


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('reading = "any"', 'reading = "either"', "unknown reading: either"),
        ('reading = "any"\n', "", "readings and the reading in force"),
        ('reading = "any"', 'reading = "any"\nwhen = "back_pain"', "readings and the reading in force"),
        ('when = "prior_pt and prior_medication', 'when = "prior_spa and prior_medication', "unknown name: prior_spa"),
    ],
)
def test_a_bad_reading_is_refused_also_when_it_is_not_in_force(folder: Path, old: str, new: str, reason: str) -> None:
    change(folder, "definitions_treatment.toml", old, new)
    with pytest.raises(KnowledgeError) as error:
        load(folder)
    assert reason in str(error.value)
    assert re.match(r"definitions_treatment\.toml:\d+: ", str(error.value))


LATERAL = {"prior_pt": True, "prior_medication": True, "prior_injection": False, "prior_relief": False}


def readings(known: knowledge.Knowledge) -> tuple[str, dict[str, str]]:
    found = next(c for c in candidates(known.candidacy, LATERAL) if c.procedure == "LLIF")
    needed = next(p.state for p in found.prerequisites if p.id == "LLIF-P2")
    return needed, {reading.reading: reading.verdict for reading in found.other_readings}


def test_the_reading_of_the_lateral_rule_is_a_parameter_of_the_version() -> None:
    loose, strict = load(), with_rules(rules_text.shipped().replace('reading = "any"', 'reading = "all"'))
    assert readings(loose) == ("met", {"all": "against"})
    assert readings(strict) == ("not_met", {"any": "unknown"})
    assert loose.ruleset.hash != strict.ruleset.hash


def test_the_criteria_are_part_of_the_hash(folder: Path) -> None:
    plain = load(folder).ruleset.hash
    change(folder, "candidates_care.toml", "pain_vas_mm >= 50", "pain_vas_mm >= 60")
    load.cache_clear()
    assert load(folder).ruleset.hash != plain


def test_what_a_patient_was_told_confirms_no_diagnosis_but_warns_of_infection_and_tumour() -> None:
    for option in load().diagnoses:
        assert not [name for name in option.implies if name.startswith("dx_")]
    implied = {option.id: set(option.implies) for option in load().diagnoses}
    assert "known_spinal_infection" in implied["discitis"] & implied["osteomyelitis"]
    assert "known_spinal_tumour" in implied["tumour"]


def test_the_levels_that_can_be_recorded_are_the_levels_a_decision_may_name() -> None:
    known = load()
    assert known.findings["concerned_level"].values == known.levels
