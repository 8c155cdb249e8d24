"""A birth date is read in every way a desk types it, and never guessed."""

from datetime import date

import pytest

from triage.domain.dates import find_date, in_era

BORN = date(1963, 7, 30)


@pytest.mark.parametrize(
    "typed",
    [
        "19630730", "1963-07-30", "1963-7-30", "1963/7/30", "1963.7.30", "1963年7月30日", " 1963 年 7 月 30 日 ",
        "S380730", "s380730", "S38.7.30", "s38/7/30", "S38-07-30", "昭和38年7月30日", "昭38年7月30日", "昭和38.7.30",
        "3380730", "１９６３０７３０", "Ｓ３８０７３０", "３３８０７３０", "１９６３ー７ー３０",
        "1963‐07‐30", "1963−7−30",
    ],
)  # fmt: skip
def test_one_birthday_in_every_way_it_is_typed(typed: str) -> None:
    assert find_date(typed) == BORN


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("M450729", date(1912, 7, 29)),
        ("1450729", date(1912, 7, 29)),
        ("T010730", date(1912, 7, 30)),
        ("大正元年7月30日", date(1912, 7, 30)),
        ("2151224", date(1926, 12, 24)),
        ("S011225", date(1926, 12, 25)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("H010108", date(1989, 1, 8)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("4310430", date(2019, 4, 30)),
        ("R010501", date(2019, 5, 1)),
        ("5080229", None),
        ("令和6年2月29日", date(2024, 2, 29)),
        ("5060229", date(2024, 2, 29)),
    ],
)
def test_each_era_begins_and_ends_where_the_calendar_says(typed: str, day: date | None) -> None:
    assert find_date(typed) == day


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "A012", "055433", "1963", "196307", "19631332", "19630230", "1963-13-01", "S990730", "S381301",
        "H320101", "6380730", "0380730", "X380730", "昭和三十八年", "3380730x", "1963073０a", "99999999", "00000000",
        "1963-07", "S", "元", "\x00", "😀", "9" * 5000, "昭和" + "1" * 500,
    ],
)  # fmt: skip
def test_what_is_no_date_is_none_and_not_an_error(typed: str) -> None:
    assert find_date(typed) is None


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (BORN, "昭和38年7月30日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1860, 1, 1), ""),
    ],
)
def test_a_date_is_echoed_in_the_japanese_calendar(day: date, said: str) -> None:
    assert in_era(day) == said


@pytest.mark.parametrize("day", [date(1912, 7, 30), date(1926, 12, 25), BORN, date(2019, 5, 1), date(2024, 2, 29)])
def test_what_is_echoed_is_read_back_as_the_same_day(day: date) -> None:
    assert find_date(in_era(day)) == day
