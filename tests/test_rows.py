"""A row that is kept fits who sees it: never another patient's, language's, role's or owner's, and never old."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from flask import Flask

from tests.builders import Clinic, wait
from triage import clock, knowledge, rows
from triage.db import session
from triage.domain.access import Actor
from triage.rows import Viewer
from triage.services import board, claims, emergencies, encounters, intakes
from triage.services.lines import Line

Draw = Callable[..., str]
NOT_KEPT = {"minutes": 99, "here": 98, "key": (9,), "turned_at": None, "turns_at": None}
NURSE = Viewer("en", "Asia/Tokyo", may_claim=True, may_take_over=False, may_raise=True, may_hold=True)


@pytest.fixture
def draw(app: Flask) -> Draw:
    """Return a function that draws a row as a request does."""

    def drawn(line: Line, viewer: Viewer = NURSE, staff_id: str = "nobody", **more: object) -> str:
        with app.test_request_context():
            return str(rows.row(viewer, staff_id, {}, line, **more))  # type: ignore[arg-type]

    return drawn


def line_of(actor: Actor, encounter_id: str) -> Line:
    session.close()
    found = board.find_line(actor, encounter_id)
    assert found
    return found


def test_two_patients_with_the_same_name_ticket_and_times_keep_their_own_rows(clinic: Clinic, draw: Draw) -> None:
    one = line_of(clinic.nurse, wait(clinic.reception).id)
    other = replace(one, id="another00000000a", patient_id="another00000000b")
    for line, foreign in ((one, other), (other, one), (one, other)):
        assert f'id="e-{line.id}"' in draw(line)
        assert foreign.id not in draw(line)


def test_patients_who_change_places_take_their_names_with_them(clinic: Clinic, draw: Draw) -> None:
    first = line_of(clinic.nurse, wait(clinic.reception, family_name="北村").id)
    second = line_of(clinic.nurse, wait(clinic.reception, family_name="南田").id)
    draw(first), draw(second)
    swapped = replace(first, id=second.id, patient_id=second.patient_id, ticket=second.ticket)
    assert "北村" in draw(swapped)
    assert "南田" not in draw(swapped)
    assert "南田" in draw(second)


def test_whatever_a_row_says_is_part_of_what_it_is_kept_by(clinic: Clinic) -> None:
    """Only the waits are not: they stand in a cell of their own."""
    assert {f.name for f in fields(Line) if not f.compare} == NOT_KEPT.keys()
    line = line_of(clinic.nurse, wait(clinic.reception).id)
    assert hash(line) == hash(replace(line, minutes=99))
    for f in fields(Line):
        if f.compare:
            assert replace(line, **{f.name: "something else"}) != line, f.name


def test_what_is_kept_of_a_row_is_the_same_whatever_is_not_part_of_it(clinic: Clinic, app: Flask) -> None:
    line = line_of(clinic.nurse, wait(clinic.reception).id)
    drawn = rows._parts.__wrapped__
    with app.test_request_context():
        own = rows.Own.of(line, "nobody")
        assert drawn(line, NURSE, own) == drawn(replace(line, **NOT_KEPT), NURSE, own)


def test_each_minute_shows_its_own_wait_on_the_same_row(clinic: Clinic, draw: Draw) -> None:
    line = line_of(clinic.nurse, wait(clinic.reception).id)
    assert "<b>3</b>" in draw(replace(line, minutes=3))
    assert "<b>4</b>" in draw(replace(line, minutes=4))
    assert "<b>3</b>" not in draw(replace(line, minutes=4))


def test_the_row_is_in_the_readers_language_and_zone_whoever_read_it_before(clinic: Clinic, draw: Draw) -> None:
    line = line_of(clinic.nurse, wait(clinic.reception).id)
    english, japanese = draw(line), draw(line, replace(NURSE, locale="ja"))
    assert "Waiting for the nurse" in english
    assert "Waiting for the nurse" not in japanese
    assert draw(line) == english
    assert draw(line, replace(NURSE, zone="Europe/Lisbon")) != english


def test_nobody_is_offered_what_only_the_reader_before_may_do(clinic: Clinic, draw: Draw) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    line = line_of(clinic.nurse, encounter.id)
    lead, desk = replace(NURSE, may_take_over=True), replace(NURSE, may_claim=False)
    assert f'/encounters/{encounter.id}/claim"' in draw(line, lead)
    assert "/claim" not in draw(line, NURSE)
    assert "/claim" not in draw(line, desk)
    assert "/emergency" in draw(line, desk)
    assert "/emergency" not in draw(line, replace(desk, may_raise=False))


def test_ones_own_patient_is_marked_as_ones_own_and_nobody_elses(clinic: Clinic, draw: Draw) -> None:
    encounter = wait(clinic.reception)
    claims.claim(clinic.nurse, encounter.id)
    line = line_of(clinic.nurse, encounter.id)
    for staff_id, is_mine in ((clinic.nurse.staff_id, True), (clinic.surgeon.staff_id, False)) * 2:
        assert ("line mine" in draw(line, staff_id=staff_id)) == is_mine
        assert ("claim/release" in draw(line, staff_id=staff_id)) == is_mine


def test_who_else_has_the_page_open_is_shown_to_all_but_oneself_and_the_undo_to_who_acted(
    clinic: Clinic, draw: Draw
) -> None:
    encounter = wait(clinic.reception)
    encounters.open_(clinic.reception, encounter.id, "intake")
    claims.claim(clinic.nurse, encounter.id)
    claims.release(clinic.nurse, encounter.id)
    line = line_of(clinic.nurse, encounter.id)
    for who, sees, undoes in (("nurse", True, True), ("reception", False, False), ("surgeon", True, False)) * 2:
        row = draw(line, staff_id=clinic.people[who].staff_id)
        assert ("Opened by" in row and "data-since" in row) == sees, who
        assert ("claim/undo" in row) == undoes, who
    with clock.at(clock.now() + timedelta(minutes=11)):
        later = line_of(clinic.nurse, encounter.id)
    assert (later.visitors, later.undo) == ((), None)
    assert later != line, "time alone makes another row of it"


def test_a_refusal_is_told_to_whom_it_was_meant_and_kept_for_nobody(clinic: Clinic, app: Flask, draw: Draw) -> None:
    line = line_of(clinic.nurse, wait(clinic.reception).id)
    with app.test_request_context():
        told = rows.row(NURSE, "nobody", {line.id: "<b>Taken</b> by another"}, line, swap=True)
    assert '<span class="told" role="alert">&lt;b&gt;Taken' in told
    assert "hx-swap-oob" in told
    assert "Taken" not in draw(line)
    assert "hx-swap-oob" not in draw(line)


def test_a_change_or_the_passing_of_time_makes_another_row(clinic: Clinic) -> None:
    encounter, start = wait(clinic.reception), clock.now()
    seen = [line_of(clinic.nurse, encounter.id)]

    def changes() -> bool:
        seen.append(line_of(clinic.nurse, encounter.id))
        return seen[-1] != seen[-2]

    assert not changes()
    current = encounters.get(clinic.nurse, encounter.id)
    intakes.change_details(clinic.reception, encounter.id, current.version, {"complaint": "腰が痛い"})
    assert changes()
    claims.claim(clinic.nurse, encounter.id)
    assert changes()
    with clock.at(start + timedelta(minutes=11)):
        assert changes(), "over the target"
    with clock.at(start + timedelta(minutes=31)):
        assert changes(), "the claim has lapsed"
    emergencies.raise_(clinic.nurse, encounter.id)
    assert changes()


def test_what_a_patient_says_cannot_cut_a_row(clinic: Clinic, draw: Draw) -> None:
    line = line_of(clinic.nurse, wait(clinic.reception, family_name="<!>").id)
    text = draw(replace(line, complaint="<!> <!> </td>"))
    assert text.count("<!>") == 0
    assert text.count("&lt;!&gt;") == 3


def test_a_template_that_is_cut_elsewhere_is_refused(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(RuntimeError, match="parts, not 9"):
        rows.drawn("board/_wait.html", "en", {"minutes": 1, "target": 2, "cut": rows.CUT}, 9)


def test_a_red_flag_is_red_until_a_person_has_decided_that_the_patient_is_not_urgent(
    clinic: Clinic, draw: Draw
) -> None:
    line = replace(line_of(clinic.nurse, wait(clinic.reception).id), feared="fever_c", suggested_level=3)
    label = knowledge.load().findings["fever_c"].label("en")
    for acuity, red in ((None, True), (3, True), (4, False), (5, False)):
        row = draw(replace(line, acuity=acuity))
        assert (label in row, 'class="line alarm' in row) == (True, red)
    assert 'class="line alarm' in draw(replace(line, acuity=5, suggested_level=2))
