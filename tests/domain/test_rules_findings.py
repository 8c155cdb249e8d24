"""How answers become findings: unknown stays unknown, a positive is never turned into a negative."""

import pytest

from triage.domain.findings import Answer, not_known_urgent, resolve, unanswered_urgent
from triage.knowledge import load

YES, NO, NOT_KNOWN = Answer(True, True), Answer(True, False), Answer(False)
MRC = [name for name in load().examination.cells if name.startswith("mrc_")]


def findings(**answers: Answer) -> dict:
    return resolve(load(), answers)


def test_nothing_asked_says_nothing():
    assert findings() == {}


def test_a_no_answers_every_finding_of_the_question():
    assert findings(ask_bowel=NO) == {"bowel_incontinence": False, "rectal_fullness_loss": False}
    assert findings(ask_trauma=NO) == {"trauma": None}


def test_not_known_leaves_the_findings_absent():
    assert findings(ask_urine=NOT_KNOWN, saddle_anaesthesia=NOT_KNOWN) == {}


@pytest.mark.parametrize("value", [None, "", "no", 0])
def test_what_is_neither_yes_nor_no_denies_nothing(value: object) -> None:
    assert findings(ask_urine=Answer(True, value)) == {}


def test_a_plain_yes_counts_as_its_most_dangerous_reading():
    assert findings(ask_urine=YES) == {"urinary_difficulty": True}
    assert findings(ask_aorta=YES) == {"tearing_pain": True}
    assert findings(ask_trauma=YES) == {"trauma": "unspecified"}


def test_belly_pain_is_asked_apart_from_what_pins_an_emergency():
    assert findings(ask_belly=YES) == {"abdominal_pain": True}
    assert findings(ask_aorta=NO) == {"tearing_pain": False, "syncope": False}


def test_a_positive_detail_explains_the_yes():
    assert findings(ask_legs=YES, gait_disturbance=YES) == {"gait_disturbance": True}


def test_a_yes_whose_details_are_all_answered_no_still_counts():
    details = {"urinary_difficulty": NO, "urinary_retention": NO, "urinary_incontinence": NO}
    assert findings(ask_urine=YES, incomplete_bladder_emptying=NO, **details)["urinary_difficulty"] is True


def test_a_yes_to_cancer_stays_whatever_is_known_of_its_spread():
    assert findings(ask_cancer=YES, known_metastases=NO) == {"cancer_history": True, "known_metastases": False}
    assert findings(ask_cancer=YES, known_metastases=YES)["cancer_history"] is True


def test_a_positive_wins_over_a_no_wherever_either_comes_from():
    assert findings(ask_urine=NO, urinary_retention=YES)["urinary_retention"] is True
    assert findings(**{"region.abdomen": YES, "ask_belly": NO})["abdominal_pain"] is True
    assert findings(**{"back_pain": NO, "region.low_back": YES})["back_pain"] is True
    assert findings(ask_saddle=NO, saddle_sensation=Answer(True, "reduced"))["saddle_anaesthesia"] is True


def test_a_more_exact_answer_is_not_blurred_by_a_chip():
    got = findings(**{"leg_numbness": Answer(True, "unilateral"), "symptom.numbness_of_legs": YES})
    assert got["leg_numbness"] == "unilateral"
    assert findings(**{"symptom.numbness_of_legs": YES}) == {"leg_numbness": "unspecified"}


def test_an_unchosen_chip_says_nothing():
    assert findings(**{"symptom.sciatica": NO, "region.neck": NO}) == {}


def test_an_unknown_age_is_absent():
    assert findings(age=Answer(True, None)) == {}


def test_the_lowest_strength_counts_and_a_weak_ankle_is_a_foot_drop():
    got = findings(mrc_l4_left=Answer(True, 3), mrc_s1_left=Answer(True, 5))
    assert got == {"leg_weakness_mrc": 3, "foot_drop": True}
    assert findings(mrc_l3_right=Answer(True, 4), leg_weakness_mrc=Answer(True, 2))["leg_weakness_mrc"] == 2
    assert findings(mrc_l3_right=Answer(True, 1), leg_weakness_mrc=Answer(True, 4))["leg_weakness_mrc"] == 1


def test_weak_cells_on_both_sides_are_weakness_of_both_legs():
    assert findings(mrc_l4_left=Answer(True, 4), mrc_l2_right=Answer(True, 4))["weakness_bilateral"] is True
    assert "weakness_bilateral" not in findings(mrc_l4_left=Answer(True, 4), mrc_l2_left=Answer(True, 4))


def test_strength_is_normal_only_when_the_whole_grid_is():
    assert findings(**dict.fromkeys(MRC[:-1], Answer(True, 5))) == {}
    whole = findings(**dict.fromkeys(MRC, Answer(True, 5)))
    assert whole == {"leg_weakness_mrc": 5, "foot_drop": False, "weakness_bilateral": False}


@pytest.mark.parametrize(("degrees", "positive"), [(30, True), (70, True), (71, None)])
def test_straight_leg_raise_up_to_70_degrees_is_positive(degrees, positive):
    assert findings(slr_degrees_left=Answer(True, degrees)).get("slr_positive") is positive
    both = findings(slr_degrees_left=Answer(True, 80), slr_degrees_right=Answer(True, 85))
    assert both == {"slr_positive": False}


def test_reflexes_speak_by_side():
    assert findings(achilles_reflex_left=Answer(True, "0")) == {"achilles_reflex_abnormal": True}
    assert findings(patellar_reflex_right=Answer(True, "4+")) == {"hyperreflexia": True}
    assert findings(patellar_reflex_right=Answer(True, "2+")) == {}


def test_every_urgent_question_is_open_until_it_has_an_answer():
    k = load()
    assert unanswered_urgent(k, {}) == tuple(q.id for q in k.urgent_questions)
    assert "ask_urine" not in unanswered_urgent(k, {"ask_urine": NOT_KNOWN})
    assert "ask_bowel" not in unanswered_urgent(k, {"bowel_incontinence": NO, "rectal_fullness_loss": NO})
    assert "ask_bowel" in unanswered_urgent(k, {"bowel_incontinence": NO})


def test_an_examined_sign_does_not_answer_the_question_for_the_patient():
    assert "ask_saddle" in unanswered_urgent(load(), {"saddle_sensation": Answer(True, "normal")})


def test_not_known_is_kept_as_not_known():
    k = load()
    assert not_known_urgent(k, {"ask_urine": NOT_KNOWN, "ask_fever": NO}) == ("ask_urine",)
    assert not_known_urgent(k, {"ask_urine": NOT_KNOWN, "urinary_retention": YES}) == ()
    assert not_known_urgent(k, {"bowel_incontinence": NOT_KNOWN, "rectal_fullness_loss": NO}) == ("ask_bowel",)
