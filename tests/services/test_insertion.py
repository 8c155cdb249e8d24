"""A row that is inserted at once is a row like any other: complete, changed later without a loss, never unaudited."""

import pytest
from sqlalchemy import null, select

from tests.builders import Clinic, arrive, wait
from triage import clock
from triage.db import UnauditedWrite, session, verb
from triage.domain.access import Actor
from triage.domain.errors import Conflict
from triage.models import Encounter, ImagingOrder
from triage.services.audit import record
from triage.services.insertion import insert_row


def ask_for(actor: Actor, encounter: Encounter) -> ImagingOrder:
    at = clock.now()
    return insert_row(
        ImagingOrder, site_id=actor.site_id, encounter_id=encounter.id, modality="ct", status="requested",
        requested_by=actor.staff_id, requested_at=at, updated_by=actor.name, updated_at=at,
    )  # fmt: skip


def told(actor: Actor, order: ImagingOrder) -> None:
    record(actor, "imaging_requested", encounter_id=order.encounter_id, order=order.id, modality=order.modality)


@verb
def ask(actor: Actor, encounter: Encounter) -> ImagingOrder:
    order = ask_for(actor, encounter)
    told(actor, order)
    return order


def test_what_is_known_of_it_is_what_the_database_keeps(clinic: Clinic) -> None:
    order = ask(clinic.nurse, wait(clinic.reception))
    known = {column.key: getattr(order, column.key) for column in ImagingOrder.__mapper__.column_attrs}
    session.close()
    kept = session.get_one(ImagingOrder, order.id)
    assert known == {name: getattr(kept, name) for name in known}
    assert (kept.version, kept.note, kept.identity) == (1, "", None), "defaults, and nothing where nothing is known"


def test_what_is_not_given_is_nothing_to_the_database_too(clinic: Clinic) -> None:
    encounter = arrive(clinic.reception)
    assert encounter.suggestion is None
    missing = select(Encounter.id).where(Encounter.suggestion.is_(null()))
    assert session.scalar(missing) == encounter.id, "no null of JSON, which would be something"


def test_what_is_changed_of_it_in_the_same_use_case_is_kept_too(clinic: Clinic) -> None:
    @verb
    def ask_and_order(actor: Actor, encounter: Encounter) -> str:
        order = ask_for(actor, encounter)
        order.status, order.ordered_by = "ordered", actor.staff_id
        told(actor, order)
        return order.id

    order_id = ask_and_order(clinic.surgeon, wait(clinic.reception))
    session.close()
    kept = session.get_one(ImagingOrder, order_id)
    assert (kept.status, kept.ordered_by, kept.version) == ("ordered", clinic.surgeon.staff_id, 2)


def test_it_needs_an_audit_event_like_any_other(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)

    @verb
    def silently(actor: Actor) -> None:
        ask_for(actor, encounter)

    with pytest.raises(UnauditedWrite):
        silently(clinic.nurse)
    assert session.scalar(select(ImagingOrder.id)) is None


def test_it_is_gone_with_the_use_case_that_fails(clinic: Clinic) -> None:
    encounter = wait(clinic.reception)

    @verb
    def fail(actor: Actor) -> None:
        told(actor, ask_for(actor, encounter))
        raise Conflict("step_not_possible")

    with pytest.raises(Conflict):
        fail(clinic.nurse)
    assert session.scalar(select(ImagingOrder.id)) is None


def test_nothing_of_it_is_read_again(clinic: Clinic, statements: list[str]) -> None:
    encounter = wait(clinic.reception)

    @verb
    def look(actor: Actor) -> None:
        order = ask_for(actor, encounter)
        statements.clear()
        assert (order.version, order.reason, order.started_by) == (1, "", None)
        assert statements == []
        told(actor, order)

    look(clinic.nurse)
