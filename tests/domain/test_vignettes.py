"""A ruleset on the vignettes: scored per class, and never an emergency missed in silence."""

import json

from tests.drafts import careless, with_changed, without
from tests.knowledge.support import ACUITIES, read, table
from triage.domain.vignettes import Trial, scores, try_out
from triage.knowledge import load
from triage.knowledge.vignettes import load_vignettes


def trial(draft) -> Trial:
    return try_out(load().ruleset, draft, load_vignettes(), ACUITIES)


def test_the_scores_are_those_of_the_table_in_the_safety_page():
    for acuity, row in table(read("vignettes.jsonl")).items():
        got = scores(load().ruleset, load_vignettes(), ACUITIES)[acuity]
        assert (got.cases, got.accepted, got.unsafe, got.over, got.under) == tuple(row.values())


def test_the_rules_in_force_miss_no_emergency_and_send_nobody_on_an_unsafe_way():
    got = trial(load().ruleset)
    assert (got.lost, got.unsafe, got.tally.changed) == ((), (), 0)
    assert got.before == got.after


def test_a_draft_that_knows_no_emergency_is_found_out_case_by_case():
    got = trial(careless())
    emergencies = {c.id for c in load_vignettes() if c.acuities == ("emergency",)}
    assert emergencies <= set(got.lost)
    assert set(got.unsafe) & emergencies
    assert got.after["emergency"].accepted < got.before["emergency"].accepted


def test_an_emergency_that_both_rulesets_miss_is_said_too():
    blind = careless()
    got = try_out(blind, blind, load_vignettes(), ACUITIES)
    assert got.tally.changed == 0
    assert got.lost == got.missed != ()


def test_sending_everybody_up_shows_as_over_triage():
    louder = load().ruleset
    for rule in louder.rules:
        if rule.acuity in ("soon", "routine"):
            louder = with_changed(rule.id, louder, acuity="urgent", level=3, rank=1)
    got = trial(louder)
    assert got.lost == ()
    assert got.after["soon"].over > got.before["soon"].over


def test_a_trial_is_kept_and_read_back_as_it_was():
    got = trial(without("RF-CES-01", "PAIN-01"))
    assert Trial.from_dict(json.loads(json.dumps(got.as_dict()))).as_dict() == got.as_dict()
