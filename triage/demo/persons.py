"""Invented patients: names, birth dates, and what comes with the person rather than with a complaint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from triage.db import new_id
from triage.demo.reading import Case, Script
from triage.domain.people import age_in_years

#: Youngest, oldest and most frequent age on file.
AGES = (14, 92, 66)
FOREIGN_SHARE = 0.04


@dataclass
class Person:
    """One patient to be: the columns of the record, and what the nurse will be told."""

    columns: dict[str, Any]
    answers: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_id)

    @property
    def language(self) -> str:
        """Return the language the person speaks."""
        return str(self.columns["language"])

    def fits(self, case: Case, today: date) -> bool:
        """Tell whether this person may come with this case."""
        return case.fits(age_in_years(self.columns["birth_date"], today), self.columns["sex"])


class Registry:
    """Draws people who differ in the reading of their names, and keeps them in order."""

    def __init__(self, script: Script, rng: Random, today: date) -> None:
        self.script, self.rng, self.today = script, rng, today
        self.people: list[Person] = []
        self.known: list[Person] = []  # on file before today, and not here today
        self._foreign = list(script.people["foreign"])

    def invite(self, entry: Mapping[str, Any]) -> Person:
        """Add somebody whom the data name."""
        named = {key: value for key, value in entry.items() if key not in ("born", "traits", "columns")}
        person = self._add(named, entry["born"])
        for trait in entry.get("traits", ()):
            self._give(person, self.script.traits[trait])
        person.columns |= entry.get("columns", {})
        return person

    def draw(self, ages: tuple[int, int] | None = None, sex: str = "") -> Person:
        """Add somebody drawn by chance, within ``ages`` and of ``sex`` when they are given."""
        low, high, usual = AGES
        age = self.rng.randint(*ages) if ages else round(self.rng.triangular(low, high, usual))
        born = self.today - timedelta(days=age * 365.25 + self.rng.randrange(20, 340))
        named = self._foreigner() if not sex else None
        person = self._add(named or self._name(sex or self.rng.choice(("male", "female"))), born)
        for trait in self.script.traits.values():
            within = trait["ages"][0] <= age <= trait["ages"][1]
            if within and self.rng.random() * 100 < trait["share"]:
                self._give(person, trait)
        return person

    def _foreigner(self) -> dict[str, Any] | None:
        chosen = self.rng.random() < FOREIGN_SHARE and bool(self._foreign)
        return self._foreign.pop(0) if chosen else None

    def _name(self, sex: str) -> dict[str, Any]:
        taken = {(p.columns["family_kana"], p.columns["given_kana"]) for p in self.people}
        while True:
            family, given = self.rng.choice(self.script.people["family"]), self.rng.choice(self.script.people[sex])
            if (family[1], given[1]) not in taken:
                break
        written = {"family_name": family[0], "given_name": given[0]}
        return written | {"family_kana": family[1], "given_kana": given[1], "sex": sex}

    def _add(self, named: Mapping[str, Any], born: date) -> Person:
        age, phone = age_in_years(born, self.today), self.rng.randrange(10_000)
        relations = [r["word"] for r in self.script.people["relation"] if r["ages"][0] <= age <= r["ages"][1]]
        person = Person({
            "language": "ja", "interpreter": False, "call_by_number": False, "mobility": "walking", "allergies": "",
            "medicines": "", "anticoagulant": "", "implants": "", **named, "birth_date": born,
            "phone": f"090-0000-{phone:04d}", "contact_name": named["family_name"],
            "contact_phone": f"080-0000-{(phone * 7) % 10_000:04d}", "contact_relation": self.rng.choice(relations),
        })  # fmt: skip
        self.people.append(person)
        return person

    def _give(self, person: Person, trait: Mapping[str, Any]) -> None:
        person.columns |= trait["columns"]
        person.answers |= trait.get("answers", {})
