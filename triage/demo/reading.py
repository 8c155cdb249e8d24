"""The demonstration's data, read from the TOML files beside this module."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from triage.domain.findings import Answer
from triage.domain.suggestion import Suggestion
from triage.services.triage import Choice, suggested_modality

FOLDER = Path(__file__).parent
NOT_KNOWN = "not known"
DESK_GROUP = "desk_all_no"
MEASURED_GROUP = "vitals"

Answers = dict[str, Answer]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of visit: what the patient says, what is found, what is decided."""

    id: str
    way: str
    ages: tuple[int, int]
    ja: str
    en: str
    weight: int = 0
    sex: str = ""
    views: str = ""
    report: str = ""
    hospital: str = ""
    marks: Sequence[str] = ()
    desk: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    sheet: Sequence[Mapping[str, Any]] = ()
    doctor: Sequence[Mapping[str, Any]] = ()
    settled: Mapping[str, Any] = field(default_factory=dict)
    confirmed: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, age: int, sex: str) -> bool:
        """Tell whether somebody of this age and sex may come with it."""
        return self.ages[0] <= age <= self.ages[1] and self.sex in ("", sex)

    def complaint(self, language: str) -> str:
        """Return the complaint as the desk wrote it down."""
        return self.en if language == "en" else self.ja


@dataclass(frozen=True)
class Script:
    """Everything the demonstration is made from."""

    cases: Mapping[str, Case]
    groups: Mapping[str, Mapping[str, Any]]
    traits: Mapping[str, Mapping[str, Any]]
    clinic: Mapping[str, Any]
    people: Mapping[str, Any]
    day: Mapping[str, Any]

    def desk_answers(self, case: Case, skip: Sequence[str] = ()) -> Answers:
        """Return what the desk records, without the questions of ``skip``."""
        values = {**self.groups[DESK_GROUP], **dict.fromkeys(case.marks, True), **case.desk}
        return _answers({name: value for name, value in values.items() if name not in skip})

    def sheet_answers(self, case: Case, sheet: int, extra: Mapping[str, Any]) -> Answers:
        """Return what the nurse records on the case's first or second triage sheet, ``extra`` from the person."""
        page = case.sheet[sheet]
        gathered: dict[str, Any] = {}
        for group in page.get("groups", ()):
            gathered |= self.groups[group]
        return _answers({**gathered, **(extra if sheet == 0 else {}), **page.get("answers", {})})

    def choice(self, case: Case, sheet: int, suggestion: Suggestion) -> Choice:
        """Return what the nurse decides on the sheet; where it is not the suggestion, a coded reason goes with it."""
        plan = case.sheet[sheet]["choice"]
        differs = plan["route"] != suggestion.route
        return Choice(
            acuity=suggestion.level,
            route=plan["route"],
            modality=plan.get("modality") or suggested_modality(suggestion),
            reason=plan.get("reason", self.day["override_reason"]) if differs else "",
            note=plan.get("note", ""),
            not_known_reasons=dict(plan.get("not_known", {})),
            without=plan.get("without", self.day["without"]),
        )

    def settled(self, case: Case) -> Answers:
        """Return what came to be known after the decision."""
        return _answers(case.settled)

    def confirmed(self, case: Case) -> Answers:
        """Return what the surgeon enters for the operation."""
        return _answers(case.confirmed)

    def measured(self, case: Case) -> Answers:
        """Return the vital signs of the case's first sheet."""
        groups = [self.groups[name] for name in case.sheet[0]["groups"] if name.startswith(MEASURED_GROUP)]
        return _answers({name: value for group in groups for name, value in group.items()})


def _answers(values: Mapping[str, Any]) -> Answers:
    return {name: Answer(value != NOT_KNOWN, None if value == NOT_KNOWN else value) for name, value in values.items()}


@cache
def read() -> Script:
    """Return the script; it is the same for the life of the process."""
    answers = _toml("answers")
    entries = [*_toml("cases_common")["case"], *_toml("cases_urgent")["case"]]
    cases = [Case(**(entry | {"ages": tuple(entry["ages"])})) for entry in entries]
    return Script(
        cases={case.id: case for case in cases},
        groups=answers["group"],
        traits={trait["id"]: trait for trait in answers["trait"]},
        clinic=_toml("clinic"),
        people=_toml("people"),
        day=_toml("day"),
    )


@cache
def many_names() -> dict[str, Any]:
    """Return the parts of which the names of a large clinic are put together."""
    return _toml("names")


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
