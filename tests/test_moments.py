"""A moment comes back as it was given, in UTC, from both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import DateTime, literal, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from triage.db import session
from triage.moments import UTC as Moment

TOKYO = timezone(timedelta(hours=9))
DIALECT = sqlite.dialect()


def kept(moment: datetime) -> datetime:
    """Return what the database gives back."""
    found: datetime = session.connection().scalar(select(literal(moment, Moment())))
    return found


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 22, 13, 4, 5, 678901, UTC), datetime(2026, 11, 22, tzinfo=UTC),
        datetime(1999, 1, 1, 0, 30, 0, 1, TOKYO),
    ],
)  # fmt: skip
def test_a_moment_comes_back_in_utc(app: Flask, moment: datetime) -> None:
    assert kept(moment) == moment
    assert kept(moment).tzinfo is UTC


@given(st.datetimes(timezones=st.sampled_from([UTC, TOKYO])))
def test_sqlite_is_given_the_text_that_sqlalchemy_would_give_it(moment: datetime) -> None:
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError:  # the first morning of the year 1 in Tokyo
        return
    ours, theirs = (kind.dialect_impl(DIALECT).bind_processor(DIALECT) for kind in (Moment(), DateTime()))
    assert ours is not None
    assert theirs is not None
    assert ours(moment) == theirs(in_utc.replace(tzinfo=None))


def test_a_moment_without_a_zone_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError, match="naive datetime"):
        kept(datetime(2026, 11, 22, 13, 4))  # noqa: DTZ001  # it is what is refused
