"""The grammar of the one search box: a birth date, a number, a ticket, and words of a name, in any order."""

import re
from dataclasses import dataclass
from datetime import date

from triage.domain.dates import find_date
from triage.domain.names import beginnings, normalise, readings

#: Nothing the desk types is longer.
LONGEST = 100
#: Who else gives patients a number that the desk writes down and searches by.
ISSUERS = ("insurer", "referrer")


#: Shorter words are looked for where a part of a name begins: inside they fit half of all, and no trigram holds them.
SHORTEST_INSIDE = 3


@dataclass(frozen=True)
class Term:
    """One thing that must fit: the date, number or ticket it may be, the keys a name may hold, those it may begin."""

    day: date | None = None
    number: str = ""
    ticket: str = ""
    words: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()

    @property
    def whole(self) -> list[str]:
        """Return the pieces of a search key that show the words to be whole parts of a name."""
        return [f"|{word}|" for word in self.words]

    @property
    def begun(self) -> list[str]:
        """Return the pieces that show a part of a name to begin with the words."""
        return _needed([f"|{word}" for word in self.beginnings])

    @property
    def within(self) -> list[str]:
        """Return the pieces that show the words to be anywhere in a name; short ones where a part begins."""
        return _needed([word if len(word) >= SHORTEST_INSIDE else f"|{word}" for word in self.beginnings])


def _needed(pieces: list[str]) -> list[str]:
    """Leave out each piece in which another lies: whose name holds the longer one holds that too."""
    return [one for one in pieces if not any(other in one for other in pieces if other != one)]


def read(text: str) -> tuple[Term, ...]:
    """Return what the typed words ask for; all terms must fit the same patient."""
    plain = normalise(text)[:LONGEST]
    if find_date(plain):
        return (_term(plain),)
    return tuple(_term(word) for word in plain.split(" ") if re.search(r"\w", word))


def _term(word: str) -> Term:
    day = find_date(word)
    number = re.sub(r"[- ]", "", word).upper()
    if day is None and not re.search(r"\d", number):
        whole, begun = (tuple(key for key in keys(word) if key and "|" not in key) for keys in (readings, beginnings))
        return Term(words=whole, beginnings=begun)
    # Seven or eight digits may be a date and somebody's insurance number at once: both are looked for.
    return Term(day, number, _ticket(number))


def _ticket(number: str) -> str:
    found = re.fullmatch(r"([A-Z])(\d{1,3})", number)
    return f"{found[1]}{int(found[2]):03d}" if found else ""
