"""Why a patient left, whether they were reached afterwards, and how a visit stands at the end of the day."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, SelectField
from wtforms.validators import DataRequired, InputRequired, NumberRange

from triage import knowledge
from triage.domain import leaving
from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import text
from triage.knowledge.types import Labelled

#: What stays open, as the second confirmation names it, in one field of the page.
_BETWEEN = " "


class LeaveForm(PostedForm):
    """Why a patient left without being seen; ``confirmed`` is what the page has warned of."""

    version = IntegerField(validators=[DataRequired(), NumberRange(1, 2**31 - 1)])
    reason = RadioField(_l("Why"), [InputRequired(told("reason_needed"))])
    note = text(_l("Note (may stay empty)"), 500)
    confirmed = HiddenField()

    def __init__(self, locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        self.reason.choices = _choices(knowledge.load().flow.leave_reasons, locale)

    @property
    def seen(self) -> list[str]:
        """Return what the person has confirmed as open."""
        return (self.confirmed.data or "").split(_BETWEEN)


class CallBackForm(PostedForm):
    """One attempt to reach who left."""

    version = IntegerField(validators=[DataRequired(), NumberRange(1, 2**31 - 1)])
    result = HiddenField()
    note = text(_l("Note (may stay empty)"), 500)


class DayEndForm(PostedForm):
    """How one visit stands at the end of the day: which of three ways, and the coded reason, in one choice."""

    version = IntegerField(validators=[DataRequired(), NumberRange(1, 2**31 - 1)])
    choice = SelectField(_l("How it stands"), [InputRequired(told("reason_needed"))])
    note = text(_l("Note (may stay empty)"), 500)
    confirmed = HiddenField()

    def __init__(self, locale: str = "en", **values: object) -> None:
        super().__init__(**values)
        flow = knowledge.load().flow
        groups: dict[str, tuple[Labelled, ...]] = {
            "carry": flow.carry_reasons, leaving.UNSEEN: flow.leave_reasons, leaving.FINISHED: flow.end_reasons,
        }  # fmt: skip
        words = {
            "carry": _l("Still here, stays open"),
            leaving.UNSEEN: _l("Left without being seen"),
            leaving.FINISHED: _l("Was finished and has left"),
        }
        self.choice.choices = {"–": [("", "–")]} | {
            str(words[way]): [(f"{way}:{code}", label) for code, label in _choices(reasons, locale)]
            for way, reasons in groups.items()
        }

    @property
    def way(self) -> str:
        """Return which of the three ways was chosen: carry, unseen, finished."""
        return (self.choice.data or "").partition(":")[0]

    @property
    def reason(self) -> str:
        """Return the coded reason."""
        return (self.choice.data or "").partition(":")[2]

    @property
    def seen(self) -> list[str]:
        """Return what the person has confirmed as open."""
        return (self.confirmed.data or "").split(_BETWEEN)


def _choices(reasons: Iterable[Labelled], locale: str) -> list[tuple[str, str]]:
    return [(reason.id, reason.label(locale)) for reason in reasons]
