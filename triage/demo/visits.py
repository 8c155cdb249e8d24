"""One visit as the clinic's people live it: each step is what somebody does, through the service everybody uses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from triage.demo import choices
from triage.demo.clinic import Team
from triage.demo.persons import Person
from triage.demo.reading import Case, Script
from triage.domain.access import Actor
from triage.domain.lifecycle import REVIEW
from triage.domain.results import Report
from triage.models import ImagingOrder
from triage.services import (
    calls,
    claims,
    consults,
    departures,
    emergencies,
    encounters,
    imaging,
    imaging_repeats,
    imaging_safety,
    intakes,
    orders,
    questions,
    reassessments,
    results,
    rooms,
    triage,
)
from triage.services.imaging_safety import Answer

#: What the radiographer checks before each examination.
IDENTITY = ("name", "birth_date")


@dataclass
class Visit:
    """Who comes with what, who looks after them, and how far it has come."""

    script: Script
    team: Team
    person: Person
    case: Case
    nurse: Actor
    surgeon: Actor
    skip: Sequence[str] = ()
    encounter_id: str = ""
    sheets: int = 0
    decisions: int = 0

    def version(self, actor: Actor) -> int:
        """Return the encounter's present version."""
        return encounters.get(actor, self.encounter_id).version

    def order(self, actor: Actor) -> ImagingOrder:
        """Return the latest imaging order."""
        last = orders.orders_of(encounters.get(actor, self.encounter_id))[-1]
        return imaging.get(actor, last.id)


def arrive(visit: Visit) -> None:
    """Reception checks the patient in."""
    visit.encounter_id = encounters.check_in(visit.team["reception"], visit.person.id, "")


def begin(visit: Visit) -> None:
    """Reception notes the complaint and asks, without the questions left out."""
    desk, case = visit.team["reception"], visit.case
    agreed = {"consent": True, "consent_version": visit.script.day["consent_version"]}
    details = {"complaint": case.complaint(visit.person.language), **agreed, **case.details}
    intakes.change_details(desk, visit.encounter_id, visit.version(desk), details)
    intakes.record_answers(desk, visit.encounter_id, visit.script.desk_answers(case, visit.skip))


def intake(visit: Visit) -> None:
    """Reception completes the intake and sends it to the queue."""
    begin(visit)
    intakes.submit(visit.team["reception"], visit.encounter_id)


def give_up(visit: Visit) -> None:
    """The patient leaves without being seen."""
    desk = visit.team["reception"]
    left_open = departures.open_of(encounters.get(desk, visit.encounter_id)).names
    reason, words = visit.script.day["finished"]["left_reason"]
    departures.leave(desk, visit.encounter_id, visit.version(desk), reason, words, left_open)


def claim(visit: Visit) -> None:
    """The nurse takes the patient."""
    claims.claim(visit.nurse, visit.encounter_id)


def claim_doctor(visit: Visit) -> None:
    """The surgeon takes the patient."""
    claims.claim(visit.surgeon, visit.encounter_id)


def measure(visit: Visit) -> None:
    """The nurse has the vital signs, and not yet the rest."""
    intakes.record_answers(visit.nurse, visit.encounter_id, visit.script.measured(visit.case))


def examine(visit: Visit) -> None:
    """The nurse opens the triage sheet and fills it in."""
    encounters.open_(visit.nurse, visit.encounter_id, "triage sheet")
    answers = visit.script.sheet_answers(visit.case, visit.sheets, visit.person.answers)
    intakes.record_answers(visit.nurse, visit.encounter_id, answers)


def summon(visit: Visit) -> None:
    """Whoever the patient waits for calls the ticket into their room."""
    review = encounters.get(visit.nurse, visit.encounter_id).stage == REVIEW
    caller, room = (visit.surgeon, "Consulting room 1") if review else (visit.nurse, "Triage room")
    calls.call(caller, visit.encounter_id, next(one.id for one in rooms.list_rooms(caller) if one.name == room))


def not_there(visit: Visit) -> None:
    """Nobody comes when called."""
    calls.no_answer(visit.nurse, visit.encounter_id)


def look_again(visit: Visit) -> None:
    """The nurse looks at who waits: the same."""
    reassessments.note_result(visit.nurse, visit.encounter_id, "same")


def decide(visit: Visit) -> None:
    """The nurse decides."""
    encounter = encounters.get(visit.nurse, visit.encounter_id)
    choice = visit.script.choice(visit.case, visit.sheets, triage.situation(encounter).suggestion)
    triage.decide(visit.nurse, visit.encounter_id, encounter.version, choice)
    visit.sheets += 1


def settle(visit: Visit) -> None:
    """The nurse hears what nobody could tell at first."""
    intakes.record_answers(visit.nurse, visit.encounter_id, visit.script.settled(visit.case))


def order(visit: Visit) -> None:
    """The surgeon makes the nurse's request an order."""
    asked = visit.order(visit.surgeon)
    seen = [one.id for one in imaging_repeats.list_for(visit.surgeon, [asked])[asked.id]]
    imaging.order(visit.surgeon, asked.id, asked.version, seen, asked.note or asked.justification or "再評価")


def start(visit: Visit) -> None:
    """The radiographer checks who it is, asks what must be known, and begins."""
    ordered = visit.order(visit.team["radiographer"])
    likely = {one.question.id: Answer(one.likely or "no") for one in imaging_safety.standing(ordered)}
    imaging.start(visit.team["radiographer"], ordered.id, ordered.version, IDENTITY, imaging.NOT_PREGNANT, likely)


def complete(visit: Visit) -> None:
    """The radiographer writes the exposure record."""
    begun = visit.order(visit.team["radiographer"])
    exposure = visit.script.day["exposure"][begun.modality]
    imaging.complete(visit.team["radiographer"], begun.id, begun.version, visit.case.views, exposure)
    if visit.case.report:
        words = Report(visit.case.report, visit.script.day["reader"])
        results.report(visit.team["radiographer"], begun.id, visit.order(visit.surgeon).version, words)


def sign(visit: Visit) -> None:
    """The surgeon signs the exposure record."""
    done = visit.order(visit.surgeon)
    if done.exposure is None:
        raise ValueError(f"{visit.case.id}: there is no exposure record to sign")
    imaging.sign(visit.surgeon, done.id, done.exposure.version)
    if done.result_at is not None and done.seen_at is None:
        results.see(visit.surgeon, done.id, visit.order(visit.surgeon).version)


def confirm(visit: Visit) -> None:
    """The surgeon enters what the examination and the images show."""
    intakes.record_answers(visit.surgeon, visit.encounter_id, visit.script.confirmed(visit.case))


def ask_nurse(visit: Visit) -> None:
    """The surgeon asks the nurse."""
    questions.ask(visit.surgeon, visit.encounter_id, "nurse", visit.script.day["asked"]["nurse"])


def ask_surgeon(visit: Visit) -> None:
    """The nurse asks the surgeon."""
    questions.ask(visit.nurse, visit.encounter_id, "surgeon", visit.script.day["asked"]["surgeon"])


def reply(visit: Visit) -> None:
    """The nurse answers."""
    (asked,) = questions.list_of(visit.nurse, encounters.get(visit.nurse, visit.encounter_id))
    questions.answer(visit.nurse, asked.id, asked.version, visit.script.day["asked"]["reply"])


def doctor(visit: Visit) -> None:
    """The surgeon reviews the case and signs a decision."""
    encounters.open_(visit.surgeon, visit.encounter_id, "review")
    encounter = encounters.get(visit.surgeon, visit.encounter_id)
    choice = choices.answered(visit.case.doctor[visit.decisions], encounter)
    consults.decide(visit.surgeon, visit.encounter_id, visit.version(visit.surgeon), choice)
    visit.decisions += 1


def acknowledge(visit: Visit) -> None:
    """The nurse answers for the emergency."""
    emergencies.acknowledge(visit.nurse, visit.encounter_id)


def call(visit: Visit) -> None:
    """The nurse calls the receiving hospital."""
    emergencies.record_step(visit.nurse, visit.encounter_id, "called", visit.case.hospital)


def accept(visit: Visit) -> None:
    """The hospital accepts."""
    emergencies.record_step(visit.surgeon, visit.encounter_id, "accepted")


def leave(visit: Visit) -> None:
    """The patient leaves for the hospital."""
    emergencies.record_step(visit.nurse, visit.encounter_id, "left")


Step = Callable[[Visit], None]

STEPS: dict[str, Step] = {
    step.__name__: step
    for step in (
        arrive, begin, intake, give_up, claim, claim_doctor, summon, not_there, look_again,
        measure, examine, decide, settle, order, start, complete,
        sign, confirm, ask_nurse, ask_surgeon, reply, doctor, acknowledge, call, accept, leave,
    )
}  # fmt: skip
