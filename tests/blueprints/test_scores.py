"""The scores where people see them: beside the suggestion, at the surgeon's, on paper; folded, sourced, harmless."""

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.blueprints.test_consults import plain, review_of
from tests.blueprints.test_triage import all_no, url
from tests.builders import Clinic, as_answers, wait
from tests.services.test_consults import at_stage
from triage import knowledge
from triage.models import Encounter
from triage.services import encounters, intakes, scores

SignIn = Callable[[str], FlaskClient]
KNOWN = knowledge.load()
SCORE_ONLY = sorted(name for name, finding in KNOWN.findings.items() if finding.score_only)
STENOSIS = {"diabetes": False, "claudication": True, "worse_on_standing": True, "relief_on_flexion": True, "abi": 1.0}


def panel(page: str) -> str:
    """Return the words of the scores on a page."""
    return plain(page[page.index('id="scores-panel"') :].partition("</section>")[0])


def record(clinic: Clinic, encounter: Encounter, values: dict) -> None:
    intakes.record_answers(clinic.nurse, encounter.id, as_answers(values))


def test_the_sheet_shows_a_score_with_its_total_or_what_is_still_possible(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    record(clinic, encounter, STENOSIS | {"odi": 42})
    shown = panel(signed_in("nurse").get(url(encounter, "triage")).text)
    assert "ODI (%) 42 of 100 Severe" in shown
    assert "Stenosis tool (Konno 2007) 10 to 15 of 16, 4 open Stenosis likely" in shown
    assert "Eur Spine J 2007" in shown
    assert "never change the urgency" in shown


def test_a_new_answer_brings_the_scores_with_the_suggestion(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = wait(clinic.reception, all_no()), signed_in("nurse")
    record(clinic, encounter, {"slip_percent": 51})
    page = nurse.get(url(encounter, "suggestion")).text
    assert re.search(r'id="scores-panel" hx-swap-oob="true"', page)
    assert "Meyerding grade 3 of 5 High grade" in panel(page)


def test_nothing_known_shows_no_panel_at_all(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    assert 'aria-labelledby="h-scores"' not in signed_in("nurse").get(url(encounter, "triage")).text


def test_each_item_is_asked_once_on_the_sheet_and_nowhere_at_the_desk(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = wait(clinic.reception, all_no()), signed_in("nurse")
    sheet, desk = nurse.get(url(encounter, "triage")).text, nurse.get(url(encounter, "intake")).text
    for name in SCORE_ONLY:
        assert sheet.count(f'id="f-{name}"') == 1, name
        assert f'id="f-{name}"' not in desk


def test_the_items_stay_folded_until_one_of_them_is_answered(clinic: Clinic, signed_in: SignIn) -> None:
    encounter, nurse = wait(clinic.reception, all_no()), signed_in("nurse")
    sections = [s for s in KNOWN.sections if s.id.startswith("scores_")]
    assert len(sections) == 5
    folds = r'<details class="more"( open)?><summary>{}'
    page = nurse.get(url(encounter, "triage")).text
    assert [re.search(folds.format(re.escape(s.label())), page)[1] for s in sections] == [None] * 5  # type: ignore[index]
    record(clinic, encounter, {"sins_pain": "mechanical"})
    page = nurse.get(url(encounter, "triage")).text
    assert [bool(re.search(folds.format(re.escape(s.label())), page)[1]) for s in sections].count(True) == 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("slip_percent", "201"), ("slip_percent", "-1"), ("paindetect_total", "-2"), ("paindetect_total", "39"),
        ("joa_lbp_total", "-7"), ("joa_lbp_total", "30"), ("joabpeq_pain", "101"), ("zcq_symptoms", "0.9"),
        ("zcq_symptoms", "5.1"), ("mjoa_18_total", "19"), ("mjoa_17_total", "18"), ("mjoa_18_leg_motor", "8"),
        ("mjoa_17_arm_sensory", "3"), ("sins_pain", "none"), ("start_9", "4"), ("odi", "20.5"),
    ],
)  # fmt: skip
def test_what_lies_outside_the_limits_is_refused_at_its_field(
    clinic: Clinic, signed_in: SignIn, name: str, bad: str
) -> None:
    encounter, nurse = wait(clinic.reception, all_no()), signed_in("nurse")
    answer = nurse.post(url(encounter, "findings"), data={f"a.{name}": bad, "place": "sheet"})
    assert answer.status_code == 422
    assert intakes.findings_of(encounter.id).get(name) is None


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [("paindetect_total", "-1", -1), ("joa_lbp_total", "-6", -6), ("zcq_function", "2.5", 2.5),
     ("sins_collapse", "not_collapsed", "not_collapsed"), ("start_9", "no", False), ("mjoa_18_leg_motor", "７", 7)],
)  # fmt: skip
def test_what_lies_within_them_is_kept(clinic: Clinic, signed_in: SignIn, name: str, typed: str, value: object) -> None:
    encounter, nurse = wait(clinic.reception, all_no()), signed_in("nurse")
    assert nurse.post(url(encounter, "findings"), data={f"a.{name}": typed, "place": "sheet"}).status_code < 400
    assert intakes.findings_of(encounter.id)[name].value == value


def test_the_surgeon_sees_the_telling_ones_first_and_the_rest_folded(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    record(clinic, encounter, STENOSIS | {"odi": 10, "pain_nrs": 8, "paindetect_total": 3, "joa_lbp_total": 15,
                                          "mjoa_17_total": 17, "start_total": 8, "slip_percent": 80})  # fmt: skip
    page = signed_in("surgeon").get(review_of(encounter)).text
    top = panel(page).partition("Sources")[0]
    for line in ("Pain 8 of 10 Severe", "Meyerding grade 4 of 5 High grade", "STarT Back 8 of 9", "Stenosis tool"):
        assert line in top
    assert "painDETECT" not in top
    assert "painDETECT" in panel(page)


def test_items_are_summarised_as_a_score_and_not_told_one_by_one(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    record(clinic, encounter, {"sins_pain": "mechanical", "start_1": False, "mjoa_17_bladder": 2,
                               "provoked_by_extension": True})  # fmt: skip
    page = signed_in("surgeon").get(review_of(encounter)).text
    summary = plain(page[: page.index('id="scores-panel"')])
    assert "SINS: pain" not in summary
    assert "1 leg pain" not in summary
    assert "Bending backward brings it on" in summary


def test_where_typed_and_computed_disagree_the_page_says_so(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    record(clinic, encounter, {"meyerding_grade": 1, "slip_percent": 60})
    shown = panel(signed_in("surgeon").get(review_of(encounter)).text)
    assert "Meyerding grade 3 of 5 High grade" in shown
    assert "the worse one counts (typed 1, items 3)" in shown


@pytest.mark.parametrize(("lang", "title"), [("en", "Scores"), ("ja", "スコア")])
def test_paper_carries_the_scores_and_the_statement_of_keele(
    clinic: Clinic, signed_in: SignIn, lang: str, title: str
) -> None:
    encounter = at_stage(clinic, "review")
    record(clinic, encounter, {"start_total": 4, "start_psych": 4})
    page = plain(signed_in("surgeon").get(f"{review_of(encounter)}/print?lang={lang}").text)
    assert title in page
    assert {"en": "STarT Back 4 of 9 (High risk)", "ja": "STarT Back 4／9 (高リスク)"}[lang] in page
    assert "© Keele University" in page


def test_a_score_moves_nobody_on_the_board(clinic: Clinic) -> None:
    encounter = wait(clinic.reception, all_no())
    before = encounters.get(clinic.nurse, encounter.id).suggestion
    record(clinic, encounter, {"start_total": 9, "odi": 100, "sins_alignment": "subluxation", "slip_percent": 150,
                               "mjoa_18_total": 0, "paindetect_total": 38})  # fmt: skip
    after = encounters.get(clinic.nurse, encounter.id)
    assert (after.suggestion["level"], after.suggestion["route"]) == (before["level"], before["route"])
    assert [r.score.id for r in scores.begun(after) if r.typed is not None] == [
        "mjoa_18", "start_back", "odi", "paindetect",
    ]  # fmt: skip


# The page on which the scores are open to inspection


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_score_is_open_to_inspection_with_points_cut_offs_licence_and_source(
    clinic: Clinic, signed_in: SignIn, lang: str
) -> None:
    page = signed_in("auditor").get(f"/scores?lang={lang}").text
    for score in KNOWN.scores:
        part = plain(page[page.index(f'id="score-{score.id}"') :].partition("</section>")[0])
        assert score.label(lang) in part
        assert score.licence[lang] in html.unescape(part)
        assert all(band.label(lang) in part and band.meaning(lang) in part for band in score.bands)
        assert all(KNOWN.sources[source].title in html.unescape(part) for source in score.sources)
        for group in score.groups:
            assert all(KNOWN.findings[name].label(lang) in part for item in group.items for name in item.names)


def test_the_points_are_shown_as_they_are_counted(clinic: Clinic, signed_in: SignIn) -> None:
    page = html.unescape(plain(signed_in("nurse").get("/scores").text))
    assert "age > 70 → 2 · age >= 60 → 1" in page
    assert "abi >= 0.9 → 3 · where that is not known: pedal_pulses_absent or pedal_pulses_reduced → 0" in page
    assert "7 – 12 Potentially unstable" in page


@pytest.mark.parametrize(("who", "status"), [("surgeon", 200), ("admin", 200), ("reception", 403), ("", 303)])
def test_who_may_read_the_rules_may_read_the_scores(
    app: Flask, clinic: Clinic, signed_in: SignIn, who: str, status: int
) -> None:
    browser = signed_in(who) if who else app.test_client()
    assert browser.get("/scores").status_code == status


def test_the_panel_leads_to_the_page_where_one_may_read_it(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = wait(clinic.reception, all_no())
    record(clinic, encounter, {"odi": 42})
    assert 'href="/scores"' in signed_in("nurse").get(url(encounter, "triage")).text
