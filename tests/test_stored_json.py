"""What a column of JSON keeps is what comes back, and nothing that JSON has no words for gets in."""

from collections import namedtuple
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.stored_json import SHORT, from_json, to_json

_PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_KEPT = st.recursive(
    _PLAIN | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(_KEPT)
def test_what_is_kept_comes_back_with_its_type(value: Any) -> None:
    back = from_json(to_json(value))
    assert back == value
    assert type(back) is type(value)


def test_what_json_of_old_rows_says_is_read_as_before() -> None:
    assert from_json('{"words": "\\u8170\\u75db", "level": 3, "at": 1e-05}') == {
        "words": "腰痛", "level": 3, "at": 0.00001,
    }  # fmt: skip


def test_a_tuple_with_names_is_a_list() -> None:
    assert to_json(namedtuple("Cell", "name side")("l4", "left")) == '["l4","left"]'


@pytest.mark.parametrize("value", [date(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC), {1}, {3: "a key"}, 2**70])
def test_what_json_has_no_words_for_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_json({"kept": value})


@pytest.mark.parametrize("text", ["[1, 2]", '{"a": 1}'])
def test_whoever_gets_a_list_or_an_object_may_change_it(text: str) -> None:
    assert len(text) <= SHORT
    assert from_json(text) is not from_json(text)


def test_what_sqlite_keeps_as_a_number_is_that_number() -> None:
    assert from_json(37) == 37
