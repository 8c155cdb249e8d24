"""The rules in force are the ones published last at this site, and what is published stays as it was."""

import pytest
from sqlalchemy.exc import DBAPIError

from tests.builders import Clinic, build_clinic, wait
from tests.published import ALARM, OTHER, put_in_force
from triage import knowledge
from triage.db import session, verb
from triage.domain.access import Actor
from triage.domain.errors import NotFound
from triage.knowledge import rules_text
from triage.models import RulesetPublication, RulesetVersion
from triage.services import lines, pins, rulesets
from triage.services.audit import record


def test_a_clinic_that_published_nothing_works_by_the_shipped_rules(clinic: Clinic) -> None:
    assert rulesets.in_force(clinic.site_id) is knowledge.load()
    assert rulesets.find_publication(clinic.site_id) is None


def test_the_rules_in_force_are_those_published_at_this_site(clinic: Clinic) -> None:
    other = build_clinic("kyoto", suffix="-k")
    put_in_force(clinic.surgeon2, OTHER)
    now = rulesets.in_force(clinic.site_id)
    assert now.ruleset.version.startswith("2027.01-")
    assert now.ruleset.hash != knowledge.load().ruleset.hash
    assert now.findings.keys() == knowledge.load().findings.keys()
    assert rulesets.in_force(other.site_id) is knowledge.load()


@pytest.mark.parametrize("column", ["content", "name", "content_hash", "note", "state"])
def test_a_published_version_is_never_edited(clinic: Clinic, column: str) -> None:
    version_id = put_in_force(clinic.surgeon2, OTHER)

    @verb
    def edit(actor: Actor) -> None:
        setattr(session.get_one(RulesetVersion, version_id), column, "draft")
        record(actor, "rules_draft_changed", version=version_id, before="", after="")

    with pytest.raises(DBAPIError, match="append-only"):
        edit(clinic.surgeon2)
    assert rulesets.get_version(clinic.nurse, version_id).content == OTHER


@pytest.mark.parametrize("table", [RulesetPublication, RulesetVersion])
def test_no_version_and_no_publication_is_ever_deleted(clinic: Clinic, table: type) -> None:
    put_in_force(clinic.surgeon2, OTHER)

    @verb
    def delete(actor: Actor) -> None:
        session.delete(session.query(table).one())
        record(actor, "rules_draft_discarded", version="")

    with pytest.raises(DBAPIError):
        delete(clinic.surgeon2)
    assert session.query(table).count() == 1


def test_the_next_saved_answer_is_judged_by_the_rules_in_force(clinic: Clinic) -> None:
    told = {"back_pain": True, "pain_nrs": 8}
    before = wait(clinic.reception, told)
    put_in_force(clinic.surgeon2, OTHER)
    after = wait(clinic.reception, told)
    hashes = [encounter.suggestion["ruleset_hash"] for encounter in (before, after) if encounter.suggestion]
    assert hashes == [knowledge.load().ruleset.hash, rulesets.in_force(clinic.site_id).ruleset.hash]
    assert hashes[0] != hashes[1]


def test_an_emergency_that_only_the_rules_in_force_know_is_pinned(clinic: Clinic) -> None:
    put_in_force(clinic.surgeon2, rules_text.shipped() + ALARM)
    encounter = wait(clinic.reception, {"back_pain": True})
    assert encounter.is_emergency
    assert "NEW-99" in pins.rules_at_rest(encounter)
    (line,) = lines.load(clinic.nurse)
    assert line.is_emergency
    assert line.flags == ["back_pain"]


def test_a_version_of_another_clinic_is_not_seen(clinic: Clinic) -> None:
    other = build_clinic("kyoto", suffix="-k")
    version_id = put_in_force(other.people["surgeon2"], OTHER)
    with pytest.raises(NotFound):
        rulesets.get_version(clinic.surgeon, version_id)
