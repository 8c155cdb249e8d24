"""What is asked ahead must not be changed before it is read: who does it all the same is told, on both databases."""

from collections.abc import Callable

import pytest

from tests.builders import Clinic
from triage import ahead, clock
from triage.db import read_one, session, verb
from triage.domain.access import Actor
from triage.models import Submission
from triage.services.insertion import insert_values
from triage.services.submissions import MADE, remember

ASKED = {"request": "one"}


def insert_now(actor: Actor) -> None:
    insert_values(Submission, request_id="one", staff_id=actor.staff_id, result_id="result", at=clock.now())


def leave_to_the_session(actor: Actor) -> None:
    session.add(Submission(request_id="one", staff_id=actor.staff_id, result_id="result", at=clock.now()))


WRITES: list[Callable[[Actor], None]] = [insert_now, leave_to_the_session]


@pytest.mark.parametrize("write", WRITES)
def test_who_writes_before_reading_what_was_asked_ahead_is_told(clinic: Clinic, write: Callable[[Actor], None]) -> None:
    @verb
    def planted(actor: Actor) -> None:
        ahead.ask(session(), (MADE, ASKED))
        write(actor)
        read_one(MADE, **ASKED)

    with pytest.raises(AssertionError, match="submission"):
        planted(clinic.nurse)


@pytest.mark.parametrize("write", WRITES)
def test_an_answer_asked_ahead_as_one_value_is_looked_at_too(clinic: Clinic, write: Callable[[Actor], None]) -> None:
    @verb
    def planted(actor: Actor) -> None:
        ahead.ask(session(), values=((MADE, ASKED),))
        write(actor)
        read_one(MADE, **ASKED)

    with pytest.raises(AssertionError, match="submission"):
        planted(clinic.nurse)


@pytest.mark.parametrize("write", WRITES)
def test_who_reads_first_or_asks_again_may_write(clinic: Clinic, write: Callable[[Actor], None]) -> None:
    @verb
    def right(actor: Actor) -> list[str | None]:
        ahead.ask(session(), (MADE, ASKED))
        before = read_one(MADE, **ASKED)
        write(actor)
        return [before, read_one(MADE, **ASKED)]

    assert right(clinic.nurse) == [None, "result"]


def test_what_is_written_with_the_commit_is_not_read_before_it(clinic: Clinic) -> None:
    @verb
    def planted(actor: Actor) -> None:
        remember(actor, "one", "result")
        read_one(MADE, **ASKED)

    with pytest.raises(AssertionError, match="read in the use case that is going to write it.*submission"):
        planted(clinic.nurse)
