"""Drafts of the rules: begun, changed as a file or one rule at a time, discarded, published."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from triage import knowledge
from triage.blueprints.rulesets import SHIPPED, choices, content_of, version_of
from triage.domain.errors import Conflict, NotAllowed, NotFound, Refused, Stale
from triage.forms.conditions import in_words
from triage.forms.rulesets import BeginForm, DraftForm, PublicationForm, RuleForm, lines, rule_values
from triage.knowledge import KnowledgeError, rules_editing
from triage.models import RulesetVersion
from triage.services import publications, rule_drafts, rulesets
from triage.web import actor, done, locale, message, page, requires, sentence, status_of

blueprint = Blueprint("rule_drafts", __name__)
PATH = "/rulesets/drafts"
#: Parts of a rule whose input has another name.
INPUTS = {"text": "text_en", "text.en": "text_en", "text.ja": "text_ja", "": "id"}


@blueprint.get(PATH)
@requires("rules:draft")
def index() -> Response:
    """List the open drafts, and begin one."""
    return _index(BeginForm(formdata=None, source=request.args.get("source")))


def _index(form: BeginForm, status: int = 200, **more: Any) -> Response:
    form.source.choices = choices()
    form.source.data = form.source.data or _newest()
    values = {"drafts": rulesets.list_drafts(actor()), "fault": None, "excerpt": [], "error": ""}
    return page("rule_drafts/index.html", status=status, form=form, **(values | more))


def _newest() -> str:
    publication = rulesets.find_publication(actor().site_id)
    return (publication.version_id if publication else None) or SHIPPED


@blueprint.post(PATH)
@requires("rules:draft")
def create() -> Response:
    """Begin a draft from a file that was sent, or from rules that exist."""
    form = BeginForm()
    if not form.validate():
        return _index(form, 422)
    text, based_on = _begun_with(form)
    try:
        made = rule_drafts.create(actor(), text, form.note.data or "", based_on, form.name.data or "")
    except rule_drafts.Unsound as error:
        return _index(form, 422, fault=error.fault, excerpt=_excerpt(text, error.fault))
    except Refused as error:
        return _index(form, 422, error=message(error))
    return done(url_for("rule_drafts.show", version_id=made))


def _begun_with(form: BeginForm) -> tuple[str, str]:
    if form.file.data:
        return lines(form.file.data.read().decode("utf-8", "replace")), ""
    version = version_of(form.source.data or SHIPPED)
    return rulesets.text_of(version), version.content_hash if version else rulesets.knowledge_of(None).ruleset.hash


@blueprint.get(f"{PATH}/<version_id>")
@requires("rules:draft")
def show(version_id: str) -> Response:
    """Show a draft: the file, its rules, and what still stands against publishing it."""
    draft = rulesets.get_version(actor(), version_id)
    form = DraftForm(formdata=None, content=draft.content, note=draft.note, version=draft.version)
    fault = rule_drafts.fault_in(draft.content)  # a newer program may no longer read what an older one took
    return _draft(draft, form, fault=fault, excerpt=_excerpt(draft.content, fault) if fault else [])


def _draft(draft: RulesetVersion, form: DraftForm, status: int = 200, **more: Any) -> Response:
    now = rulesets.in_force(actor().site_id).ruleset
    values = {
        "draft": draft, "form": form, "fault": None, "excerpt": [], "newer": "", "error": "", "now": now,
        "now_id": _newest(),
        "rules": content_of(draft).get("rule", ()), "authors": rulesets.authors_of(draft),
        "is_author": actor().staff_id in {draft.author_id, *draft.authors},
        "against": _against(draft), "publication": PublicationForm(formdata=None, version=draft.version, seen=now.hash),
    }  # fmt: skip
    return page("rule_drafts/show.html", status=status, **(values | more))


def _against(draft: RulesetVersion) -> str:
    code = publications.why_not(actor(), draft) if draft.state == "draft" else ""
    return sentence(code, name=draft.name) if code else ""


@blueprint.post(f"{PATH}/<version_id>")
@requires("rules:draft")
def save(version_id: str) -> Response:
    """Save the whole file; a fault is shown with its line, and what was typed stays."""
    draft, form = rulesets.get_version(actor(), version_id), DraftForm()
    if not form.validate():
        return _draft(draft, form, 422)
    try:
        rule_drafts.save(actor(), version_id, form.version.data or 0, form.text, form.note.data or "")
    except rule_drafts.Unsound as error:
        form.content.errors = [gettext("Line %(line)s: %(reason)s", line=error.fault.line, reason=error.fault.reason)]
        return _draft(draft, form, 422, fault=error.fault, excerpt=_excerpt(form.text, error.fault))
    except (Refused, Conflict) as error:
        return _conflict(version_id, form, error)
    return done(url_for("rule_drafts.show", version_id=version_id))


def _conflict(version_id: str, form: DraftForm, error: Refused | Conflict) -> Response:
    """Show what was typed beside what stands now; saving again then replaces the newer text knowingly."""
    draft = rulesets.get_version(actor(), version_id)
    form.version.data = draft.version
    newer = draft.content if isinstance(error, Stale) else ""
    return _draft(draft, form, status_of(error), error=message(error), newer=newer)


def _excerpt(text: str, fault: KnowledgeError) -> list[tuple[int, str]]:
    """Return the lines around the fault with their numbers."""
    numbered = list(enumerate(text.split("\n"), 1))
    return numbered[max(0, fault.line - 3) : fault.line + 6]


@blueprint.post(f"{PATH}/<version_id>/check")
@requires("rules:draft")
def check(version_id: str) -> Response:
    """Say whether the typed file is sound, or which line is not and why; nothing is saved."""
    rulesets.get_version(actor(), version_id)
    text = lines(request.form.get("content"))
    fault = rule_drafts.fault_in(text)
    return page("rule_drafts/_check.html", fault=fault, excerpt=_excerpt(text, fault) if fault else [], sound=not fault)


@blueprint.post(f"{PATH}/<version_id>/discard")
@requires("rules:draft")
def discard(version_id: str) -> Response:
    """Close a draft that nobody wants any more."""
    rule_drafts.discard(actor(), version_id, request.form.get("version", 0, type=int))
    return done(url_for("rule_drafts.index"))


@blueprint.post(f"{PATH}/<version_id>/publication")
@requires("rules:publish")
def publish(version_id: str) -> Response:
    """Put the draft in force."""
    form = PublicationForm()
    draft = rulesets.get_version(actor(), version_id)
    typed = DraftForm(formdata=None, content=draft.content, note=draft.note, version=draft.version)
    if not form.validate():
        return _draft(draft, typed, 422)
    try:
        publications.publish(actor(), version_id, form.version.data or 0, form.seen.data or "", form.note.data or "")
    except (Refused, Conflict, NotAllowed) as error:
        draft = rulesets.get_version(actor(), version_id)
        return _draft(draft, typed, status_of(error), error=message(error))
    return done(url_for("rulesets.index"))


@blueprint.get(f"{PATH}/<version_id>/rule")
@requires("rules:draft")
def rule(version_id: str) -> Response:
    """Show one rule of the draft in parts, or an empty one to add."""
    draft, name = rulesets.get_version(actor(), version_id), request.args.get("rule", "")
    found = rules_editing.find_rule(draft.content, name) if name else {"acuity": "urgent", "status": "project"}
    if found is None:
        raise NotFound("rule")
    known = rulesets.readable(draft)
    form = RuleForm(known, locale(), formdata=None, version=draft.version, **rule_values(found))
    return _rule(draft, form, known)


def _rule(
    draft: RulesetVersion, form: RuleForm, known: knowledge.Knowledge, status: int = 200, **more: Any
) -> Response:
    values = {"error": "", "newer": "", "words": _words(form.when.data or "", known)}
    return page("rule_drafts/rule.html", status=status, draft=draft, form=form, **(values | more))


def _words(expression: str, known: knowledge.Knowledge) -> str:
    return in_words(expression, known, locale(), known.ruleset.definitions)


@blueprint.post(f"{PATH}/<version_id>/rule")
@requires("rules:draft")
def save_rule(version_id: str) -> Response:
    """Save one rule; a fault is shown at its field, and what was typed stays."""
    draft = rulesets.get_version(actor(), version_id)
    known = rulesets.readable(draft)
    form = RuleForm(known, locale())
    if not form.validate():
        return _rule(draft, form, known, 422)
    try:
        rule_drafts.put_rule(actor(), version_id, form.version.data or 0, form.rule.data or "", form.values())
    except rule_drafts.Unsound as error:
        _mark(form, error.fault)
        return _rule(draft, form, known, 422)
    except (Refused, Conflict) as error:
        return _rule_conflict(version_id, form, known, error)
    return done(url_for("rule_drafts.show", version_id=version_id, _anchor=f"r-{form.id.data}"))


def _mark(form: RuleForm, fault: KnowledgeError) -> None:
    name = INPUTS.get(fault.field, fault.field) if fault.key == "rule" else "id"
    field = form[name if name in form else "id"]
    field.errors = [gettext("Line %(line)s: %(reason)s", line=fault.line, reason=fault.reason)]


def _rule_conflict(version_id: str, form: RuleForm, known: knowledge.Knowledge, error: Refused | Conflict) -> Response:
    draft, name = rulesets.get_version(actor(), version_id), form.rule.data or ""
    form.version.data = draft.version
    there = bool(name) and rules_editing.find_rule(draft.content, name) is not None
    newer = rules_editing.lines_of(draft.content, name) if there and isinstance(error, Stale) else ""
    return _rule(draft, form, known, status_of(error), error=message(error), newer=newer)


@blueprint.post(f"{PATH}/<version_id>/condition")
@requires("rules:draft")
def condition(version_id: str) -> Response:
    """Say the typed condition in words, or why it cannot be read; nothing is saved."""
    draft = rulesets.get_version(actor(), version_id)
    typed, known = lines(request.form.get("when")), rulesets.readable(draft)
    reason = rule_drafts.reason_against(draft, typed)
    return page("rule_drafts/_condition.html", reason=reason, words=_words(typed, known))


@blueprint.post(f"{PATH}/<version_id>/removal")
@requires("rules:draft")
def remove(version_id: str) -> Response:
    """Take a rule out of the draft."""
    version = request.form.get("version", 0, type=int)
    rule_drafts.remove_rule(actor(), version_id, version, request.form.get("rule", ""))
    return done(url_for("rule_drafts.show", version_id=version_id))
