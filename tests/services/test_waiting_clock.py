"""The clock of a wait runs from the arrival and never restarts, whatever way a patient takes through the clinic."""

import ast
from datetime import timedelta
from pathlib import Path

from tests.builders import SAFE, Clinic, arrive, wait
from tests.services.test_imaging import DOSE, TWO
from tests.services.test_places import CALM
from tests.services.test_reassessments import QUIET
from triage import clock
from triage.db import session, verb
from triage.domain import lifecycle
from triage.domain.access import Actor
from triage.models import Encounter
from triage.services import board, consults, emergencies, encounters, imaging, intakes, orders, triage
from triage.services.audit import record
from triage.services.lines import Line

SERVICES = Path(__file__).parents[2] / "triage" / "services"
STEPS = [(step, start) for step, ways in lifecycle.STEPS.items() for start in ways]


@verb
def put(actor: Actor, encounter_id: str, stage: str, step: str) -> None:
    """Put the visit at a stage, then take the step from there, ten minutes later."""
    encounter = encounters.for_writing(actor, encounter_id)
    encounter.stage = stage
    with clock.at(clock.now() + timedelta(minutes=10)):
        encounters.move(actor, encounter, step)
    record(actor, "recalled", encounter_id=encounter.id, reason="", **{"from": stage})


def test_no_step_of_a_visit_restarts_the_wait_and_each_new_stage_has_its_own_clock(clinic: Clinic) -> None:
    now = clock.now()
    for step, start in STEPS:
        safe = step == "ask_back"  # nobody else may be sent home with a return
        encounter = wait(clinic.reception, QUIET) if safe else arrive(clinic.reception)
        arrived, since = encounter.arrived_at, encounter.stage_since
        with clock.at(now + timedelta(minutes=20)):
            put(clinic.nurse, encounter.id, start, step)
        session.close()
        after = session.get_one(Encounter, encounter.id)
        assert after.arrived_at == arrived, step
        moved = lifecycle.after(step, start) != start
        assert after.stage_since == (now + timedelta(minutes=30) if moved else since), (step, start)


def row(clinic: Clinic, encounter: Encounter) -> Line:
    session.close()
    found = board.find_line(clinic.nurse, encounter.id)
    assert found is not None
    return found


def test_through_routing_undo_imaging_the_surgeon_and_an_emergency_the_whole_wait_only_grows(clinic: Clinic) -> None:
    start, encounter = clock.now(), wait(clinic.reception, CALM)
    seen: list[tuple[str, int, int]] = []

    def version() -> int:
        session.close()
        return encounters.get(clinic.nurse, encounter.id).version

    def order() -> tuple[str, int]:
        session.close()
        found = imaging.get(clinic.surgeon, orders.orders_of(encounter)[-1].id)
        return found.id, found.version

    to_ct = triage.Choice(4, "ct", "ct", "other")
    to_surgeon = triage.Choice(4, "specialist_consult", reason="other", without="the rest follows")
    steps = [
        lambda: triage.decide(clinic.nurse, encounter.id, version(), to_ct),
        lambda: triage.recall(clinic.nurse, encounter.id),
        lambda: triage.decide(clinic.nurse, encounter.id, version(), to_ct),
        lambda: imaging.order(clinic.surgeon, *order()),
        lambda: imaging.start(clinic.radiographer, *order(), TWO, "no", SAFE),
        lambda: imaging.complete(clinic.radiographer, *order(), "L-spine", DOSE),
        lambda: triage.decide(clinic.nurse, encounter.id, version(), to_surgeon),
        lambda: consults.decide(
            clinic.surgeon, encounter.id, version(),
            consults.Choice(kind="back_to_nurse", note="strength?", identified=True),
        ),
        lambda: emergencies.raise_(clinic.nurse, encounter.id),
    ]  # fmt: skip
    for number, step in enumerate(steps, 1):
        with clock.at(start + timedelta(minutes=5 * number, seconds=30)):
            step()
        with clock.at(start + timedelta(minutes=5 * number + 2, seconds=30)):
            line = row(clinic, encounter)
            seen.append((line.stage, line.minutes, line.here))
    whole = [minutes for _stage, minutes, _here in seen]
    assert whole == [5 * number + 2 for number in range(1, len(steps) + 1)]
    assert [stage for stage, *_ in seen] == [
        "imaging", "waiting", "imaging", "imaging", "imaging", "waiting", "review", "waiting", "emergency",
    ]  # fmt: skip
    assert [here for *_, here in seen] == [2, 2, 2, 7, 12, 2, 2, 2, 2]


def test_raising_the_acuity_moves_the_row_up_at_once_and_keeps_the_arrival(clinic: Clinic) -> None:
    start, low = clock.now(), wait(clinic.reception, CALM)
    triage.decide(
        clinic.nurse,
        low.id,
        low.version,
        triage.Choice(5, "specialist_consult", reason="other", without="the rest follows"),
    )
    with clock.at(start + timedelta(minutes=30)):
        for acuity in (3, 4):
            other = wait(clinic.reception, CALM)
            choice = triage.Choice(acuity, "specialist_consult", reason="other", without="the rest follows")
            triage.decide(clinic.nurse, other.id, other.version, choice)
        before = row(clinic, low)
        session.close()
        assert board.look(clinic.nurse, board.Filters()).ids[-1] == low.id
        intakes.record_answers(clinic.nurse, low.id, {"ask_saddle": intakes.Answer(True, True)})
        after = row(clinic, low)
        session.close()
        assert board.look(clinic.nurse, board.Filters()).ids[0] == low.id
    assert (after.arrived_at, after.minutes) == (before.arrived_at, before.minutes)


def writers(source: str, name: str) -> set[str]:
    """Return the functions that write a column of this name."""
    return {
        function.name
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == name)
        or (isinstance(node, ast.keyword) and node.arg == name and isinstance(node.value, ast.Name | ast.Call))
    }


def test_the_time_of_the_arrival_is_written_at_the_arrival_alone() -> None:
    def found(name: str) -> set[str]:
        return {who for path in SERVICES.glob("*.py") for who in writers(path.read_text(encoding="utf-8"), name)}

    assert found("arrived_at") == {"_new_encounter"}
    assert found("stage_since") == {"_new_encounter", "move", "open_again"}  # a departure undone: as it was before
    assert writers("def undo(visit, at):\n    visit.arrived_at = at", "arrived_at") == {"undo"}
