"""The imaging table of the American College of Radiology: whole, sourced, and kept by every rule."""

from pathlib import Path

import pytest

from tests.knowledge.support import advise, read
from tests.knowledge.test_loading import GOOD, RULE, add, folder, refused
from triage.knowledge import load

__all__ = ["folder"]
CATEGORIES = {"usually_appropriate": "U", "may_be_appropriate": "M", "usually_not_appropriate": "-"}
#: The table as printed, one column a procedure in the order of the file.
PRINTED = {1: "-----------", 2: "-----------", 3: "MUM-M--MM--", 4: "-UU-M--M---", 5: "UUU-M--M---",
           6: "UUM-U--M---", 7: "MUU-MM-M---"}  # fmt: skip


def test_the_table_is_whole_and_as_printed() -> None:
    table = load().acr
    assert len(table.procedures) == 11
    for variant in table.variants:
        cells = [variant.ratings[name] for name in table.procedures]
        assert "".join(CATEGORIES[cell.category] for cell in cells) == PRINTED[variant.number]
    assert [variant.number for variant in table.variants] == list(PRINTED)


def test_what_was_read_and_what_follows_by_elimination_is_told_apart() -> None:
    for variant in load().acr.variants:
        for cell in variant.ratings.values():
            inferred = variant.number > 2 and cell.category == "usually_not_appropriate"
            assert cell.basis == ("inferred" if inferred else "seen")


def test_every_situation_but_the_untreated_chronic_one_has_rules_that_image_or_refrain() -> None:
    rules = load().acr.rules
    assert {number for number in rules if rules[number]} == set(PRINTED)
    assert "BASE-01" in rules[1]
    assert "RF-CES-01" in rules[4]


def test_no_rule_suggests_what_its_situation_calls_usually_not_appropriate() -> None:
    k = load()
    variant_of = {rule: number for number, rules in k.acr.rules.items() for rule in rules}
    ratings = {variant.number: variant.ratings for variant in k.acr.variants}
    for rule in k.ruleset.rules:
        for kind in rule.imaging if rule.id in variant_of else ():
            cells = [ratings[variant_of[rule.id]][name].category for name in k.imaging[kind].acr]
            assert not cells or set(cells) != {"usually_not_appropriate"}, rule.id


@pytest.mark.parametrize(
    ("acr", "imaging", "reason"),
    [
        (1, "xray_lumbar", "xray_lumbar is usually not appropriate in ACR variant 1"),
        (2, "mri_elective", "mri_elective is usually not appropriate in ACR variant 2"),
        (4, "xray_lumbar", "xray_lumbar is usually not appropriate in ACR variant 4"),
        (8, "xray_lumbar", "unknown ACR variant: 8"),
    ],
)
def test_a_planted_bad_rule_is_refused(folder: Path, acr: int, imaging: str, reason: str) -> None:
    add(folder, RULE.format(**GOOD) + f'imaging = ["{imaging}"]\nacr = {acr}\n')
    assert refused(folder) == f"zz_new.toml:2: {reason}"


def test_a_rule_may_suggest_what_may_be_appropriate(folder: Path) -> None:
    add(folder, RULE.format(**GOOD) + 'imaging = ["xray_lumbar", "xray_pelvis_ap"]\nacr = 3\n')
    assert "NEW-01" in load(folder).acr.rules[3]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("number = 7", "number = 6", "duplicate id: 6"),
        ("number = 7", "number = 0", "number: "),
        ('source = "ACR-LBP"', 'source = "NOWHERE"', "unknown source: NOWHERE"),
        ('id = "fdg_pet_ct"', 'id = "ct_with"', "duplicate id: ct_with"),
        ('id = "fdg_pet_ct"', 'id = "pet"', "unknown procedure: fdg_pet_ct"),
        ('basis = "seen"', 'basis = "guessed"', "basis"),
        ('category = "may_be_appropriate"', 'category = "good"', "category"),
        ('fdg_pet_ct = { category = "usually_not_appropriate", basis = "seen" }\n', "", "no rating of fdg_pet_ct"),
    ],
)
def test_a_broken_table_is_refused_with_file_line_and_reason(folder: Path, old: str, new: str, reason: str) -> None:
    file = folder / "acr.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    message = refused(folder)
    assert message.startswith("acr.toml:")
    assert reason in message


def test_an_imaging_with_an_unknown_row_is_refused(folder: Path) -> None:
    add(folder, '[[imaging]]\nid = "x"\nmodality = "ct"\nacr = ["nothing"]\nlabel = { en = "a", ja = "b" }')
    assert "unknown procedure: nothing" in refused(folder)


def test_six_weeks_without_imaging_where_nothing_warns() -> None:
    for case in read("vignettes.jsonl") + read("cases.jsonl"):
        got = advise(case["findings"])
        if [reason.rule for reason in got.reasons][-1:] == ["BASE-01"]:
            assert (got.route, got.imaging) == ("conservative_first", ())
