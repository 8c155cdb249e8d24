"""Feedback on a rule from the suggestion of one patient, and the clinical lead's answer to it."""

from typing import Any

from flask import Blueprint, flash, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from triage.blueprints.agreement import rule_page, words
from triage.domain.errors import Conflict, NotFound
from triage.forms.agreement import AnswerForm, FeedbackForm
from triage.services import encounters, feedback
from triage.web import actor, done, message, page, requires

blueprint = Blueprint("feedback", __name__)
PATH = "/encounters/<encounter_id>/rules/<rule>/feedback"


def _page(encounter_id: str, rule: str, form: FeedbackForm, status: int = 200) -> Response:
    named = words()
    if rule not in named["rule_words"]:
        raise NotFound("rule")
    encounter = encounters.open_(actor(), encounter_id, "feedback on a rule")
    values: dict[str, Any] = {"encounter": encounter, "patient": encounter.patient, "rule": rule, "form": form}
    return page("agreement/give.html", status=status, **values, **named)


@blueprint.get(PATH)
@requires("triage:decide")
def give(encounter_id: str, rule: str) -> Response:
    """Ask what is wrong with a rule at this patient."""
    return _page(encounter_id, rule, FeedbackForm(formdata=None))


@blueprint.post(PATH)
@requires("triage:decide")
def keep(encounter_id: str, rule: str) -> Response:
    """Keep the words and go back to the triage sheet; without words, ask again."""
    form = FeedbackForm()
    if not form.validate():
        return _page(encounter_id, rule, form, 422)
    feedback.give_feedback(actor(), encounter_id, rule, form.text.data or "")
    flash(_("Kept. The clinical lead will answer on the page of the rule."))
    return done(url_for("triage.show", encounter_id=encounter_id))


@blueprint.post("/agreement/feedback/<feedback_id>/answer")
@requires("feedback:answer")
def answer(feedback_id: str) -> Response:
    """Keep the answer; one that comes too late or empty is shown again beside the feedback."""
    form, given = AnswerForm(), feedback.get_feedback(actor(), feedback_id)
    if not form.validate():
        return rule_page(given.rule, 422, answer_form=form, answering=feedback_id)
    try:
        rule = feedback.answer(actor(), feedback_id, form.text.data or "")
    except Conflict as error:
        form.text.errors = [message(error)]
        return rule_page(given.rule, 409, answer_form=form, answering=feedback_id)
    return done(url_for("agreement.rule", rule=rule, _anchor=f"feedback-{feedback_id}"))
