"""The public holidays of Japan, by law and as announced for the year, from the package that keeps them."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from holidays import country_holidays


@dataclass(frozen=True)
class Holiday:
    """A public holiday and what it is called."""

    day: date
    en: str
    ja: str

    def label(self, locale: str) -> str:
        """Return the name in a language."""
        return self.ja if locale == "ja" else self.en


@lru_cache(maxsize=16)
def _of_year(year: int) -> tuple[Holiday, ...]:
    english = country_holidays("JP", years=year, language="en_US")
    japanese = country_holidays("JP", years=year, language="ja")
    return tuple(Holiday(day, english[day], japanese[day]) for day in sorted(japanese))


def between(first: date, last: date) -> dict[date, Holiday]:
    """Return the public holidays from the first day to the last, both counted, in order."""
    years = range(first.year, last.year + 1)
    return {one.day: one for year in years for one in _of_year(year) if first <= one.day <= last}
