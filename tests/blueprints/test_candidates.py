"""The candidates on the surgeon's page: shown in order, explained, fed on the spot, and never in the way."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.blueprints.test_consults import MED, plain, post, review_of, seen
from tests.builders import Clinic, as_answers, build_clinic
from tests.services.test_candidates import LATERAL
from tests.services.test_consults import at_stage, now
from triage import knowledge
from triage.models import Encounter
from triage.services import consults, intakes

SignIn = Callable[[str], FlaskClient]
HTMX = {"HX-Request": "true"}


def record(browser: FlaskClient, encounter: Encounter, headers: dict[str, str] | None = None, **answers: str):
    """Post answers as the review page does."""
    data = {"place": "review", "revision": str(encounter.findings_revision)}
    data |= {f"a.{name}": value for name, value in answers.items()} | {f"w.{name}": "" for name in answers}
    return browser.post(f"/encounters/{encounter.id}/findings", data=data, headers=headers)


def panel(page: str) -> str:
    return page.split('id="candidates"', 1)[1].split("</section>", 1)[0]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_treatment_is_shown_in_the_clinics_order(clinic: Clinic, signed_in: SignIn, lang: str) -> None:
    encounter = at_stage(clinic, "review")
    page = panel(signed_in("surgeon").get(f"{review_of(encounter)}?lang={lang}").text)
    shown = re.findall(r'id="c-(\w+)"', page)
    assert shown == [treatment.id for treatment in knowledge.load().candidacy.treatments]
    for treatment in knowledge.load().candidacy.treatments:
        assert treatment.label[lang] in page


def test_the_panel_says_that_it_only_suggests_and_who_has_not_signed(clinic: Clinic, signed_in: SignIn) -> None:
    page = plain(panel(signed_in("surgeon").get(review_of(at_stage(clinic, "review"))).text))
    assert "Suggestion of the rules" in page
    assert "not yet signed by a clinician" in page
    assert unescape(page).count("surgeon's choice alone") == 2


def test_a_treatment_says_why_with_its_facts_its_source_and_what_to_ask(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.surgeon, encounter.id, as_answers(LATERAL | {"concerned_level": "L5-S1"}))
    page = panel(signed_in("surgeon").get(review_of(encounter)).text)
    lateral = page.split('id="c-LLIF"', 1)[1].split("</details>", 1)[0]
    assert "Level L5-S1: not reached from the side" in lateral
    assert knowledge.load().sources["LLIF-CONTRA"].url in lateral
    assert 'href="#f-rotation_deformity_severe"' in lateral
    assert f'/encounters/{encounter.id}/triage#f-known_spinal_infection"' in lateral
    assert "Other reading of the source" in plain(lateral)
    assert re.search("Level concerned .*?: L5-S1", plain(lateral))
    assert "Lasting relief from any of them: No" in plain(lateral)


def test_the_surgeon_enters_a_finding_on_the_review_and_comes_back_to_it(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    surgeon = signed_in("surgeon")
    assert 'name="a.dx_discitis"' in surgeon.get(review_of(encounter)).text
    answer = record(surgeon, encounter, concerned_level="L4-5")
    assert (answer.status_code, answer.location) == (303, review_of(encounter))
    assert intakes.findings_of(encounter.id)["concerned_level"].value == "L4-5"


def test_a_saved_finding_tells_the_page_to_weigh_again(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    answer = record(signed_in("surgeon"), encounter, HTMX, dx_degenerative_disc="yes")
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (200, "findings-saved")
    assert 'id="count-reception"' not in answer.text


def test_the_page_shows_the_whole_case_anew_and_the_version_that_is_signed(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    surgeon = signed_in("surgeon")
    record(surgeon, encounter, HTMX, dx_degenerative_disc="yes")
    fresh = surgeon.get(f"{review_of(encounter)}/candidates", headers=HTMX).text
    for part in ('id="candidates"', 'id="case-told"', 'id="case-done"', 'id="case-decided"'):
        assert part in fresh
    version = now(clinic, encounter).version
    assert f'id="decision-version" value="{version}"' in fresh
    assert 'name="note"' not in fresh
    assert "Degenerative disc disease (confirmed)" in fresh
    assert not seen(encounter, "patient_opened")


def test_what_cannot_be_an_answer_is_said_at_its_field(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    surgeon = signed_in("surgeon")
    answer = record(surgeon, encounter, HTMX, pain_vas_mm="150")
    assert answer.status_code == 422
    assert 'id="m-pain_vas_mm"' in answer.text
    whole = record(surgeon, encounter, pain_vas_mm="150")
    assert whole.status_code == 422
    assert review_of(encounter) in whole.text
    assert 'value="150"' in whole.text


def test_an_answer_of_somebody_faster_stands(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    revision = encounter.findings_revision
    intakes.record_answers(clinic.nurse, encounter.id, as_answers({"bleeding_tendency": True}))
    data = {"place": "review", "revision": str(revision), "a.bleeding_tendency": "no", "w.bleeding_tendency": ""}
    surgeon = signed_in("surgeon")
    answer = surgeon.post(f"/encounters/{encounter.id}/findings", data=data, headers=HTMX)
    assert answer.status_code == 409
    assert intakes.findings_of(encounter.id)["bleeding_tendency"].value is True


def test_choosing_a_procedure_shows_what_speaks_against_it_and_asks_for_nothing(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.surgeon, encounter.id, as_answers({"bilateral_sciatica": True}))
    surgeon = signed_in("surgeon")
    told = surgeon.get(f"{review_of(encounter)}/candidate?procedure=MED", headers=HTMX).text
    assert "Root pain in both legs" in told
    assert "to be weighed" in told
    quiet = surgeon.get(f"{review_of(encounter)}/candidate?procedure=HYBRID_LASER", headers=HTMX).text
    assert "Against" not in quiet
    assert surgeon.get(f"{review_of(encounter)}/candidate?procedure=nonsense", headers=HTMX).status_code == 200
    assert post(surgeon, now(clinic, encounter), MED).status_code == 303


def test_a_refused_decision_still_shows_what_speaks_against_the_chosen_procedure(
    clinic: Clinic, signed_in: SignIn
) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.surgeon, encounter.id, as_answers({"bilateral_sciatica": True}))
    answer = post(signed_in("surgeon"), now(clinic, encounter), MED | {"level": ""})
    assert answer.status_code == 422
    assert "Root pain in both legs" in answer.text.split('id="weighed"', 1)[1].split("</div>", 1)[0]


def test_paper_shows_the_alternatives_as_they_stood_at_the_signature(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    intakes.record_answers(clinic.surgeon, encounter.id, as_answers({"concerned_level": "L5-S1"}))
    surgeon = signed_in("surgeon")
    assert "Level L5-S1: not reached" in surgeon.get(f"{review_of(encounter)}/print").text
    post(surgeon, now(clinic, encounter), MED | {"alternatives": ["LLIF"]})
    paper = surgeon.get(f"{review_of(encounter)}/print").text
    assert "Level L5-S1: not reached" in paper
    assert len(consults.seen_candidates(consults.decisions_of(now(clinic, encounter))[0])) == 14


@pytest.mark.parametrize("path", ["candidates", "candidate?procedure=MED"])
def test_only_who_reviews_cases_sees_the_candidates(clinic: Clinic, signed_in: SignIn, path: str) -> None:
    encounter = at_stage(clinic, "review")
    for role in ("reception", "nurse", "radiographer", "admin", "auditor"):
        assert signed_in(role).get(f"{review_of(encounter)}/{path}").status_code == 403
    foreign = at_stage(build_clinic("osaka", suffix="-o"), "review")
    assert signed_in("surgeon").get(f"{review_of(foreign)}/{path}").status_code == 404


def test_the_desk_cannot_confirm_a_diagnosis(clinic: Clinic, signed_in: SignIn) -> None:
    encounter = at_stage(clinic, "review")
    assert record(signed_in("reception"), encounter, HTMX, dx_discitis="yes").status_code == 403
    assert "dx_discitis" not in intakes.findings_of(encounter.id)
