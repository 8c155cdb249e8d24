"""The measurements themselves: they run, they compare with a floor, and what they fill a database with is real."""

import json
from pathlib import Path

import pytest

from bench import measure, rules, stored
from triage.db import session
from triage.domain.findings import resolve
from triage.knowledge import load
from triage.models import Encounter, Patient
from triage.services.stored import Period, visits_after


def test_an_evaluation_is_measured_beside_the_bare_conditions(capsys: pytest.CaptureFixture[str]) -> None:
    found = rules.evaluation(1)
    assert {"evaluate", "outcome", "floor: bare conditions"} <= set(found)
    assert all(0 < row["mean"] <= row["worst"] for row in found.values())
    assert "milliseconds" in capsys.readouterr().out


def test_sparse_sheets_are_among_the_cases() -> None:
    assert {} in rules.cases()
    assert len(rules.cases()) > 300


def test_what_a_program_takes_is_that_programs(tmp_path: Path) -> None:
    small = measure.process("-c", "pass")
    large = measure.process("-c", "x = bytearray(80_000_000)")
    assert large.peak - small.peak > 70
    with pytest.raises(RuntimeError, match="ended with 3"):
        measure.process("-c", "raise SystemExit(3)")


def test_the_copied_visits_are_as_many_as_asked_for_and_hold_what_the_demonstration_holds(tmp_path: Path) -> None:
    with stored.clinic(stored.sqlite(tmp_path), 700) as actor:
        copies = session.query(Encounter).join(Encounter.patient).filter(Patient.number < "900000").all()
        assert len(copies) == 700
        first = min(row.ticket_date for row in copies)
        period = Period(actor.site_id, first, first, max(row.arrived_at for row in copies))
        visits = visits_after(period, None, 100)
        assert visits
        assert all(resolve(load(), visit.answers) for visit in visits)


def test_results_are_kept_part_by_part_and_without_the_machines_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    measure.keep("rules", {"evaluation": {"mean": 1}, "loading": {"load_s": 2}})
    kept = json.loads(measure.keep("rules", {"evaluation": {"mean": 3}}).read_text())
    assert (kept["evaluation"]["found"], kept["loading"]["found"]) == ({"mean": 3}, {"load_s": 2})
    assert set(kept["evaluation"]) == {"at", "machine", "load", "found"}
    assert set(kept["evaluation"]["machine"]) == {"system", "processors", "python"}
