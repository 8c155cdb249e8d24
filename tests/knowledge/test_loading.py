"""Bad knowledge never reaches a patient: the loader refuses it and names file, line and reason."""

import shutil
from pathlib import Path

import pytest

from triage import knowledge
from triage.knowledge import KnowledgeError, load

RULE = """
[[rule]]
id = "{id}"
when = "{when}"
acuity = "{acuity}"
route = "{route}"
text = {{ en = "A text.", ja = "文。" }}
sources = ["{source}"]
status = "project"
"""
GOOD = {"id": "NEW-01", "when": "back_pain", "acuity": "soon", "route": "xray", "source": "PROJECT"}


YES_NO = [name for name, spec in load().findings.items() if "bool" in spec.types]
LONG = " and ".join(YES_NO[:16])
WIDE = f"at_least(9, {', '.join(YES_NO)})"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "knowledge"
    shutil.copytree(Path(knowledge.__file__).parent, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return target


def add(folder: Path, text: str, name: str = "zz_new.toml") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def refused(folder: Path) -> str:
    with pytest.raises(KnowledgeError) as error:
        load(folder)
    return str(error.value)


def test_a_sound_rule_can_be_added_as_one_entry(folder):
    add(folder, RULE.format(**GOOD))
    assert "NEW-01" in {rule.id for rule in load(folder).ruleset.rules}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"when": "back_pane"}, "unknown name: back_pane"),
        ({"when": ""}, "when"),
        ({"when": "   "}, "empty condition"),
        ({"when": "not back_pain"}, "not allowed in a condition"),
        ({"when": "back_pain and"}, "cannot read the condition"),
        ({"when": "age"}, "needs a comparison"),
        ({"when": "back_pain >= 1"}, "never compared"),
        ({"when": "age >= 'old'"}, "must be compared with a number"),
        ({"when": "age >= True"}, "must be compared with a number"),
        ({"when": "trauma == 'huge'"}, "can only be one of"),
        ({"when": "known_diagnosis == 'x'"}, "never compared"),
        ({"when": "unless(denied(back_pain))"}, "a no must never switch a rule off"),
        ({"when": "back_pain and unless(age > 50 or denied(back_pain))"}, "a no must never switch a rule off"),
        ({"when": "unless(failed_care)"}, "a no must never switch a rule off"),
        ({"when": "unless(unless(at_least(1, back_pain, failed_care)))"}, "a no must never switch a rule off"),
        ({"when": "__import__('os')"}, "not allowed in a condition"),
        ({"when": "age < 20 and age > 30"}, "no answers can make this condition true"),
        ({"when": "unless(back_pain)"}, "it would hold while nothing is known"),
        ({"when": LONG}, "16 tests needed together, the limit is 15: split the rule"),
        ({"when": WIDE}, "ways to make the condition true, the limit is 2000: split the rule"),
        ({"id": "RF-CES-01"}, "duplicate id: RF-CES-01"),
        ({"source": "NOWHERE"}, "unknown source: NOWHERE"),
        ({"route": "home"}, "unknown route: home"),
        ({"acuity": "later"}, "acuity"),
    ],
)
def test_a_planted_bad_rule_is_refused_with_file_line_and_reason(folder, change, reason):
    add(folder, RULE.format(**{**GOOD, **change}))
    message = refused(folder)
    assert message.startswith("zz_new.toml:2: ")
    assert reason in message


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('sources = ["PROJECT"]', "sources = []", "sources"),
        ('sources = ["PROJECT"]\n', "", "sources: Field required"),
        (', ja = "文。"', "", "text.ja: Field required"),
        ('ja = "文。"', 'ja = ""', "text.ja"),
        ('status = "project"', 'status = "project"\nlevel = "4"', "level"),
        ('status = "project"', 'status = "project"\ncolour = "red"', "colour"),
        ('status = "project"', 'status = "project"\nimaging = ["mri_of_everything"]', "unknown imaging"),
        ('status = "project"', 'status = "project"\nactions = ["pray"]', "unknown action"),
    ],
)
def test_a_rule_without_source_or_japanese_or_with_a_wrong_type_is_refused(folder, old, new, reason):
    add(folder, RULE.format(**GOOD).replace(old, new))
    message = refused(folder)
    assert message.startswith("zz_new.toml:2: ")
    assert reason in message


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("a.toml", "[[finding", "a.toml:1: "),
        ("zz.toml", '[ruleset]\nversion = "2"', "ruleset is already in another file"),
        ("a.toml", '[[definition]]\nname = "back_pain"\nwhen = "leg_pain"', "duplicate id: back_pain"),
        ("zz.toml", '[[definition]]\nname = "later"\nwhen = "even_later"', "unknown name: even_later"),
        ("a.toml", '[[surprise]]\nid = "x"', "surprise"),
        (
            "zz.toml",
            '[[finding]]\nname = "age"\ntypes = ["int"]\nsection = "vitals"\nlabel = { en = "a", ja = "b" }',
            "duplicate id: age",
        ),
        (
            "zz.toml",
            '[[finding]]\nname = "new"\ntypes = ["int"]\nsection = "nowhere"\nlabel = { en = "a", ja = "b" }',
            "unknown section: nowhere",
        ),
        ("zz.toml", '[[imaging]]\nid = "new"\nlabel = { en = "a", ja = "b" }', "modality: Field required"),
        ("zz.toml", '[[imaging]]\nid = "new"\nmodality = "glass"\nlabel = { en = "a", ja = "b" }', "modality"),
        (
            "zz.toml",
            '[[symptom]]\nid = "itch"\nlabel = { en = "a", ja = "b" }\nimplies = { itching = true }',
            "unknown finding: itching",
        ),
        (
            "zz.toml",
            '[[symptom]]\nid = "itch"\nlabel = { en = "a", ja = "b" }\nimplies = { trauma = true }',
            "trauma: must be str or null, not bool",
        ),
        (
            "zz.toml",
            '[[derivation]]\nfinding = "foot_drop"\nhow = "any"\ncells = ["toe"]\ngrid = ["toe"]\nsources = ["MRC"]',
            "unknown cell: toe",
        ),
        (
            "zz.toml",
            '[[derivation]]\nfinding = "foot_drop"\nhow = "any"\ncells = ["saddle_sensation"]\n'
            'grid = ["saddle_sensation"]\nvalues = ["absent"]\nsources = ["NOWHERE"]',
            "unknown source: NOWHERE",
        ),
    ],
)
def test_other_planted_faults_are_refused_too(folder, file, text, reason):
    add(folder, text, file)
    message = refused(folder)
    assert message.startswith(file)
    assert reason in message


def test_the_hash_follows_what_the_rules_say_and_not_how_the_file_looks(folder):
    plain = load(folder).ruleset.hash
    assert plain == load().ruleset.hash
    path = folder / "rules_elective.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text("# a remark\n\n" + text, encoding="utf-8")
    load.cache_clear()
    assert load(folder).ruleset.hash == plain
    path.write_text(text.replace("meyerding_grade >= 3", "meyerding_grade >= 4"), encoding="utf-8")
    load.cache_clear()
    assert load(folder).ruleset.hash != plain


WAY = """
[[way]]
id = "other"
routes = ["{route}"]
decisions = ["{decision}"]
label = {{ en = "Other", ja = "その他" }}
"""


@pytest.mark.parametrize(
    ("route", "decision", "reason"),
    [
        ("xray", "back_to_nurse", "in two ways: xray"),
        ("home", "back_to_nurse", "unknown route: home"),
        ("xray", "pray", "unknown decision: pray"),
    ],
)
def test_a_bad_mapping_of_decisions_to_ways_is_refused(folder, route, decision, reason):
    add(folder, WAY.format(route=route, decision=decision))
    message = refused(folder)
    assert message.startswith("zz_new.toml:2: ")
    assert reason in message


def test_a_route_that_stands_in_no_way_is_refused(folder):
    path = folder / "agreement.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(', "ct"]', "]"), encoding="utf-8")
    assert "agreement.toml:5: in no way: ct" in refused(folder)
