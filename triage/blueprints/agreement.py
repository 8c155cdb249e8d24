"""How far rules, nurse and surgeon agree: the page, and its tables for download."""

from typing import Any

from flask import Blueprint, Response, request

from triage.blueprints.agreement_tables import TABLES, as_csv
from triage.blueprints.periods import period_form, presets
from triage.domain.errors import NotFound
from triage.forms.agreement import AnswerForm, ListForm, PeriodForm
from triage.services import agreement, feedback, rulesets
from triage.services.agreement import Period
from triage.web import actor, locale, page, requires

blueprint = Blueprint("agreement", __name__)
#: Days back of the periods to choose from; the first is shown when none is chosen.
PRESETS = (365, 90, 30)


def _form() -> PeriodForm:
    return period_form(PRESETS[0])


def words() -> dict[str, Any]:
    """Return what the templates need to name categories, rules and reasons."""
    known, lang = rulesets.in_force(actor().site_id), locale()
    rules = (*known.ruleset.rules, known.ruleset.default, *(one.rule for one in known.ruleset.restrictions))
    named = {"acuity": known.acuities, "route": known.routes, "way": {way.id: way for way in known.ways}}
    return {
        "category_words": {kind: {key: one.label(lang) for key, one in ones.items()} for kind, ones in named.items()},
        "rule_words": {rule.id: rule.text[lang] for rule in rules},
        "reason_words": {reason.id: reason.label(lang) for reason in known.override_reasons},
        "ways": known.ways, "compared": agreement.COMPARED, "not_compared": agreement.NOT_COMPARED,
    }  # fmt: skip


@blueprint.get("/agreement")
@requires("agreement:view")
def index() -> Response:
    """Show how far they agree in a period; a wrong period is answered 422."""
    form = _form()
    values = {"form": form, "presets": presets(form, PRESETS, "agreement.index"), **words()}
    if not form.validate():
        return page("agreement/index.html", status=422, report=None, **values)
    report = agreement.report(actor(), Period(form.since.data, form.until.data))
    waiting = feedback.count_open(actor())
    return page("agreement/index.html", report=report, downloads=list(TABLES), waiting=waiting, **values)


@blueprint.get("/agreement/tables/<name>.csv")
@requires("agreement:view")
def table(name: str) -> Response:
    """Answer one table as a file."""
    form = _form()
    if name not in TABLES or not form.validate():
        raise NotFound("table")
    report = agreement.report(actor(), Period(form.since.data, form.until.data))
    answer = Response(as_csv(name, report), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="agreement-{name}.csv"'
    return answer


@blueprint.get("/agreement/rules/<rule>")
@requires("rules:view")
def rule(rule: str) -> Response:
    """Show one rule: its figures, why others chose another way, and what was said against it."""
    return rule_page(rule)


def rule_page(rule: str, status: int = 200, **more: Any) -> Response:
    """Return the page of one rule; ``more``: an answer that was not accepted."""
    form, lists = _form(), ListForm(request.args)
    if not (form.validate() and lists.validate()):
        raise NotFound("page")
    who, words_ = actor(), words()
    report = (
        agreement.report(who, Period(form.since.data, form.until.data), rule) if who.may("agreement:view") else None
    )
    said = _said(rule, lists)
    if rule not in words_["rule_words"] and not any(said[name] for name in ("overrides", "feedback", "withdrawn")):
        raise NotFound("rule")
    links = presets(form, PRESETS, "agreement.rule", rule=rule)
    values = {"rule": rule, "form": form, "presets": links, "report": report, **said, **words_}
    return page("agreement/rule.html", status=status, **({"answer_form": AnswerForm(formdata=None)} | values | more))


def _said(rule: str, lists: ListForm) -> dict[str, Any]:
    who, pages = actor(), {"decisions": lists.decisions.data or 0, "feedback": lists.feedback.data or 0}
    said = {
        "overrides": feedback.list_overrides(who, rule, pages["decisions"]),
        "feedback": feedback.list_feedback(who, rule, pages["feedback"]),
        "withdrawn": feedback.list_withdrawn(who, rule),
    }
    readable, found = feedback.may_read_words(who), sum(map(len, said.values()))
    if readable and found:
        feedback.note_reading(who, rule, found)
    return {**said, "readable": readable, "pages": pages, "full": feedback.PAGE}
