"""Models and migrations agree, up and down, on both engines; the previous release works on the new schema."""

from flask import Flask

from tests.builders import build_clinic, wait
from triage import migrate
from triage.db import session
from triage.services import lines


def test_the_migrated_database_is_what_the_models_say(app: Flask) -> None:
    assert migrate.is_current(app.extensions["engine"])
    assert migrate.differences(app.extensions["engine"]) == []


def test_every_migration_goes_down_and_up_again(app: Flask) -> None:
    engine = app.extensions["engine"]
    migrate.downgrade(engine, "base")
    assert not migrate.is_current(engine)
    migrate.upgrade(engine)
    assert migrate.differences(engine) == []


def test_a_column_that_only_the_models_have_is_noticed(app: Flask) -> None:
    engine = app.extensions["engine"]
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE room DROP COLUMN modality")
    assert migrate.differences(engine) != []


def test_who_waits_while_the_program_is_renewed_keeps_what_the_rules_said_on_the_board(app: Flask) -> None:
    engine, clinic = app.extensions["engine"], build_clinic()
    encounter = wait(clinic.reception, {"saddle_anaesthesia": True, "urinary_retention": True, "back_pain": True})
    (before,) = lines.load(clinic.nurse)
    session.remove()
    migrate.downgrade(engine, "0006")
    migrate.upgrade(engine)
    (after,) = lines.load(clinic.nurse)
    assert after.id == encounter.id
    assert (after.suggested_level, after.suggested_route) == (before.suggested_level, before.suggested_route)
    assert after.provisional == before.provisional
    assert set(before.flags) <= set(after.flags)
