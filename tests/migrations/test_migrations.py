"""Models and migrations agree, up and down, on both engines; the previous release works on the new schema."""

from flask import Flask

from triage import migrate


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
