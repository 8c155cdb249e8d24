"""Safety properties of the rules over generated cases."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.knowledge.support import advise, rank
from triage.domain.findings import Finding
from triage.knowledge import load

VOCABULARY = load().findings
#: Answers that allow a milder reading; none of them is a warning sign.
REASSURING = {
    "simple_rear_end", "ambulatory_since", "delayed_onset", "neck_rotation_45", "prior_relief", "xray_done_normal",
    "prior_pt", "prior_injection",
}  # fmt: skip
YES_NO = [name for name, finding in VOCABULARY.items() if "bool" in finding.types]
WARNING_NUMBERS = {
    "leg_weakness_mrc": 2, "post_void_residual_ml": 900, "fever_c": 39.4, "systolic_bp": 70, "heart_rate": 150,
    "resp_rate": 40, "spo2": 80, "gcs": 9, "fall_height_m": 5, "trauma": "high_energy", "leg_numbness": "bilateral",
    "urinary_symptom_new_days": 2, "recent_spinal_procedure_hours": 3.0, "incidental_aortic_diameter_cm": 6.5,
    "abi": 0.4, "foot_drop": True, "pain_nrs": 10,
}  # fmt: skip
WARNINGS = [(name, True) for name in YES_NO if name not in REASSURING] + list(WARNING_NUMBERS.items())


def value_of(finding: Finding) -> st.SearchStrategy:
    if "bool" in finding.types:
        return st.booleans()
    if finding.values:
        return st.sampled_from([*finding.values, *([None] if "null" in finding.types else [])])
    if finding.types == ("str",):
        return st.text(max_size=10)
    top = int(min(finding.maximum or 300, 300))
    return st.integers(int(finding.minimum or 0), top)


CASES = st.fixed_dictionaries({}, optional={name: value_of(finding) for name, finding in VOCABULARY.items()}).map(
    lambda case: dict(list(case.items())[:40])
)
SMALL = st.dictionaries(st.sampled_from(sorted(VOCABULARY)), st.none(), max_size=8).flatmap(
    lambda names: st.fixed_dictionaries({name: value_of(VOCABULARY[name]) for name in names})
)
checked = settings(derandomize=True, deadline=None, max_examples=400, database=None)


def positives(case: dict) -> dict:
    return {name: value for name, value in case.items() if not VOCABULARY[name].is_negative(value)}


@checked
@given(SMALL, st.sampled_from(WARNINGS))
def test_adding_a_warning_sign_never_lowers_anything(case, warning):
    name, value = warning
    already_worse = name in case and case[name] not in (False, None) and value is not True
    if not already_worse:
        assert rank(advise({**case, name: value})) <= rank(advise(case))


@checked
@given(SMALL, st.sampled_from(sorted(VOCABULARY)))
def test_deleting_an_answer_never_lowers_below_what_the_remaining_positives_give(case, name):
    remaining = {key: value for key, value in case.items() if key != name}
    assert rank(advise(remaining)) <= rank(advise(positives(remaining)))


@checked
@given(SMALL)
def test_a_no_never_lowers_what_is_known(case):
    assert rank(advise(case)) <= rank(advise(positives(case)))


@checked
@given(
    SMALL,
    st.sampled_from(
        [
            ("post_void_residual_ml", 20), ("xray_done_normal", True), ("fever_c", 36.5), ("pain_nrs", 1),
            ("start_total", 0), ("start_psych", 0), ("odi", 0), ("known_diagnosis", "lumbago"),
            ("systolic_bp", 130), ("heart_rate", 70), ("spo2", 99), ("gcs", 15), ("abi", 1.1),
        ]
    ),
)  # fmt: skip
def test_a_reassuring_result_never_lowers_the_acuity(case, result):
    name, value = result
    if name not in case:
        assert rank(advise({**case, name: value}))[0] <= rank(advise(case))[0]


@checked
@given(SMALL)
def test_more_answers_never_hide_that_a_raise_is_possible(case):
    got = advise(case)
    assert got.provisional == (got.acuity != "emergency" and _can_rise(case, got))


def _can_rise(case: dict, got) -> bool:
    """Say whether answering every unknown with its worst value raises the acuity."""
    worst = {name: value for name, value in WARNINGS if name in got.unknown and name not in case}
    for name in got.unknown:
        if VOCABULARY[name].some is not None and case.get(name) == VOCABULARY[name].some:
            worst[name] = WARNING_NUMBERS.get(name, "bilateral")
    return rank(advise({**case, **worst, **_extremes(case, got.unknown)}))[0] < rank(got)[0]


def _extremes(case: dict, unknown: tuple) -> dict:
    extremes = {"age": 80, "symptom_weeks": 8, "arm_numbness": "bilateral", "prior_pt_weeks": 10,
                "recent_spinal_procedure_weeks": 1, "meyerding_grade": 5}  # fmt: skip
    return {name: value for name, value in extremes.items() if name in unknown and name not in case}


@checked
@given(CASES)
def test_any_case_gets_an_answer_that_can_be_stored_and_read_back(case):
    got = advise(case)
    assert type(got).from_dict(got.as_dict()) == got
    assert type(got).from_dict(got.as_dict("ja")) == got
