"""Birth dates as the desk types them, and both calendars back."""

from datetime import date

import pytest

from triage.domain.dates import find_date, in_era

SHOWA_38 = date(1963, 7, 30)


@pytest.mark.parametrize(
    "typed",
    [
        "19630730", "1963-7-30", "1963-07-30", "1963/7/30", "1963.7.30", "1963年7月30日", "S380730", "s380730",
        "S38.7.30", "s38/7/30", "S38-07-30", "昭和38年7月30日", "昭38.7.30", "3380730", "３３８０７３０",
        "Ｓ３８０７３０",
        "１９６３年７月３０日", " 昭和３８年 ７月 ３０日 ", "1963ー7ー30", "㍼38年7月30日",
    ],
)  # fmt: skip
def test_every_way_to_write_one_birth_date_is_read_the_same(typed: str) -> None:
    assert find_date(typed) == SHOWA_38


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("M450729", date(1912, 7, 29)), ("1450729", date(1912, 7, 29)), ("大正元年7月30日", date(1912, 7, 30)),
        ("2150101", date(1926, 1, 1)), ("T15.12.24", date(1926, 12, 24)), ("昭和元年12月25日", date(1926, 12, 25)),
        ("S640107", date(1989, 1, 7)), ("平成元年1月8日", date(1989, 1, 8)), ("H010108", date(1989, 1, 8)),
        ("4310430", date(2019, 4, 30)), ("令和元.5.1", date(2019, 5, 1)), ("R080229", None), ("5060229",
        date(2024, 2, 29)),
    ],
)  # fmt: skip
def test_the_eras_meet_without_a_gap(typed: str, day: date | None) -> None:
    assert find_date(typed) == day


@pytest.mark.parametrize(
    "typed",
    [
        "", "abc", "S38", "1963", "19631330", "19630230", "S990101", "T160101", "M460101", "6380730", "0380730",
        "63.7.30", "7/30/1963", "S38073", "196307301", "元年7月30日", "X380730", "\x00", "ヤマモト", "S000101",
    ],
)  # fmt: skip
def test_what_is_no_date_or_could_be_two_is_never_guessed(typed: str) -> None:
    assert find_date(typed) is None


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (SHOWA_38, "昭和38年7月30日"), (date(1989, 1, 7), "昭和64年1月7日"), (date(1989, 1, 8), "平成元年1月8日"),
        (date(2019, 4, 30), "平成31年4月30日"), (date(2019, 5, 1), "令和元年5月1日"), (date(1912, 7, 29),
        "明治45年7月29日"),
        (date(1926, 12, 25), "昭和元年12月25日"), (date(1860, 1, 1), ""),
    ],
)  # fmt: skip
def test_a_date_is_echoed_in_the_japanese_calendar(day: date, text: str) -> None:
    assert in_era(day) == text
    assert not text or find_date(text) == day
