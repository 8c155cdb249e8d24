"""The export on both engines: read a few at a time, nobody lost or told twice, each site its own."""

from datetime import timedelta

import pytest

from tests.builders import Clinic, add_patient, build_clinic
from tests.services.test_outcomes import answer, now, operate
from triage.services import outcome_entries, outcome_export
from triage.services.judgements import Period


def test_the_file_is_read_a_few_at_a_time_and_loses_nobody(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(outcome_export, "CHUNK", 2)
    for _ in range(5):
        operate(clinic.surgeon, add_patient(clinic.reception).id, now(clinic))
    number, rows = outcome_export.export(clinic.surgeon2, Period())
    lines = list(rows)[1:]
    assert (number, len(lines), len({line[1] for line in lines})) == (20, 20, 5)


def test_each_line_has_every_column_and_a_site_exports_its_own(clinic: Clinic) -> None:
    series = operate(clinic.surgeon, add_patient(clinic.reception).id, now(clinic) - timedelta(days=100))
    answer(clinic.nurse, series, "m3", now(clinic))
    outcome_entries.note_complication(clinic.surgeon, series, None, "haematoma", now(clinic), "3", True)
    names, *lines = list(outcome_export.export(clinic.surgeon2, Period(since=now(clinic) - timedelta(days=100)))[1])
    assert {len(line) for line in lines} == {len(names)}
    told = [dict(zip(names, line, strict=True)) for line in lines]  # type: ignore[arg-type]
    assert [line["odi"] for line in told] == [None, 46, None, None]
    assert sum(bool(line["complications"]) for line in told) == 1
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    assert outcome_export.export(other.surgeon2, Period())[0] == 0
