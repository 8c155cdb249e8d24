"""The rules in force, their history, the difference between versions, rollback and the sign-off record."""

import tomllib
from collections.abc import Callable
from typing import Any

from flask import Blueprint, make_response, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from triage.domain.access import Actor
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.messages import N_
from triage.domain.ruleset_changes import ADDED, CHANGED, MOVED, REMOVED, changes
from triage.forms.conditions import in_words
from triage.forms.rulesets import STATEMENT, STATUSES, RollbackForm, SignatureForm
from triage.models import RulesetVersion
from triage.services import publications, rulesets
from triage.web import actor, done, locale, message, page, requires, status_of

blueprint = Blueprint("rulesets", __name__)
#: The rules that came with the program, where a version's id stands for all others.
SHIPPED = "shipped"
KEY_WORDS = {
    "ruleset": N_("Version"),
    "acuity": N_("Acuity"),
    "route": N_("Where to"),
    "imaging": N_("Imaging"),
    "action": N_("What staff do"),
    "combination": N_("Routes that combine"),
    "narrowing": N_("Narrower imaging"),
    "definition": N_("Definition"),
    "rule": N_("Rule"),
    "default": N_("Rule when nothing warns"),
    "restriction": N_("Restriction"),
    "candidate": N_("Treatment"),
    "criterion": N_("Criterion"),
}
CHANGE_WORDS = {ADDED: N_("added"), REMOVED: N_("removed"), CHANGED: N_("changed"), MOVED: N_("other order")}


@blueprint.app_template_global()
def key_word(key: str) -> str:
    """Return what a kind of entry is called in the reader's language."""
    return gettext(KEY_WORDS[key]) if key in KEY_WORDS else key


@blueprint.app_template_global()
def edit_word(kind: str) -> str:
    """Return what happened to an entry, in the reader's language."""
    return gettext(CHANGE_WORDS[kind])


@blueprint.app_template_global()
def source_state(status: str) -> str:
    """Return how well a source was checked, in the reader's language."""
    return str(dict(STATUSES).get(status, status))


def version_of(version_id: str) -> RulesetVersion | None:
    """Return the version with this id, None for the shipped rules; raises NotFound."""
    if "\x00" in version_id:
        raise NotFound("ruleset")  # no id holds it, and PostgreSQL refuses to look
    return None if version_id == SHIPPED else rulesets.get_version(actor(), version_id)


def content_of(version: RulesetVersion | None) -> dict[str, Any]:
    """Return the entries of a version as the file has them."""
    return tomllib.loads(rulesets.text_of(version))


@blueprint.get("/rulesets")
@requires("rules:view")
def index() -> Response:
    """Show the rules in force, all of them or those that hold the words searched for."""
    publication = rulesets.find_publication(actor().site_id)
    return _shown(publication.version if publication else None)


@blueprint.get("/rulesets/<version_id>")
@requires("rules:view")
def show(version_id: str) -> Response:
    """Show the rules of one version as they would read in force."""
    return _shown(version_of(version_id))


def _shown(version: RulesetVersion | None, status: int = 200, **more: Any) -> Response:
    content, words = content_of(version), request.args.get("q", "").strip()
    defined = {entry["name"] for entry in content.get("definition", ())}
    now = rulesets.in_force(actor().site_id).ruleset

    def said(expression: str) -> Markup:
        return in_words(expression, rulesets.in_force(actor().site_id), locale(), defined)

    rules = [rule for rule in content.get("rule", ()) if _holds(words, rule, said)]
    values = {
        "version": version, "content": content, "rules": rules, "words": words, "said": said, "now_hash": now.hash,
        "name": content["ruleset"]["version"], "content_hash": _hash_of(version), "now_name": now.version,
        "publication": rulesets.find_publication(actor().site_id), "signatures": _signatures(_hash_of(version)),
        "labels": _labels(content), "levels": {entry["id"]: entry["level"] for entry in content["acuity"]},
        "form": _signature_form(_hash_of(version)), "error": "",
    }  # fmt: skip
    return page("rulesets/index.html", status=status, **(values | more))


def _signature_form(content_hash: str) -> SignatureForm:
    done_already = content_hash in rulesets.signed_hashes(actor().site_id)
    statement = None if done_already else STATEMENT
    return SignatureForm(formdata=None, content_hash=content_hash, statement=statement)


def _labels(content: dict[str, Any]) -> dict[str, dict[str, str]]:
    keys = ("route", "imaging", "action")
    return {key: {entry["id"]: entry["label"][locale()] for entry in content.get(key, ())} for key in keys}


def _hash_of(version: RulesetVersion | None) -> str:
    return version.content_hash if version else rulesets.knowledge_of(None).ruleset.hash


def _signatures(content_hash: str) -> list[Any]:
    return [row for row in rulesets.list_signatures(actor()) if row.content_hash == content_hash]


def _holds(words: str, rule: dict[str, Any], said: Any) -> bool:
    texts = (*rule["text"].values(), rule["id"], rule["when"], rule.get("note", ""), *rule["sources"])
    return not words or words.lower() in " ".join((*texts, said(rule["when"]).striptags())).lower()


@blueprint.get("/rulesets/<version_id>/file")
@requires("rules:view")
def file(version_id: str) -> Response:
    """Hand the rules of one version out as a file."""
    version = version_of(version_id)
    answer = make_response(rulesets.text_of(version))
    name = "".join(c for c in (version.name if version else SHIPPED) if c.isalnum() or c in ".+-_") or "rules"
    answer.headers["Content-Type"] = "application/toml; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="rules-{name}.toml"'.encode(
        "ascii", "replace"
    ).decode()
    return answer


@blueprint.get("/rulesets/differences")
@requires("rules:view")
def differences() -> Response:
    """Show what differs between two versions, entry by entry."""
    before, after = request.args.get("before") or SHIPPED, request.args.get("after") or _newest()
    old, new = version_of(before), version_of(after)
    found = changes(content_of(old), content_of(new))
    return page(
        "rulesets/differences.html", before=before, after=after, choices=choices(), changes=found,
        old=content_of(old)["ruleset"]["version"], new=content_of(new)["ruleset"]["version"],
    )  # fmt: skip


def _newest() -> str:
    publication = rulesets.find_publication(actor().site_id)
    return (publication.version_id if publication else None) or SHIPPED


def choices() -> list[tuple[str, str]]:
    """Return the versions that can be compared or begun from: shipped, published, and for authors drafts."""
    found = [(SHIPPED, gettext("%(name)s, shipped", name=rulesets.knowledge_of(None).ruleset.version))]
    found += [(row.id, row.name) for row in rulesets.list_published(actor())]
    if actor().may("rules:draft"):
        found += [(row.id, gettext("%(name)s, draft", name=row.name)) for row in rulesets.list_drafts(actor())]
    return found


@blueprint.get("/rulesets/publications")
@requires("rules:view")
def history() -> Response:
    """Show what was in force since when, and the way back."""
    return _history()


def _history(status: int = 200, **more: Any) -> Response:
    values = {
        "publications": rulesets.list_publications(actor()), "signatures": rulesets.list_signatures(actor()),
        "now_hash": rulesets.in_force(actor().site_id).ruleset.hash, "ways": _ways_back(),
        "form": RollbackForm(formdata=None), "error": "", "tried": "",
    }  # fmt: skip
    return page("rulesets/history.html", status=status, **(values | more))


def _ways_back() -> list[tuple[str, str, str]]:
    """Return the rules that can be put back, as id, label and content hash, each content once."""
    now, shipped = rulesets.in_force(actor().site_id).ruleset.hash, rulesets.knowledge_of(None).ruleset
    found = {row.content_hash: (row.id, row.name) for row in reversed(rulesets.list_published(actor()))}
    found = {shipped.hash: (SHIPPED, gettext("%(name)s, shipped", name=shipped.version))} | {
        content: way for content, way in reversed(found.items()) if content != shipped.hash
    }
    return [(id_, label, content) for content, (id_, label) in found.items() if content != now]


@blueprint.post("/rulesets/publications")
@requires("rules:publish")
def roll_back() -> Response:
    """Put earlier rules back in force."""
    form = RollbackForm()
    if not form.validate():
        return _history(422, form=form, tried=form.target.data)
    target = form.target.data or ""
    try:
        publications.roll_back(
            actor(), None if target == SHIPPED else target, form.seen.data or "", form.reason.data or ""
        )
    except (Refused, Conflict) as error:
        return _history(status_of(error), form=form, error=message(error), tried=target)
    return done(url_for("rulesets.index"))


@blueprint.post("/rulesets/<version_id>/signatures")
@requires("rules:publish")
def sign(version_id: str) -> Response:
    """Sign the rules whose content the page showed."""
    return _signing(version_id, publications.sign)


@blueprint.post("/rulesets/<version_id>/withdrawals")
@requires("rules:publish")
def withdraw(version_id: str) -> Response:
    """Take a signature back by a further record."""
    return _signing(version_id, publications.withdraw_signature)


def _signing(version_id: str, use: Callable[[Actor, str, str], None]) -> Response:
    version, form = version_of(version_id), SignatureForm()
    if not form.validate():
        return _shown(version, 422, form=form)
    try:
        use(actor(), form.content_hash.data or "", form.statement.data or "")
    except (Refused, Conflict) as error:
        return _shown(version, status_of(error), form=form, error=message(error))
    return done(url_for("rulesets.show", version_id=version_id))
