"""A score file that does not fit is refused, with file, line and reason."""

import pytest

from tests.knowledge.test_loading import add, folder, refused
from triage.knowledge import load

__all__ = ["folder"]

SCORE = """
[[score]]
id = "new"
kind = "computed"
label = { en = "New", ja = "新" }
minimum = 0
maximum = 3
worse = "higher"
sources = ["PROJECT"]
status = "project"
licence = { en = "free", ja = "自由" }

[[score.item]]
id = "one"
cases = [{ when = "age > 70", points = 2 }]

[[score.item]]
id = "two"
cases = [{ when = "smoker", points = 1 }]

[[score.band]]
from = 0
to = 1
label = { en = "Low", ja = "低" }
means = { en = "Low.", ja = "低い。" }

[[score.band]]
from = 2
to = 3
label = { en = "High", ja = "高" }
means = { en = "High.", ja = "高い。" }
"""

TYPED = """
[[score]]
id = "new"
kind = "typed_total"
label = { en = "New", ja = "新" }
minimum = 0
maximum = 100
worse = "higher"
finding = "odi"
sources = ["PROJECT"]
status = "project"
licence = { en = "licensed", ja = "許諾" }
"""


def test_a_sound_score_is_one_entry(folder):
    add(folder, SCORE)
    assert "new" in {score.id for score in load(folder).scores}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('id = "new"', 'id = "sins"', "duplicate id: sins"),
        ('"PROJECT"', '"NOWHERE"', "unknown source: NOWHERE"),
        ("smoker", "smokes", "unknown name: smokes"),
        ('when = "smoker"', 'when = "not smoker"', "not allowed in a condition"),
        ('when = "smoker"', 'when = ""', "when"),
        ('when = "smoker"', 'when = "unless(smoker)"', "what is unknown must stay unknown"),
        ('when = "smoker"', 'when = "sex in 5"', "sex in 5"),
        ('when = "age > 70"', 'when = "age"', "needs a comparison"),
        ('id = "two"', 'id = "one"', "duplicate id: one"),
        ("points = 1", "points = 1.5", "points"),
        ("points = 1 }]", 'points = 1 }]\nfinding = "odi"', "either cases or a finding"),
        ('cases = [{ when = "smoker", points = 1 }]\n', "", "either cases or a finding"),
        ('id = "two"', 'id = "two"\ngroup = "other"', "unknown group: other"),
        ("maximum = 3", "maximum = 4", "the items give 0 to 3, not 0 to 4"),
        ("minimum = 0\nmaximum", "maximum", "minimum and maximum are needed"),
        ("from = 2", "from = 3", "a band must go on from 2, not 3 to 3"),
        ("from = 2", "from = 1", "a band must go on from 2, not 1 to 3"),
        ("from = 0\nto = 1", "from = 1\nto = 1", "a band must go on from 0, not 1 to 1"),
        ("to = 3", "to = 2", "the bands end at 2, not 3"),
        ("from = 2\nto = 3", 'when = "total >= 2"', "the last band, and only that, has no condition"),
        ("from = 0\nto = 1", 'when = "sum <= 1"', "unknown name: sum"),
        (', ja = "高い。"', "", "means.ja: Field required"),
        ('worse = "higher"', 'worse = "bigger"', "worse"),
        ('licence = { en = "free", ja = "自由" }\n', "", "licence: Field required"),
        ('kind = "computed"', 'kind = "typed_total"\nfinding = "odi"', "only a computed score ships items"),
        (
            'licence = { en = "free", ja = "自由" }',
            'licence = { en = "free", ja = "自由" }\nfinding = "odi"',
            "odi must have the limits 0 to 3",
        ),
        (
            'licence = { en = "free", ja = "自由" }',
            'licence = { en = "free", ja = "自由" }\nfinding = "smoker"',
            "smoker is not a number",
        ),
        (
            'licence = { en = "free", ja = "自由" }',
            'licence = { en = "free", ja = "自由" }\nfinding = "nothing"',
            "unknown finding: nothing",
        ),
        ('licence = { en = "free", ja = "自由" }', 'licence = { en = "free", ja = "自由" }\ncolour = "red"', "colour"),
        ('cases = [{ when = "smoker", points = 1 }]', 'finding = "abi"', "points are whole numbers with both limits"),
    ],
)
def test_a_planted_bad_score_is_refused_with_file_line_and_reason(folder, old, new, reason):
    assert old in SCORE
    add(folder, SCORE.replace(old, new))
    message = refused(folder)
    assert message.startswith("zz_new.toml:2: ")
    assert reason in message


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('finding = "odi"\n', "", "typed_total says nothing to read"),
        ("maximum = 100", "maximum = 50", "odi must have the limits 0 to 50"),
        (
            'licence = { en = "licensed", ja = "許諾" }',
            'licence = { en = "licensed", ja = "許諾" }\n\n[[score.item]]\nid = "1"\nfinding = "odi"',
            "ships items",
        ),
        ('"typed_total"', '"typed_values"', "typed_values says nothing to read"),
    ],
)
def test_a_licensed_score_is_a_typed_total_and_nothing_else(folder, old, new, reason):
    add(folder, TYPED.replace(old, new))
    message = refused(folder)
    assert message.startswith("zz_new.toml:2: ")
    assert reason in message


def test_a_group_without_items_is_refused(folder):
    group = '\n[[score.group]]\nid = "a"\nlabel = { en = "A", ja = "A" }\n'
    text = SCORE.replace('id = "one"', 'id = "one"\ngroup = "a"').replace('id = "two"', 'id = "two"\ngroup = "a"')
    add(folder, text + group + group.replace('"a"', '"b"'))
    assert "b: a group without items" in refused(folder)


RULE = """
[[{kind}]]
{head}
when = "{when}"
"""
FOLLOWS = """
acuity = "soon"
route = "xray"
text = { en = "A text.", ja = "文。" }
sources = ["PROJECT"]
status = "project"
"""


@pytest.mark.parametrize(
    ("kind", "head", "more"),
    [
        ("rule", 'id = "NEW-01"', FOLLOWS),
        ("restriction", 'id = "NEW-01"\ncloses = ["xray"]', FOLLOWS),
        ("definition", 'name = "numb"', ""),
        ("narrowing", 'of = ["xray_lumbar"]\nto = "xray_cervical"', ""),
    ],
)
def test_whatever_decides_may_not_read_an_item_of_a_score(folder, kind, head, more):
    add(folder, RULE.format(kind=kind, head=head, when="back_pain or buttock_burning") + more)
    message = refused(folder)
    assert message.startswith("zz_new.toml:2: ")
    assert "buttock_burning is only for scores and decides nothing" in message


def test_a_finding_that_is_only_for_scores_belongs_to_one(folder):
    add(
        folder,
        '[[finding]]\nname = "left_over"\ntypes = ["bool"]\nscore_only = true\nsection = "scores_bone"\n'
        'label = { en = "a", ja = "b" }\n',
    )
    assert refused(folder) == "zz_new.toml:1: left_over: only for scores, but no score reads it"
