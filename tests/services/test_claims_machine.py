"""Any order of taking, giving, taking over, lapsing and undoing by several people: one holder, and no act is lost."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from tests.builders import Clinic, as_answers, wait
from tests.services.test_claims import at_work
from triage import clock
from triage.db import session
from triage.domain.errors import Conflict
from triage.models import AuditEvent, Claim, ClaimStep, Encounter, Staff
from triage.services import claims, intakes

PEOPLE = ("nurse", "nurse2", "surgeon", "surgeon2")
WHO = st.sampled_from(PEOPLE)
EVENTS = ("claimed", "claim_released", "claim_taken_over", "claim_handed_over", "claim_undone")


class Hands(RuleBasedStateMachine):
    """What should be true, told without a database: who has the patient, since when active, and the last act."""

    clinic: Clinic

    def __init__(self) -> None:
        super().__init__()
        session.close()
        self.encounter = wait(self.clinic.reception)
        self.now = clock.now()
        self.holder, self.active = "", self.now
        self.lease, self.old_lease = "", "an old page"
        self.last: tuple[str, str, object, str, object] | None = None  # by, step id, at, holder before, active before
        self.acts = 0

    def teardown(self) -> None:
        session.close()

    def lapsed(self) -> bool:
        return self.now - self.active > timedelta(minutes=30)

    def act(self, who: str, work: object, allowed: bool, holder: str, since: object = None) -> ClaimStep | None:
        """Let somebody act; compare what came of it with what should."""
        try:
            with clock.at(self.now):
                step = work()  # type: ignore[operator]
        except Conflict:
            assert not allowed, "refused although it was allowed"
            return None
        assert allowed, "done although it was not allowed"
        before = (self.holder, self.active)
        self.acts += 1
        self.holder, self.active = holder, since or self.now  # type: ignore[assignment]
        if isinstance(step, ClaimStep) and step.id != self.lease:
            self.old_lease, self.lease = self.lease, step.id if holder else ""
            self.last = (who, step.id, self.now, *before)
        return step

    @rule(who=WHO)
    def claim(self, who: str) -> None:
        free = self.holder in ("", who) or self.lapsed()
        self.act(who, lambda: claims.claim(self.clinic.people[who], self.encounter.id), free, who)

    @rule(who=WHO)
    def claim_on_an_old_page(self, who: str) -> None:
        work = lambda: claims.claim(self.clinic.people[who], self.encounter.id, seen="")  # noqa: E731
        self.act(who, work, self.holder in ("", who), who)

    @rule(who=WHO, old=st.booleans())
    def release(self, who: str, old: bool) -> None:
        seen = self.old_lease if old else self.lease
        allowed = self.holder != "" and who in (self.holder, "nurse2") and not old
        self.act(who, lambda: claims.release(self.clinic.people[who], self.encounter.id, seen), allowed, "")

    @rule(old=st.booleans())
    def take_over(self, old: bool) -> None:
        seen = self.old_lease if old else self.lease
        allowed = self.holder in ("", "nurse2") or not old
        work = lambda: claims.take_over(self.clinic.nurse2, self.encounter.id, "shift ended", seen)  # noqa: E731
        self.act("nurse2", work, allowed, "nurse2")

    @rule(who=WHO, to=WHO, old=st.booleans())
    def hand_over(self, who: str, to: str, old: bool) -> None:
        if to in (who, self.holder):
            return
        seen = self.old_lease if old else self.lease
        people, allowed = self.clinic.people, self.holder != "" and who in (self.holder, "nurse2") and not old
        at_work(people[to], at=self.now)
        self.act(
            who, lambda: claims.hand_over(people[who], self.encounter.id, people[to].staff_id, "", seen), allowed, to
        )

    @precondition(lambda self: self.holder)
    @rule()
    def work(self) -> None:
        self.now += timedelta(seconds=1)
        with clock.at(self.now):
            answers = as_answers({"pain_nrs": self.acts % 10})
            intakes.record_answers(self.clinic.people[self.holder], self.encounter.id, answers)
        self.active = self.now

    @rule(minutes=st.sampled_from([1, 6, 31]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.last)
    @rule(who=WHO)
    def undo(self, who: str) -> None:
        assert self.last
        by, step_id, at, before, active = self.last
        worked = self.holder not in ("", by) and self.active > at  # type: ignore[operator]
        allowed = who == by and self.now - at <= timedelta(minutes=10) and not worked  # type: ignore[operator]
        work = lambda: claims.undo(self.clinic.people[who], self.encounter.id, step_id)  # noqa: E731
        self.act(who, work, allowed, before, self.now if before == by else active)
        if allowed:
            session.close()
            self.last, held = None, session.get(Claim, self.encounter.id)
            self.old_lease, self.lease = self.lease or "an old page", held.lease if held else ""

    @invariant()
    def one_holder_at_most_and_it_is_who_it_should_be(self) -> None:
        session.close()
        held = session.scalars(select(Staff.user_name).join(Claim).where(Claim.encounter_id == self.encounter.id)).all()
        assert list(held) == ([self.holder] if self.holder else [])

    @invariant()
    def nobodys_act_is_lost(self) -> None:
        here = AuditEvent.encounter_id == self.encounter.id
        count = session.scalar(select(func.count()).where(here, AuditEvent.name.in_(EVENTS)))
        assert count == self.acts, "each act has one event, and what was refused has none"
        steps = session.scalars(select(ClaimStep).where(ClaimStep.encounter_id == self.encounter.id)).all()
        assert sorted(step.number for step in steps) == list(range(1, len(steps) + 1))
        last = max(steps, key=lambda step: step.number, default=None)
        assert (last.to_staff_id if last else None) == self._holder_id()

    def _holder_id(self) -> str | None:
        held = session.get(Claim, self.encounter.id)
        assert held is None or session.get_one(ClaimStep, held.lease).to_staff_id == held.staff_id
        return held.staff_id if held else None


def test_whatever_people_do_in_whatever_order_one_has_the_patient_and_no_act_is_lost(clinic: Clinic) -> None:
    machine = type("HandsOfThisClinic", (Hands,), {"clinic": clinic})
    few = settings(
        max_examples=25, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(machine, settings=few)
    assert session.scalar(select(func.count()).select_from(Encounter)) > 0  # type: ignore[operator]
