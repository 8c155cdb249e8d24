"""The machines on site are configuration: the imaging follows them, the acuity never does."""

from collections.abc import Iterator

import pytest

from tests.knowledge.support import read
from triage import create_app, knowledge
from triage.domain.rules import evaluate

CASES = [case["findings"] for case in read("vignettes.jsonl") + read("cases.jsonl")]


@pytest.fixture(autouse=True)
def the_clinics_own_machines() -> Iterator[None]:
    yield
    knowledge.use_modalities(("xray", "ct"))


def advice(*machines: str) -> list:
    knowledge.use_modalities(machines)
    ruleset = knowledge.load().ruleset
    return [evaluate(ruleset, case) for case in CASES]


def test_with_mri_on_site_the_imaging_changes_and_the_acuity_and_the_route_do_not():
    plain, with_mri = advice("xray", "ct"), advice("xray", "ct", "mri")
    assert [(s.acuity, s.level, s.route) for s in plain] == [(s.acuity, s.level, s.route) for s in with_mri]
    assert [s.ruleset_hash for s in plain] == [s.ruleset_hash for s in with_mri]
    for before, after in zip(plain, with_mri, strict=True):
        assert {f"{name}_here" if name.startswith("mri_") else name for name in before.imaging} == {*after.imaging}


@pytest.mark.parametrize("machines", [("xray",), ("ct",), (), ("mri",)])
def test_whatever_the_machines_the_acuity_and_every_emergency_stay(machines):
    plain, got = advice("xray", "ct"), advice(*machines)
    assert [(s.acuity, s.level) for s in plain] == [(s.acuity, s.level) for s in got]
    for before, after in zip(plain, got, strict=True):
        assert (before.route == "emergency_specialist") == (after.route == "emergency_specialist")
        assert after.route not in {"xray", "ct"} - {*machines}
        assert after.route == before.route or after.route == "specialist_consult"


def test_nothing_is_named_as_done_here_that_the_clinic_has_not():
    for suggestion in advice("mri"):
        assert not [
            name for name in suggestion.imaging if name.startswith(("ct_", "xray_")) and "elsewhere" not in name
        ]


def test_a_machine_nobody_knows_is_refused_with_the_ones_that_are_known():
    with pytest.raises(ValueError, match="unknown modality: pet; known are ct, mri, xray"):
        knowledge.use_modalities(("xray", "pet"))


def test_the_setting_reaches_the_rules(tmp_path):
    create_app({"DEMO": True, "MODALITIES": "xray, ct, mri"}, tmp_path)
    assert [m.id for m in knowledge.load().modalities if m.on_site] == ["xray", "ct", "mri"]
    suggestion = evaluate(knowledge.load().ruleset, {"saddle_anaesthesia": True})
    assert suggestion.imaging == ("mri_lumbar_emergency_here",)
