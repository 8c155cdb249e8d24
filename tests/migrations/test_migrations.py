"""Models and migrations agree, up and down, on both engines; the previous release works on the new schema."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from tests.builders import add_patient, build_clinic, wait
from tests.peers import postgres
from tests.services.test_consults import QUESTION, at_stage, decide
from tests.services.test_triage import override
from triage import create_app, db, migrate
from triage.db import session
from triage.domain.access import Actor
from triage.migrations import name_index
from triage.services import doubles, encounters, lines, lookup, questions, triage


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


def test_what_a_surgeon_had_asked_before_is_still_asked_after_the_program_is_renewed(app: Flask) -> None:
    engine, clinic = app.extensions["engine"], build_clinic()
    asked, decided = (at_stage(clinic, "review") for _visit in range(2))
    for here in (asked, decided):
        decide(clinic, here, QUESTION)
    session.remove()
    again = encounters.get(clinic.nurse, decided.id)
    triage.decide(clinic.nurse, again.id, again.version, override("specialist_consult"))
    session.remove()
    migrate.downgrade(engine, "0022")
    migrate.upgrade(engine)
    (kept,) = questions.list_open(clinic.nurse)
    assert (kept.encounter_id, kept.words, kept.to_role) == (asked.id, QUESTION.note, "nurse")
    assert kept.asker.name == clinic.surgeon.name
    questions.answer(clinic.nurse, kept.id, kept.version, "For two weeks")


# --- the index of names --------------------------------------------------------------------------------------------


@pytest.fixture
def desk(app: Flask) -> Actor:
    """Put two patients on file, 山本 和夫 and 林 凛, and return who looks for them."""
    reception = build_clinic().reception
    add_patient(reception, search_key="|山本|和夫|ヤマモト|カズオ|")
    add_patient(reception, family_name="林", search_key="|林|凛|ハヤシ|リン|")
    session.remove()
    return reception


def found(desk: Actor, text: str) -> int:
    return len(lookup.search(desk, text).patients)


def test_whoever_was_on_file_before_the_index_is_found_through_it(app: Flask, desk: Actor) -> None:
    engine = app.extensions["engine"]
    migrate.downgrade(engine, "0008")
    migrate.upgrade(engine)
    assert [found(desk, text) for text in ("山本", "林", "リ", "マモト", "田中")] == [1, 1, 1, 1, 0]


def test_whoever_was_on_file_before_whole_names_were_kept_is_taken_for_nobody_else(app: Flask, desk: Actor) -> None:
    engine = app.extensions["engine"]
    migrate.downgrade(engine, "0037")
    migrate.upgrade(engine)
    (known,) = doubles.of_name(desk, {"family_name": "和夫", "given_name": "山本", "family_kana": "", "given_kana": ""})
    assert known.name == "山本 和夫"
    session.remove()


def test_an_index_that_was_lost_is_noticed_and_made_anew(app: Flask, desk: Actor) -> None:
    engine = app.extensions["engine"]
    assert migrate.find_name_problem(engine) is None
    lost = "patient_named" if engine.dialect.name == "sqlite" else "ix_patient_search_key_trigram"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP {'TRIGGER' if lost == 'patient_named' else 'INDEX'} {lost}")
    assert "flask db upgrade" in (migrate.find_name_problem(engine) or "")
    migrate.upgrade(engine)
    assert migrate.find_name_problem(engine) is None
    assert found(desk, "林") == 1


def test_packing_the_file_anew_loses_nobody(app: Flask, desk: Actor) -> None:
    engine = app.extensions["engine"]
    raw = engine.raw_connection()
    if engine.dialect.name == "postgresql":
        raw.driver_connection.autocommit = True
    raw.cursor().execute("VACUUM")
    raw.invalidate()
    assert found(desk, "林") == found(desk, "山本") == 1


@pytest.mark.postgres
def test_a_server_without_the_extension_is_migrated_and_said_to_search_slowly() -> None:
    engine = db.connect(postgres.create_database())
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE visitor")  # who may not create an extension
        connection.exec_driver_sql("SET ROLE visitor")
        name_index.create(connection)
        assert "contrib" in (name_index.problem(connection) or "")
    engine.dispose()


@pytest.mark.postgres
def test_a_database_that_knows_no_japanese_letters_is_said_to_search_slowly(tmp_path: Path) -> None:
    url = postgres.create_database()
    engine = db.connect(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE plain TEMPLATE template0 LC_CTYPE 'C'")
    engine.dispose()
    app = create_app({"DATABASE_URL": str(make_url(url).set(database="plain").render_as_string())}, tmp_path)
    engine = app.extensions["engine"]
    migrate.upgrade(engine)
    assert "LC_CTYPE" in (migrate.find_name_problem(engine) or "")
    assert app.test_cli_runner().invoke(args=["db", "check"]).exit_code == 1
    engine.dispose()


def test_sqlite_plans_as_for_a_clinic_ten_years_old(app: Flask) -> None:
    engine = app.extensions["engine"]
    if engine.dialect.name != "sqlite":
        return  # which counts by itself
    with engine.connect() as connection:
        told = dict(row[:] for row in connection.exec_driver_sql("SELECT idx, stat FROM sqlite_stat1"))
    assert told["ix_encounter_site_id_finished_at"] == "1000000 500000 300"
    assert told["uq_encounter_open_patient"] == "50 25 1"
    assert told["sqlite_autoindex_claim_1"] == "50 1"
