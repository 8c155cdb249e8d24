"""The emergency and urgent lists of the guidelines, sign by sign: each is enough alone, whatever else reassures."""

from itertools import product

import pytest

from tests.domain.test_rules_properties import WARNINGS
from tests.knowledge.support import advise, read
from triage.domain.rules import outcome
from triage.knowledge import load

#: Recorded beside a sign, none of it may lower anything.
REASSURING = {
    "post_void_residual_ml": 20, "xray_done_normal": True, "pain_nrs": 1, "known_diagnosis": "lumbago", "odi": 4,
    "systolic_bp": 124, "heart_rate": 66, "resp_rate": 14, "spo2": 99, "gcs": 15, "slr_positive": False,
}  # fmt: skip
CAUDA = [
    "urinary_difficulty", "urinary_retention", "urinary_incontinence", "incomplete_bladder_emptying",
    "saddle_anaesthesia", "rectal_fullness_loss", "bowel_incontinence", "anal_tone_reduced",
]  # fmt: skip
#: New neurology of any kind: a reason for an emergency with cancer or with fever.
NEUROLOGY = [
    *({name: True} for name in CAUDA), {"leg_weakness": True}, {"leg_weakness_mrc": 4}, {"foot_drop": True},
    {"weakness_bilateral": True}, {"arm_weakness": True}, {"gait_disturbance": True}, {"unable_to_walk": True},
    {"leg_numbness": "unilateral"}, {"leg_numbness": "unspecified"}, {"arm_numbness": "bilateral"},
    {"sensory_level": True}, {"babinski": True}, {"hyperreflexia": True}, {"hoffmann": True}, {"hand_clumsiness": True},
]  # fmt: skip
CANCER = [{"cancer_history": True}, {"known_metastases": True}, {"known_spinal_tumour": True}, {"dx_tumour": True}]
FEVER = [{"fever_c": 38.0}, {"fever_reported": True}, {"rigors": True}]
#: Risks that make a fever with a spinal complaint an emergency (RF-INF-02).
RISKS = [
    {"ivdu": True}, {"immunosuppressed": True}, {"hiv": True}, {"diabetes": True}, {"dialysis": True},
    {"recent_bacteraemia": True}, {"recent_injection_or_procedure": True}, {"recent_spinal_procedure_weeks": 3},
    {"recent_spinal_procedure_hours": 30.0}, {"wound_discharge": True}, {"dental_infection": True},
    {"distant_infection": True}, {"steroids": True}, {"systolic_bp": 96}, {"confusion": True}, {"ill_appearing": True},
]  # fmt: skip
AORTA = [
    {"syncope": True}, {"hypotension": True}, {"systolic_bp": 89}, {"known_aaa": True},
    {"pulsatile_abdominal_mass": True},
]  # fmt: skip
UNSTABLE = [
    {"systolic_bp": 89}, {"heart_rate": 130}, {"resp_rate": 30}, {"spo2": 89}, {"gcs": 14},
    {"fever_c": 38.0, "heart_rate": 91, "resp_rate": 21},
]  # fmt: skip
EMERGENCIES = {
    "GIRFT": [{name: True} for name in CAUDA],
    "GIRFT with pain": [{name: True, "back_pain": True} for name in CAUDA],
    "both legs": [
        {"weakness_bilateral": True, **worse}
        for worse in ({"leg_weakness_mrc": 3}, {"foot_drop": True}, {"weakness_progressive": True})
    ],
    "NG234": [{**a, **b} for a, b in product(CANCER, NEUROLOGY)],
    "NG234, roots": [{**a, b: True} for a, b in product(CANCER, ("radicular_pain", "bilateral_sciatica"))],
    "cord": [
        {"sensory_level": True}, {"weakness_bilateral": True}, {"unable_to_walk": True},
        {"thoracic_pain": True, "leg_weakness": True}, {"thoracic_pain": True, "leg_weakness_mrc": 4},
    ],
    "IDSA, neurology": [{**a, **b} for a, b in product(FEVER, NEUROLOGY)],
    "ACP, risk": [{**a, **b, "back_pain": True} for a, b in product(FEVER, RISKS)],
    "high energy": [{"trauma": "high_energy"}, {"trauma": "high_energy", "back_pain": True}, {"fall_height_m": 3}],
    "injury with deficit": [{"trauma": "low_energy", **sign} for sign in NEUROLOGY[:14]],
    "NG156": [{**sign, "back_pain": True} for sign in AORTA] + [{**sign, "abdominal_pain": True} for sign in AORTA],
    "tearing": [{"tearing_pain": True}],
    "vital signs": UNSTABLE,
}  # fmt: skip
MRI_ONLY = {
    "grey zone": [{"bilateral_sciatica": True}, {"sexual_dysfunction_new": True}],
    "NG234, pain": [
        {"cancer_history": True, "back_pain": True, sign: True}
        for sign in (
            "thoracic_pain", "neck_pain", "pain_progressive", "pain_severe", "worse_on_straining", "worse_on_standing",
            "midline_tenderness", "night_pain", "claudication", "non_mechanical_pain",
        )
    ],
    "IDSA": [{"back_pain": True, **fever} for fever in FEVER] + [{"neck_pain": True, **fever} for fever in FEVER],
    "IDSA, no fever": [
        {"back_pain": True, **risk}
        for risk in (
            {"ivdu": True}, {"immunosuppressed": True}, {"hiv": True}, {"recent_bacteraemia": True},
            {"crp_raised": True}, {"recent_spinal_procedure_weeks": 4},
        )
    ],
    "strength": [{"foot_drop": True}, {"leg_weakness_mrc": 3}, {"weakness_progressive": True, "leg_weakness_mrc": 4}],
    "myelopathy": [
        {"hand_clumsiness": True}, {"gait_disturbance": True}, {"hyperreflexia": True}, {"hoffmann": True},
        {"babinski": True}, {"falls": True, "neck_pain": True},
    ],
    "bleeding": [{"anticoagulant": True, "sudden_onset": True, "back_pain": True}],
    "known": [{"known_spinal_infection": True}, {"known_spinal_tumour": True, "back_pain": True}],
}  # fmt: skip


def listed(lists: dict[str, list[dict]]) -> list:
    return [pytest.param(one, id=f"{name}-{n}") for name, signs in lists.items() for n, one in enumerate(signs)]


def reassured(signs: dict) -> dict:
    """Return the signs with whatever reassures beside them; a level of strength is no reassurance."""
    return {**REASSURING, **signs}


@pytest.mark.parametrize("signs", listed(EMERGENCIES))
def test_each_emergency_sign_of_the_guidelines_is_enough(signs: dict) -> None:
    for case in (signs, reassured(signs)):
        got = advise(case)
        assert (got.acuity, got.route) == ("emergency", "emergency_specialist")
        assert not [name for name in got.imaging if name.startswith("xray")]


@pytest.mark.parametrize("signs", listed(MRI_ONLY))
def test_each_urgent_sign_goes_to_a_specialist_and_to_no_film_first(signs: dict) -> None:
    for case in (signs, reassured(signs)):
        got = advise(case)
        assert got.acuity in ("urgent", "emergency")
        assert got.route in ("specialist_consult", "emergency_specialist")


@pytest.mark.parametrize(
    "signs",
    [
        {"trauma": "low_energy", "age": 65}, {"trauma": "low_energy", "osteoporosis": True},
        {"trauma": "low_energy", "steroids": True}, {"trauma": "low_energy", "midline_tenderness": True},
    ],
)  # fmt: skip
def test_each_risk_of_a_fragile_bone_gets_a_film_the_same_day(signs: dict) -> None:
    got = advise({**signs, "back_pain": True})
    assert (got.acuity, got.route, got.imaging) == ("urgent", "xray", ("xray_lumbar",))


def test_a_fused_spine_with_new_pain_gets_ct_then_mri() -> None:
    got = advise({"ankylosing_spine": True, "back_pain": True})
    assert (got.acuity, got.route, got.imaging) == ("urgent", "ct", ("ct_whole_spine", "mri_urgent"))


#: A pattern of stenosis speaks against the arteries: answers that reassure, like a normal index.
PATTERN = {"relief_on_sitting", "relief_on_flexion"}
ADDED = [*WARNINGS, ("dangerous_mechanism", "axial_load"), ("hours_on_ground", 30), ("steroid_daily_mg", 20)]


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in read("vignettes.jsonl") + read("cases.jsonl")])
def test_no_warning_sign_lowers_any_case(case: dict) -> None:
    ruleset, findings = load().ruleset, case["findings"]
    before = outcome(ruleset, findings)
    for name, value in ADDED:
        if findings.get(name) in (None, False) and name not in PATTERN:
            after = outcome(ruleset, {**findings, name: value})
            assert (after.rank, after.level) <= (before.rank, before.level), name
