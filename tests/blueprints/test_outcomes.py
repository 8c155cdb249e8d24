"""The pages of the follow-up: who is to ask, what was typed and refused, what another wrote meanwhile."""

import re
from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from tests.builders import Clinic, add_patient
from tests.decisions import operation
from tests.places import begun_by_hand
from tests.services.test_outcome_series import operate_on
from tests.services.test_pathways import amended, begun, look
from triage import knowledge
from triage.db import session
from triage.services import outcome_lists, outcome_starts, outcomes
from triage.services.organisations import today


def asked(clinic: Clinic) -> tuple[str, str, int]:
    """Follow up a patient who is to be asked now; return series, point and version."""
    patient = add_patient(clinic.reception)
    day = today(clinic.site_id) - timedelta(days=95)
    series = outcome_starts.begin(clinic.nurse, patient.id, day, begun_by_hand(clinic.surgeon.staff_id))
    point = outcome_lists.list_due(clinic.nurse)[0].point
    session.close()
    return series, point.id, point.version


def version_of(clinic: Clinic, series: str) -> int:
    return outcomes.find(clinic.nurse, series).version


def test_the_desk_finds_whom_to_ask_and_enters_the_answers(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    series, point, version = asked(clinic)
    client = signed_in("reception")
    assert f"/outcomes/points/{point}" in client.get("/outcomes").text
    typed: dict[str, object] = {"version": version, "day": today(clinic.site_id).isoformat(), "how": "telephone"}
    answer = client.post(
        f"/outcomes/points/{point}", data=typed | {"m_nrs_back": "３", "m_nrs_leg": "2", "m_odi": "18"}
    )
    assert (answer.status_code, answer.location) == (303, f"/outcomes/{series}")
    shown = client.get(f"/outcomes/{series}").text
    assert "<polyline" in shown
    assert "<td>18</td>" in shown
    assert f"/outcomes/points/{point}" not in client.get("/outcomes").text


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    _series, point, version = asked(clinic)
    client = signed_in("nurse")
    day = today(clinic.site_id).isoformat()
    for typed, status, told in (
        ({"day": day, "m_odi": "120"}, 422, "number from 0 to 100"),
        ({"day": "2001-02-30", "m_odi": "12"}, 422, "not a date"),
        ({"day": "2001-02-28", "m_odi": "12"}, 422, "does not belong to this point"),
        ({"day": day}, 422, "at least one value"),
        ({"day": day, "m_odi": "12", "version": version + 7}, 409, "changed this since"),
        ({"day": "\x00", "m_odi": "12"}, 422, ""),
    ):
        answer = client.post(f"/outcomes/points/{point}", data={"version": version, "how": "paper"} | typed)
        assert answer.status_code == status, typed
        assert told in answer.text
        assert str(typed.get("m_odi", "")) in answer.text


def test_a_complication_an_attempt_and_the_end_are_noted_on_the_course(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    series, point, version = asked(clinic)
    client, day = signed_in("nurse"), today(clinic.site_id).isoformat()
    wrong = {
        "wrong-version": version_of(clinic, series),
        "wrong-kind": "haematoma",
        "wrong-day": day,
        "wrong-grade": "3",
    }
    assert client.post(f"/outcomes/{series}/complications", data=wrong | {"wrong-grade": ""}).status_code == 422
    assert client.post(f"/outcomes/{series}/complications", data=wrong | {"wrong-day": "2001-01-01"}).status_code == 422
    assert client.post(f"/outcomes/{series}/complications", data=wrong | {"wrong-day": " "}).status_code == 422
    assert client.post(f"/outcomes/{series}/complications", data=wrong).status_code == 303
    tried = {"contact-version": version, "contact-result": "not_reached", "contact-note": "noon"}
    assert client.post(f"/outcomes/points/{point}/contacts", data=tried).status_code == 303
    assert client.post(f"/outcomes/points/{point}/contacts", data=tried).status_code == 409
    assert client.post(f"/outcomes/{series}/end", data={"end-version": 1}).status_code == 422
    shown = client.get(f"/outcomes/{series}").text
    assert "Haematoma" in shown
    assert "noon" in shown
    assert signed_in("reception").post(f"/outcomes/{series}/complications", data=wrong).status_code == 403
    assert client.get("/outcomes/nothing").status_code == 404


def test_a_complication_typed_before_the_operation_was_named_anew_is_asked_about_again(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    pathway_id = begun(clinic, operation("MED"))
    operate_on(clinic, pathway_id)
    (course,) = outcome_lists.courses_of(clinic.nurse, look(clinic, pathway_id).pathway.patient_id)
    url, seen = f"/outcomes/{course.series.id}", course.series.version
    client, day = signed_in("nurse"), today(clinic.site_id).isoformat()
    amended(clinic, pathway_id, operation("MD", "L5-S1", "left"))
    typed = {"wrong-kind": "haematoma", "wrong-day": day, "wrong-grade": "3", "wrong-note": "Drained at night"}
    late = client.post(f"{url}/complications", data=typed | {"wrong-version": seen})
    assert late.status_code == 409
    assert "changed this since" in late.text
    assert 'value="Drained at night"' in late.text
    assert outcome_lists.course(clinic.nurse, course.series.id).complications == []
    again = re.search(r'name="wrong-version" value="(\d+)"', late.text)
    assert again
    assert client.post(f"{url}/complications", data=typed | {"wrong-version": again[1]}).status_code == 303


def test_the_history_names_the_operation_in_the_readers_words(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    pathway_id = begun(clinic, operation("MED"))
    operate_on(clinic, pathway_id)
    amended(clinic, pathway_id, operation("PLIF", "L4-5", "", level_to="L5-S1"))
    patient_id = look(clinic, pathway_id).pathway.patient_id
    (course,) = outcome_lists.courses_of(clinic.nurse, patient_id)
    labels = {one.id: one for one in knowledge.load().procedures}
    client = signed_in("nurse")
    for lang, side in (("en", "Right"), ("ja", "右")):
        history = client.get(f"/outcomes/{course.series.id}?lang={lang}").text.split('<ol class="plain">')[1]
        assert f'{labels["MED"].label(lang)} <b class="nowrap">L4-5</b> {side}' in history
        assert f'{labels["PLIF"].label(lang)} <b class="nowrap">L4-5 – L5-S1</b>' in history
        assert not re.search(r"MED L4-5|right<", history)


def test_a_correction_begins_with_how_and_when_the_answer_came(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    _series, point, version = asked(clinic)
    client, day = signed_in("nurse"), (today(clinic.site_id) - timedelta(days=2)).isoformat()
    typed = {"version": version, "day": day, "how": "telephone", "m_odi": "18"}
    assert client.post(f"/outcomes/points/{point}", data=typed).status_code == 303
    page = client.get(f"/outcomes/points/{point}").text
    assert '<option selected value="telephone">' in page
    assert f'value="{day}"' in page


def test_who_was_slower_sees_both_answers_and_may_save_knowingly(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    _series, point, version = asked(clinic)
    client, day = signed_in("nurse"), today(clinic.site_id).isoformat()
    typed = {"version": version, "day": day, "how": "telephone"}
    assert client.post(f"/outcomes/points/{point}", data=typed | {"m_odi": "18"}).status_code == 303
    late = client.post(f"/outcomes/points/{point}", data=typed | {"m_odi": "44"})
    assert late.status_code == 409
    assert "<mark>44</mark>" in late.text
    assert "<mark>18</mark>" in late.text
    again = {"version": outcomes.find_point(clinic.nurse, point).version, "m_odi": "44"}
    assert f'name="version" value="{again["version"]}"' in late.text
    assert client.post(f"/outcomes/points/{point}", data=typed | again).status_code == 303


def test_answers_attempts_and_complications_from_paper_bear_both_times(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    series, point, version = asked(clinic)
    client, yesterday = signed_in("nurse"), today(clinic.site_id) - timedelta(days=1)
    paper = {"late_time": "10:12", "late_day": yesterday.isoformat()}
    typed = {"version": version, "day": yesterday.isoformat(), "how": "telephone", "m_odi": "18"}
    wrong = client.post(f"/outcomes/points/{point}", data=typed | paper | {"late_time": "25:99"})
    assert wrong.status_code == 422
    assert 'value="25:99"' in wrong.text
    assert 'value="18"' in wrong.text
    ahead = client.post(f"/outcomes/points/{point}", data=typed | paper | {"day": today(clinic.site_id).isoformat()})
    assert ahead.status_code == 422  # nobody noted on paper yesterday what is answered today
    assert client.post(f"/outcomes/points/{point}", data=typed | paper).status_code == 303
    tried = {"contact-version": version + 1, "contact-result": "not_reached"}
    assert client.post(f"/outcomes/points/{point}/contacts", data=tried | paper).status_code == 303
    told = {"wrong-kind": "haematoma", "wrong-day": yesterday.isoformat(), "wrong-grade": "3"}
    told["wrong-version"] = str(version_of(clinic, series))
    bad = client.post(f"/outcomes/{series}/complications", data=told | {"late_day": "soon"})
    assert bad.status_code == 422
    assert bad.text.count('class="from-paper" open') == 1
    assert client.post(f"/outcomes/{series}/complications", data=told | paper).status_code == 303
    assert client.get(f"/outcomes/{series}").text.count("entered late") == 3


def test_a_follow_up_is_begun_by_hand_with_the_reason(clinic: Clinic, signed_in: Callable[[str], FlaskClient]) -> None:
    patient = add_patient(clinic.reception)
    client, day = signed_in("reception"), (today(clinic.site_id) - timedelta(days=95)).isoformat()
    assert f"/patients/{patient.id}/outcomes/new" in client.get(f"/patients/{patient.id}").text
    assert client.get(f"/patients/{patient.id}/outcomes/new").status_code == 200
    where = f"/patients/{patient.id}/outcomes"
    typed = {
        "start": "elsewhere", "kind": "procedure", "procedure": "PLIF", "level": "L3-4", "level_to": "L4-5",
        "side": "both", "index_day": day, "surgeon": clinic.surgeon.staff_id, "note": "Letter of Osaka",
    }  # fmt: skip
    for change, told in (
        ({"start": ""}, "Choose a reason."),
        ({"procedure": ""}, "Choose the procedure."),
        ({"level": "", "level_to": ""}, "Give the level."),
        ({"index_day": "2001-02-30"}, "not a date"),
        ({"index_day": "1900-01-01"}, "before the birth date"),
        ({"start": "other", "note": ""}, "Write why."),
    ):
        answer = client.post(where, data=typed | change)
        assert (answer.status_code, told in answer.text) == (422, True), change
        assert 'selected value="both"' in answer.text
    made = client.post(where, data=typed)
    assert made.status_code == 303
    page = client.get(made.location).text
    assert "L3-4 – L4-5" in page
    assert "Letter of Osaka" in page
    again = client.post(where, data=typed)
    assert (again.status_code, "followed up after this treatment already" in again.text) == (409, True)
    care = {"start": "earlier", "kind": "conservative", "index_day": day, "surgeon": clinic.surgeon.staff_id}
    assert client.post(f"/patients/{add_patient(clinic.reception).id}/outcomes", data=care).status_code == 303


def test_the_course_stands_on_the_patients_own_page_for_who_may_see_it(
    clinic: Clinic, signed_in: Callable[[str], FlaskClient]
) -> None:
    series, point, version = asked(clinic)
    client, day = signed_in("nurse"), today(clinic.site_id).isoformat()
    patient = outcomes.find(clinic.nurse, series).patient_id
    assert "No number yet." in client.get(f"/patients/{patient}").text
    typed = {"version": version, "day": day, "how": "telephone", "m_odi": "18"}
    assert client.post(f"/outcomes/points/{point}", data=typed).status_code == 303
    page = client.get(f"/patients/{patient}").text.partition('id="followed"')[2]
    assert "<polyline" in page
    assert "<b>18</b>" in page
    assert 'id="followed"' not in signed_in("admin").get(f"/patients/{patient}").text
