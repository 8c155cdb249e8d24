"""Acuity, route and imaging are three answers: pain moves the queue alone, and no film stands in for an MRI."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_rules_properties import SMALL, checked
from tests.knowledge.support import advise, read
from triage.knowledge import load

KINDS = load().ruleset.modality_of
CASES = [case["findings"] for case in read("vignettes.jsonl") + read("cases.jsonl")]

#: Asked and answered no, so that nothing warns.
ASKED = {
    "saddle_anaesthesia": False, "urinary_difficulty": False, "urinary_retention": False, "urinary_incontinence": False,
    "bowel_incontinence": False, "leg_weakness_mrc": 5, "fever_c": 36.6, "trauma": None, "cancer_history": False,
    "night_pain": False, "weight_loss": False, "sudden_onset": False, "pain_progressive": False,
}  # fmt: skip
#: What many ordinary patients have, and what is no warning sign alone.
WEAK = [
    "leg_pain", "diabetes", "hypertension", "smoker", "alcohol_excess", "constipation_new", "postmenopausal",
    "anticoagulant", "slr_positive", "leg_pain_below_knee", "leg_dominant", "worse_on_straining", "worse_on_standing",
    "relief_on_sitting", "relief_on_flexion", "thigh_pain", "calf_pain", "neuropathic_pain", "morning_stiffness",
    "improves_with_exercise", "achilles_reflex_abnormal", "dialysis", "vascular_disease", "femoral_stretch_positive",
]  # fmt: skip


def ordinary(weeks: st.SearchStrategy) -> st.SearchStrategy:
    """Draw people between 46 and 64 with back pain, any of the weak signs, and nothing that warns."""
    signs = st.lists(st.sampled_from(WEAK), unique=True).map(lambda names: dict.fromkeys(names, True))
    person = st.fixed_dictionaries(
        {"age": st.integers(46, 64), "symptom_weeks": weeks, "pain_nrs": st.integers(0, 7)},
        optional={"sex": st.sampled_from("MF"), "leg_numbness": st.sampled_from([None, "unilateral"])},
    )
    return st.tuples(signs, person).map(lambda drawn: {**ASKED, "back_pain": True, **drawn[0], **drawn[1]})


@checked
@given(ordinary(st.integers(0, 5)))
def test_an_ordinary_sufferer_gets_care_and_no_scan_in_the_first_six_weeks(case: dict) -> None:
    got = advise(case)
    assert (got.acuity, got.route, got.imaging) == ("routine", "conservative_first", ())


@checked
@given(ordinary(st.integers(6, 300)))
def test_long_pain_without_any_treatment_is_treated_before_it_is_imaged(case: dict) -> None:
    got = advise(case)
    assert (got.route, got.imaging) == ("conservative_first", ())


@checked
@given(ordinary(st.integers(0, 300)), st.sampled_from([{"pain_nrs": 8}, {"pain_nrs": 10}, {"pain_severe": True}]))
def test_severe_harmless_pain_moves_the_queue_and_gets_no_scan(case: dict, pain: dict) -> None:
    case["leg_numbness"] = None  # with an anticoagulant and severe pain, numbness may be bleeding in the canal
    calm, got = advise(case), advise({**case, **pain})
    assert got.level in ((3,) if case["symptom_weeks"] < 6 else (4,))
    assert (got.route, got.imaging) == (calm.route, calm.imaging)
    assert "pain_relief" in got.actions


@checked
@given(st.one_of(SMALL, st.sampled_from(CASES)), st.integers(0, 7))
def test_a_pain_score_below_severe_changes_nothing_at_all(case: dict, score: int) -> None:
    if "pain_nrs" not in case:
        got, before = advise({**case, "pain_nrs": score}), advise(case)
        assert (got.acuity, got.level, got.route, got.imaging) == (
            before.acuity, before.level, before.route, before.imaging,
        )  # fmt: skip


@checked
@given(st.one_of(SMALL, st.sampled_from(CASES)))
def test_no_film_stands_in_for_an_mri_that_the_clinic_has_not(case: dict) -> None:
    got = advise(case)
    kinds = {KINDS[name] for name in got.imaging}
    if got.acuity == "emergency":
        assert got.route == "emergency_specialist"
    if got.route in ("xray", "ct"):
        assert got.route in kinds
    if got.route == "xray":
        assert kinds == {"xray"}
    if kinds == {"mri"} and got.acuity in ("emergency", "urgent"):
        assert got.route in ("emergency_specialist", "specialist_consult")


@pytest.mark.parametrize("findings", CASES)
def test_on_every_case_too(findings: dict) -> None:
    got = advise(findings)
    kinds = {KINDS[name] for name in got.imaging}
    assert got.route not in ("xray", "ct") or got.route in kinds
    assert kinds != {"mri"} or got.route not in ("xray", "ct", "conservative_first")


NECK = {"neck_pain": True, "trauma": "low_energy", "simple_rear_end": True, "neck_rotation_45": True, "age": 40}


@pytest.mark.parametrize(
    "reason",
    [
        {"age": 65}, {"fall_height_m": 1.0}, {"midline_tenderness": True}, {"intoxicated": True},
        {"ankylosing_spine": True}, {"prior_spine_surgery": True},
        {"dangerous_mechanism": "fall_1m_5_stairs"}, {"dangerous_mechanism": "axial_load"},
        {"dangerous_mechanism": "high_speed_crash"}, {"dangerous_mechanism": "motorised_recreational"},
        {"dangerous_mechanism": "bicycle_collision"}, {"dangerous_mechanism": "unspecified"},
    ],
)  # fmt: skip
def test_the_canadian_rule_clears_no_neck_with_a_reason_to_image(reason: dict) -> None:
    assert advise(NECK).route == "conservative_first"
    got = advise({**NECK, **reason})
    assert got.level <= 3
    assert {name for name in got.imaging if KINDS[name] == "ct"}


@pytest.mark.parametrize("paraesthesia", [{"arm_numbness": "unilateral"}, {"leg_numbness": "bilateral"}])
def test_tingling_limbs_after_a_neck_injury_are_an_emergency(paraesthesia: dict) -> None:
    assert advise({**NECK, **paraesthesia}).acuity == "emergency"


@pytest.mark.parametrize(
    ("below", "at", "findings"),
    [
        (
            {"steroid_daily_mg": 5},
            {"steroid_daily_mg": 5.5},
            {"back_pain": True, "steroid_months": 3, "symptom_weeks": 1},
        ),
        (
            {"steroid_months": 2.5},
            {"steroid_months": 3},
            {"back_pain": True, "steroid_daily_mg": 10, "symptom_weeks": 1},
        ),
        ({"hours_on_ground": 24}, {"hours_on_ground": 24.5}, {"back_pain": True}),
        ({"hours_on_ground": 0.5}, {"hours_on_ground": 1}, {"back_pain": True}),
        ({"age": 65}, {"age": 66}, {"back_pain": True, "sex": "M", "symptom_weeks": 1}),
        ({"age": 75}, {"age": 76}, {"back_pain": True, "sex": "F", "symptom_weeks": 1}),
        ({"age": 64}, {"age": 65}, NECK),
        ({"fall_height_m": 0.9}, {"fall_height_m": 1.0}, NECK),
        (
            {"incidental_aortic_diameter_cm": 5.4},
            {"incidental_aortic_diameter_cm": 5.5},
            {"back_pain": True, "symptom_weeks": 1},
        ),
        (
            {"incidental_aortic_diameter_cm": 2.9},
            {"incidental_aortic_diameter_cm": 3.0},
            {"back_pain": True, "symptom_weeks": 90},
        ),
        ({"pain_nrs": 7}, {"pain_nrs": 8}, {"back_pain": True, "symptom_weeks": 90}),
    ],
)
def test_each_added_limit_is_where_the_source_puts_it(below: dict, at: dict, findings: dict) -> None:
    assert advise({**findings, **at}).level < advise({**findings, **below}).level


def test_a_worsening_resets_the_fourteen_days() -> None:
    stable = {"back_pain": True, "urinary_difficulty": True, "urinary_symptom_stable_weeks": 30}
    assert advise(stable).acuity == "soon"
    assert advise({**stable, "urinary_symptom_worse": True}).acuity == "emergency"
    assert advise({**stable, "urinary_symptom_new_days": 14}).acuity == "emergency"


def test_a_known_infection_is_never_below_urgent_and_with_fever_or_neurology_an_emergency() -> None:
    for known in ("known_spinal_infection", "dx_osteomyelitis", "dx_discitis"):
        assert advise({known: True}).acuity == "urgent"
        for worse in ({"fever_c": 38.0}, {"leg_numbness": "unilateral"}, {"confusion": True}, {"leg_weakness": True}):
            assert advise({known: True, **worse}).acuity == "emergency"
