"""Dates as they are typed at the desk: Western, Japanese eras, receipt-system codes, full-width digits; the minute."""

import re
import unicodedata
from datetime import date, datetime

#: Era: letter, kanji, first and last Gregorian year, first day. Receipt systems number the eras 1 to 5 in this order.
ERAS = (
    ("M", "明治", 1868, 1912, date(1868, 1, 25)),
    ("T", "大正", 1912, 1926, date(1912, 7, 30)),
    ("S", "昭和", 1926, 1989, date(1926, 12, 25)),
    ("H", "平成", 1989, 2019, date(1989, 1, 8)),
    ("R", "令和", 2019, 9999, date(2019, 5, 1)),
)
_YEARS = {name: (era[2], era[3]) for era in ERAS for name in (era[0], era[1], era[1][0])}
_CODES = {str(number): (era[2], era[3]) for number, era in enumerate(ERAS, 1)}
_WESTERN = re.compile(r"(\d{4})(?:(\d{2})(\d{2})|[-/.年](\d{1,2})[-/.月](\d{1,2})日?)")
_ERA = re.compile(
    r"([MTSHR]|明治?|大正?|昭和?|平成?|令和?)(?:(\d{2})(\d{2})(\d{2})|(\d{1,2}|元)[-/.年](\d{1,2})[-/.月](\d{1,2})日?)"
)
_CODE = re.compile(r"([1-5])(\d{2})(\d{2})(\d{2})")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−ー－", "-"))


def minute(moment: datetime) -> datetime:
    """Return the moment's whole minute: people note minutes, and seconds must not contradict them."""
    return moment.replace(second=0, microsecond=0)


def find_date(text: str) -> date | None:
    """Return the date that the text says, or None when it says none or an impossible one."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper().translate(_DASHES)
    western, era, code = _WESTERN.fullmatch(plain), _ERA.fullmatch(plain), _CODE.fullmatch(plain)
    if western:
        year, month, day = [part for part in western.groups() if part]
        return _date(int(year), month, day)
    if era:
        name, *parts = [part for part in era.groups() if part]
        return _in_years(_YEARS[name], "1" if parts[0] == "元" else parts[0], parts[1], parts[2])
    if code:
        return _in_years(_CODES[code[1]], code[2], code[3], code[4])
    return None


def _in_years(years: tuple[int, int], number: str, month: str, day: str) -> date | None:
    """Return the day of an era's year, None where the era had no such year: nobody is born in Showa 99."""
    first, last = years
    year = first + int(number) - 1
    return _date(year, month, day) if first <= year <= last else None


def _date(year: int, month: str, day: str) -> date | None:
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None


def in_era(day: date) -> str:
    """Return the date in the Japanese calendar, such as 昭和38年7月30日; "" before Meiji."""
    for _letter, kanji, first, _last, start in reversed(ERAS):
        if day >= start:
            year = day.year - first + 1
            return f"{kanji}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return ""
