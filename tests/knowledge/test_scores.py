"""Every cut-off of every score, at both sides of its boundary; written by hand from the papers, not from the files."""

import pytest

from triage.domain.score_results import ScoreResult
from triage.domain.scores import results_of, scores_of
from triage.knowledge import load

#: A patient without any positive item of the stenosis tools; every item is known.
NO_STENOSIS = {
    "age": 50, "diabetes": True, "claudication": False, "worse_on_standing": False, "relief_on_flexion": False,
    "provoked_by_flexion": False, "provoked_by_extension": False, "abi": 0.5, "achilles_reflex_abnormal": False,
    "slr_positive": False, "symptom_weeks": 4, "relief_on_extension": False, "urinary_incontinence": False,
    "leg_symptoms_thigh_to_shin": False, "worse_walking_better_rest": False, "leg_numbness": None,
    "buttock_numbness": False, "numbness_without_pain": False, "buttock_burning": False,
    "urinary_urgency_on_walking": False,
}  # fmt: skip
STABLE_TUMOUR = {
    "sins_location": "rigid", "sins_pain": "pain_free", "sins_lesion": "blastic", "sins_alignment": "normal",
    "sins_collapse": "not_collapsed", "sins_posterolateral": "not_involved",
}  # fmt: skip
NO_START = {f"start_{number}": False for number in range(1, 10)}


def result(score: str, findings: dict) -> ScoreResult:
    return next(r for r in results_of(load(), findings) if r.score.id == score)


def settled(score: str, findings: dict) -> tuple:
    """Return total and band of a score that must be settled."""
    got = result(score, findings)
    assert (got.missing, got.open) == ((), 0)
    return got.total, got.band and got.band.label()


TYPED = [
    ("nrs", "pain_nrs", [(0, "None"), (1, "Mild"), (3, "Mild"), (3.5, "Moderate"), (4, "Moderate"), (6, "Moderate"),
                         (7, "Severe"), (10, "Severe")]),
    ("mrc", "leg_weakness_mrc", [(0, "No contraction"), (1, "Flicker"), (2, "Movement without gravity"),
                                 (3, "Against gravity"), (4, "Against resistance"), (5, "Normal")]),
    ("odi", "odi", [(0, "Minimal"), (20, "Minimal"), (21, "Moderate"), (40, "Moderate"), (41, "Severe"),
                    (60, "Severe"), (61, "Crippling"), (80, "Crippling"), (81, "Bed-bound or exaggerated"),
                    (100, "Bed-bound or exaggerated")]),
    ("paindetect", "paindetect_total", [(-1, "Neuropathic pain unlikely"), (12, "Neuropathic pain unlikely"),
                                        (13, "Unclear"), (18, "Unclear"), (19, "Neuropathic pain likely"),
                                        (38, "Neuropathic pain likely")]),
    ("mjoa_18", "mjoa_18_total", [(0, "Severe"), (11, "Severe"), (12, "Moderate"), (14, "Moderate"), (15, "Mild"),
                                  (17, "Mild"), (18, "Full score")]),
    ("mjoa_17", "mjoa_17_total", [(0, None), (11, None), (17, None)]),
    ("joa_lbp", "joa_lbp_total", [(-6, None), (0, None), (29, None)]),
    ("meyerding", "meyerding_grade", [(1, "Low grade"), (2, "Low grade"), (3, "High grade"), (5, "High grade")]),
]  # fmt: skip


@pytest.mark.parametrize(("score", "finding", "value", "band"), [(s, f, v, b) for s, f, rows in TYPED for v, b in rows])
def test_a_typed_total_lies_in_the_band_of_its_source(score, finding, value, band):
    assert settled(score, {finding: value}) == (value, band)


def test_foot_drop_is_dorsiflexion_of_three_or_less():
    means = {grade: result("mrc", {"leg_weakness_mrc": grade}).band.meaning() for grade in range(6)}
    assert [grade for grade, text in means.items() if text == "Of the ankle dorsiflexors: foot drop."] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("item", "points"),
    [
        ({"age": 59}, 0), ({"age": 60}, 1), ({"age": 70}, 1), ({"age": 71}, 2),
        ({"diabetes": False}, 1), ({"claudication": True}, 3), ({"worse_on_standing": True}, 2),
        ({"relief_on_flexion": True}, 3), ({"provoked_by_flexion": True}, -1), ({"provoked_by_extension": True}, 1),
        ({"abi": 0.89}, 0), ({"abi": 0.9}, 3), ({"achilles_reflex_abnormal": True}, 1), ({"slr_positive": True}, -2),
    ],
)  # fmt: skip
def test_the_weights_of_the_stenosis_tool_are_those_of_the_paper(item, points):
    assert settled("konno_2007", NO_STENOSIS | item)[0] == points


SIX = {"claudication": True, "relief_on_flexion": True}


@pytest.mark.parametrize(
    ("more", "total", "band"),
    [
        ({}, 6, "Below the cut-off"),
        ({"age": 59}, 6, "Below the cut-off"),
        ({"age": 60}, 7, "Stenosis likely"),
        ({"age": 70}, 7, "Stenosis likely"),
        ({"age": 71}, 8, "Stenosis likely"),
        ({"age": 71, "provoked_by_flexion": True}, 7, "Stenosis likely"),
        ({"age": 71, "slr_positive": True}, 6, "Below the cut-off"),
        ({"provoked_by_extension": True}, 7, "Stenosis likely"),
    ],
)
def test_stenosis_is_likely_from_seven_points_on(more, total, band):
    assert settled("konno_2007", NO_STENOSIS | SIX | more) == (total, band)


def test_age_exactly_seventy_counts_as_in_the_original_paper_and_the_note_says_so():
    assert "original paper" in result("konno_2007", {"age": 70}).note("en")
    assert "原著" in result("konno_2007", {"age": 70}).note("ja")


@pytest.mark.parametrize(
    ("pulses", "points"),
    [
        ({"pedal_pulses_absent": False, "pedal_pulses_reduced": False}, 3),
        ({"pedal_pulses_absent": True}, 0),
        ({"pedal_pulses_reduced": True}, 0),
        ({"abi": 0.89, "pedal_pulses_absent": False, "pedal_pulses_reduced": False}, 0),
        ({"abi": 0.9, "pedal_pulses_reduced": True}, 3),
    ],
)
def test_the_foot_pulses_stand_in_only_where_no_index_was_measured(pulses, points):
    known = {name: value for name, value in NO_STENOSIS.items() if name != "abi"} | pulses
    assert settled("konno_2007", known)[0] == points


def test_half_an_answer_about_the_pulses_leaves_the_item_open():
    known = {name: value for name, value in NO_STENOSIS.items() if name != "abi"} | {"pedal_pulses_reduced": False}
    got = result("konno_2007", known)
    assert (got.least, got.most, got.missing) == (0, 3, ("abi",))


Q = {
    1: {"leg_symptoms_thigh_to_shin": True}, 2: {"worse_walking_better_rest": True}, 3: {"worse_on_standing": True},
    4: {"relief_on_flexion": True}, 5: {"leg_numbness": "bilateral", "numbness_of_both_soles": False},
    6: {"leg_numbness": "plantar_bilateral"}, 7: {"buttock_numbness": True}, 8: {"numbness_without_pain": True},
    9: {"buttock_burning": True}, 10: {"urinary_urgency_on_walking": True},
}  # fmt: skip
LIKELY, BELOW = "Stenosis likely", "Below the cut-off"


@pytest.mark.parametrize(
    ("asked", "total", "band"),
    [
        ((), 0, BELOW), ((1, 2, 3), 3, BELOW), ((2, 3, 4), 3, BELOW), ((1, 2, 3, 4), 4, LIKELY),
        ((1, 5), 2, BELOW), ((1, 5, 7), 3, LIKELY), ((4, 9, 10), 3, LIKELY), ((2, 6), 3, LIKELY), ((3, 8), 2, BELOW),
        ((5, 7), 2, BELOW), ((7, 8, 9, 10), 4, BELOW), ((1, 2, 3, 7), 4, BELOW), ((1, 2, 3, 7, 8), 5, LIKELY),
        ((1, 2, 3, 4, 6, 7, 8, 9, 10), 10, LIKELY),
    ],
)  # fmt: skip
def test_the_questionnaire_needs_four_of_the_first_four_or_one_of_them_and_two_of_the_rest(asked, total, band):
    answers = dict(NO_STENOSIS)
    for number in asked:
        answers |= Q[number]
    assert settled("konno_sshq", answers) == (total, band)


def test_numb_legs_leave_the_soles_open_until_they_are_asked():
    got = result("konno_sshq", NO_STENOSIS | {"leg_numbness": "bilateral"})
    assert got.missing == ("numbness_of_both_soles",)
    assert settled("konno_sshq", NO_STENOSIS | {"leg_numbness": "bilateral", "numbness_of_both_soles": True})[0] == 2
    assert settled("konno_sshq", NO_STENOSIS | {"leg_numbness": "unilateral"})[0] == 0
    assert not result("konno_sshq", NO_STENOSIS | {"leg_numbness": "unspecified"}).total


@pytest.mark.parametrize(
    ("item", "points"),
    [
        ({"age": 59}, 0), ({"age": 60}, 2), ({"age": 70}, 2), ({"age": 71}, 3),
        ({"symptom_weeks": 26}, 0), ({"symptom_weeks": 26.0893}, 0), ({"symptom_weeks": 27}, 1),
        ({"relief_on_flexion": True}, 2), ({"relief_on_extension": True}, -2), ({"worse_on_standing": True}, 2),
        ({"claudication": True}, 1), ({"urinary_incontinence": True}, 1),
    ],
)  # fmt: skip
def test_the_weights_of_the_history_rule_are_those_of_the_paper(item, points):
    assert settled("sugioka_2008", NO_STENOSIS | item)[0] == points


@pytest.mark.parametrize(
    ("more", "total", "band"),
    [
        ({"age": 60, "claudication": False}, 6, BELOW),
        ({"age": 60, "claudication": True}, 7, LIKELY),
        ({"age": 71, "claudication": False}, 7, LIKELY),
        ({"age": 71, "claudication": True, "relief_on_extension": True}, 6, BELOW),
    ],
)
def test_the_history_rule_has_its_cut_off_at_seven(more, total, band):
    base = NO_STENOSIS | {"relief_on_flexion": True, "worse_on_standing": True}
    assert settled("sugioka_2008", base | more) == (total, band)


@pytest.mark.parametrize(
    ("percent", "grade", "band"),
    [
        (0, 1, "Low grade"), (25, 1, "Low grade"), (26, 2, "Low grade"), (50, 2, "Low grade"), (51, 3, "High grade"),
        (75, 3, "High grade"), (76, 4, "High grade"), (100, 4, "High grade"), (101, 5, "High grade"),
    ],
)  # fmt: skip
def test_the_grade_of_a_slip_follows_its_per_cent(percent, grade, band):
    assert settled("meyerding", {"slip_percent": percent}) == (grade, band)


def start(physical: int, distress: int) -> dict:
    """Return nine answers with so many agreed to among the first four and the last five."""
    agreed = [f"start_{n}" for n in range(1, physical + 1)] + [f"start_{n}" for n in range(5, 5 + distress)]
    return NO_START | dict.fromkeys(agreed, True)


@pytest.mark.parametrize(
    ("physical", "distress", "band"),
    [
        (0, 0, "Low risk"), (3, 0, "Low risk"), (0, 3, "Low risk"), (4, 0, "Medium risk"), (1, 3, "Medium risk"),
        (4, 3, "Medium risk"), (0, 4, "High risk"), (1, 4, "High risk"), (4, 4, "High risk"), (0, 5, "High risk"),
        (4, 5, "High risk"),
    ],
)  # fmt: skip
def test_back_risk_goes_by_the_total_and_the_distress_subscale(physical, distress, band):
    assert settled("start_back", start(physical, distress)) == (physical + distress, band)
    typed = {"start_total": physical + distress, "start_psych": distress}
    assert settled("start_back", typed) == (physical + distress, band)


@pytest.mark.parametrize(
    ("total", "band"), [(0, "Low risk"), (3, "Low risk"), (4, None), (7, None), (8, "High risk"), (9, "High risk")]
)
def test_a_typed_total_alone_says_only_what_no_subscale_could_change(total, band):
    got = result("start_back", {"start_total": total})
    assert (got.total, got.band and got.band.label()) == (total, band)
    assert got.missing == (() if band else ("start_psych",))


SINS = [
    ("sins_location", {"junctional": 3, "mobile": 2, "semirigid": 1, "rigid": 0}),
    ("sins_pain", {"mechanical": 3, "occasional": 1, "pain_free": 0}),
    ("sins_lesion", {"lytic": 2, "mixed": 1, "blastic": 0}),
    ("sins_alignment", {"subluxation": 4, "deformity": 2, "normal": 0}),
    ("sins_collapse", {"over_half": 3, "under_half": 2, "body_involved": 1, "not_collapsed": 0}),
    ("sins_posterolateral", {"both_sides": 3, "one_side": 1, "not_involved": 0}),
]


@pytest.mark.parametrize(("item", "value", "points"), [(i, v, p) for i, values in SINS for v, p in values.items()])
def test_the_points_of_tumour_instability_are_those_of_the_source(item, value, points):
    assert set(load().findings[item].values) == set(dict(SINS)[item])
    assert settled("sins", STABLE_TUMOUR | {item: value})[0] == points


JUNCTION = {"sins_location": "junctional", "sins_pain": "mechanical"}  # 6 points


@pytest.mark.parametrize(
    ("more", "total", "band"),
    [
        ({}, 6, "Stable"),
        ({"sins_lesion": "mixed"}, 7, "Potentially unstable"),
        ({"sins_lesion": "lytic", "sins_alignment": "subluxation"}, 12, "Potentially unstable"),
        ({"sins_lesion": "lytic", "sins_alignment": "subluxation", "sins_collapse": "body_involved"}, 13, "Unstable"),
        ({i: max(v, key=v.get) for i, v in SINS}, 18, "Unstable"),
    ],
)
def test_tumour_instability_has_its_cut_offs_at_seven_and_thirteen(more, total, band):
    assert settled("sins", STABLE_TUMOUR | JUNCTION | more) == (total, band)


@pytest.mark.parametrize(
    ("arm", "leg", "hand", "sphincter", "total", "band"),
    [(5, 7, 3, 3, 18, "Full score"), (4, 7, 3, 3, 17, "Mild"), (4, 5, 3, 3, 15, "Mild"), (4, 5, 2, 3, 14, "Moderate"),
     (4, 4, 2, 2, 12, "Moderate"), (3, 4, 2, 2, 11, "Severe"), (0, 0, 0, 0, 0, "Severe")],
)  # fmt: skip
def test_myelopathy_is_graded_on_the_eighteen_point_version(arm, leg, hand, sphincter, total, band):
    parts = {"arm_motor": arm, "leg_motor": leg, "hand_sensory": hand, "sphincter": sphincter}
    assert settled("mjoa_18", {f"mjoa_18_{name}": value for name, value in parts.items()}) == (total, band)


def test_the_seventeen_point_version_is_a_score_of_its_own_without_bands():
    limits = {"arm_motor": 4, "leg_motor": 4, "arm_sensory": 2, "leg_sensory": 2, "trunk_sensory": 2, "bladder": 3}
    findings = {f"mjoa_17_{name}": most for name, most in limits.items()}
    assert {name: load().findings[name].maximum for name in findings} == findings
    assert settled("mjoa_17", findings) == (17, None)
    assert not result("mjoa_18", findings).is_begun


def test_the_limits_of_every_typed_value_are_those_of_the_source():
    limits = {
        "pain_nrs": (0, 10), "leg_weakness_mrc": (0, 5), "meyerding_grade": (1, 5), "start_total": (0, 9),
        "start_psych": (0, 5), "odi": (0, 100), "joa_lbp_total": (-6, 29), "paindetect_total": (-1, 38),
        "zcq_symptoms": (1, 5), "zcq_function": (1, 4), "zcq_satisfaction": (1, 4), "joabpeq_pain": (0, 100),
        "joabpeq_lumbar": (0, 100), "joabpeq_walking": (0, 100), "joabpeq_social": (0, 100), "joabpeq_mental": (0, 100),
        "mjoa_18_total": (0, 18), "mjoa_17_total": (0, 17),
    }  # fmt: skip
    known = load().findings
    assert {name: (known[name].minimum, known[name].maximum) for name in limits} == limits


def test_domain_values_are_shown_one_by_one_and_never_added_up():
    got = result("joabpeq", {"joabpeq_pain": 43, "joabpeq_walking": 57})
    assert (got.total, got.band) == (None, None)
    assert {part.id: part.value for part in got.parts if part.value is not None} == {"pain": 43, "walking": 57}


@pytest.mark.parametrize(
    ("findings", "score", "total", "typed", "computed"),
    [
        ({"meyerding_grade": 1, "slip_percent": 60}, "meyerding", 3, 1, 3),
        ({"meyerding_grade": 4, "slip_percent": 60}, "meyerding", 4, 4, 3),
        (start(1, 3) | {"start_total": 7}, "start_back", 7, 7, 4),
        (start(4, 5) | {"start_total": 2}, "start_back", 9, 2, 9),
    ],
)
def test_where_typed_and_computed_disagree_both_are_shown_and_the_worse_one_counts(
    findings, score, total, typed, computed
):
    got = result(score, findings)
    assert got.disagrees
    assert (got.total, got.typed, got.computed) == (total, typed, computed)


def test_of_two_scores_where_lower_is_worse_the_lower_one_counts():
    parts = {"mjoa_18_arm_motor": 3, "mjoa_18_leg_motor": 4, "mjoa_18_hand_sensory": 2, "mjoa_18_sphincter": 2}
    got = result("mjoa_18", parts | {"mjoa_18_total": 16})
    assert (got.disagrees, got.total, got.band.label()) == (True, 11, "Severe")


def test_a_typed_distress_subscale_that_contradicts_its_items_is_shown_and_the_worse_one_counts():
    got = result("start_back", start(2, 2) | {"start_psych": 4})
    assert (got.disagrees, got.band.label()) == (True, "High risk")


def test_every_score_speaks_both_languages_and_names_source_and_licence():
    k = load()
    for score in k.scores:
        texts = [
            score.text,
            score.licence,
            *(band.text for band in score.bands),
            *(band.means for band in score.bands),
            score.note,
        ]
        for text in filter(None, texts):
            assert text["ja"]
            assert text["en"].isascii() or "©" in text["en"] or "…" in text["en"]
        assert all(source in k.sources for source in score.sources)


def test_the_statement_of_keele_stands_with_its_score():
    (got,) = [s for s in scores_of(load(), {"start_total": 4}) if s["id"] == "start_back"]
    assert "Keele University" in got["copyright"]


def test_what_the_command_prints_is_plain_json_in_the_language():
    import json

    got = scores_of(load(), {"age": 71, "pain_nrs": 7, "symptom_weeks": 3}, "ja")
    assert [s["id"] for s in got] == ["nrs", "konno_2007", "sugioka_2008"]
    assert json.loads(json.dumps(got)) == got
    assert got[0]["band"]["label"] == "重度"
