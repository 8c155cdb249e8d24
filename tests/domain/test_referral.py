"""The referral's minimum data set: there, partly there, missing; "not known" is said, a blank is not."""

from typing import Any

import pytest

from tests.builders import as_answers
from triage import knowledge
from triage.domain.lifecycle import ROUTES
from triage.domain.referral import MISSING, PARTLY, PRESENT, REFERRING, Bar, bar

#: Everything that a referral of a patient with leg pain carries.
WHOLE: dict[str, Any] = {
    "back_pain": True, "leg_pain": True, "leg_dominant": True, "symptom_weeks": 9, "region.groin_left": True,
    "concerned_level": "L4-5", "leg_weakness_mrc": 5, "leg_numbness": "unilateral",
    "achilles_reflex_abnormal": False, "hyperreflexia": False, "ask_urine": False, "ask_bowel": False,
    "ask_saddle": False, "prior_medication": True, "prior_medication_weeks": 8, "prior_pt": False,
    "prior_injection": False, "prior_relief": False, "prior_spine_surgery": False, "osteoporosis": False,
    "smoker": False, "ask_anticoagulant": False, "images_here": True, "odi": 44,
}  # fmt: skip
NEURO = {"leg_weakness_mrc", "leg_numbness", "achilles_reflex_abnormal", "hyperreflexia"}


def of(answers: dict[str, Any]) -> Bar:
    return bar(knowledge.load(), as_answers(answers))


def states(answers: dict[str, Any]) -> dict[str, str]:
    return {held.part.id: held.state for held in of(answers).held}


def test_a_referral_that_says_everything_is_complete() -> None:
    assert of(WHOLE).open == []
    assert of(WHOLE).is_whole
    assert of(WHOLE).lacking("specialist_consult") == ()


def test_a_blank_sheet_misses_every_part() -> None:
    assert set(states({}).values()) == {MISSING}
    assert of({}).count == 0


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"back_pain", "leg_pain"}))
def test_whatever_is_left_out_is_missed(name: str) -> None:
    lacking = of({key: value for key, value in WHOLE.items() if key != name}).lacking("specialist_consult")
    assert len(lacking) == 1, "one part is not complete, and it is named"


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"images_here", "region.groin_left", "back_pain", "leg_pain"}))
def test_not_known_is_said_and_shown_as_such(name: str) -> None:
    found = of(WHOLE | {name: "not known"})
    assert found.is_whole
    assert [held.unsure for held in found.held].count(True) == 1


def test_which_pain_is_worse_is_settled_where_only_one_of_them_is_there() -> None:
    without = {name: value for name, value in WHOLE.items() if name != "leg_dominant"}
    assert states(without)["dominant"] == MISSING
    assert states(without | {"leg_pain": False})["dominant"] == PRESENT
    assert states(without | {"back_pain": False})["dominant"] == PRESENT
    assert states(without | {"back_pain": "not known"})["dominant"] == MISSING, "not known is never no"


def test_a_part_of_which_something_is_said_is_partly_there() -> None:
    assert states({"leg_weakness_mrc": 4})["neurology"] == PARTLY
    assert states({"mrc_l5_left": 3})["neurology"] == PARTLY
    assert states({"ask_urine": False})["bladder_bowel"] == PARTLY
    assert states({"prior_pt": True})["treatment"] == PARTLY


def test_the_strength_of_the_legs_is_one_figure_or_every_muscle() -> None:
    rest = {name: value for name, value in WHOLE.items() if name != "leg_weakness_mrc"}
    grid = {f"mrc_{root}_{side}": 5 for root in ("l2", "l3", "l4", "l5", "s1") for side in ("left", "right")}
    assert states(rest | grid)["neurology"] == PRESENT
    del grid["mrc_s1_left"]
    assert states(rest | grid)["neurology"] == PARTLY


@pytest.mark.parametrize("care", ["prior_medication", "prior_pt", "prior_injection"])
def test_how_long_and_with_what_effect_is_asked_of_what_was_tried_only(care: str) -> None:
    none = WHOLE | {"prior_medication": False, "prior_pt": False, "prior_injection": False}
    none = {name: value for name, value in none.items() if not name.endswith("_weeks") or name == "symptom_weeks"}
    del none["prior_relief"]
    assert states(none)["treatment"] == PRESENT
    (tried,) = [held for held in of(none | {care: True}).held if held.part.id == "treatment"]
    assert {item.name for item in tried.lacks} == {f"{care}_weeks", "prior_relief"}


def test_of_a_neck_alone_the_arms_are_asked_and_not_the_legs() -> None:
    neck = {name: value for name, value in WHOLE.items() if name not in NEURO - {"achilles_reflex_abnormal"}}
    neck |= {"hyperreflexia": False, "neck_pain": True, "back_pain": False, "leg_pain": False}
    assert states(neck)["neurology"] == PARTLY
    assert states(neck | {"arm_weakness": False, "arm_numbness": "unilateral"})["neurology"] == PRESENT


def test_a_symptom_the_desk_ticked_counts_for_what_it_says() -> None:
    assert states({"symptom.numbness_of_legs": True})["neurology"] == PARTLY


def test_each_finding_of_an_urgent_question_answered_for_itself_counts_as_the_question() -> None:
    assert states({"ask_urine": False, "ask_bowel": False, "saddle_anaesthesia": False})["bladder_bowel"] == PRESENT


def test_imaging_before_the_specialist_brings_the_images_and_with_them_the_level() -> None:
    without = {name: value for name, value in WHOLE.items() if name not in ("images_here", "concerned_level")}
    assert of(without).lacking("imaging_then_specialist") == ()
    assert of(without).lacking("specialist_consult") == ("place", "imaging")


@pytest.mark.parametrize("route", sorted(set(ROUTES) - REFERRING))
def test_no_other_way_is_held_up_least_of_all_the_emergency(route: str) -> None:
    assert of({}).lacking(route) == ()


def test_every_part_is_labelled_in_both_languages() -> None:
    for part in knowledge.load().flow.referral:
        assert all(part.text[language] for language in ("en", "ja"))
        assert all(item.text[language] for item in part.items for language in ("en", "ja"))
