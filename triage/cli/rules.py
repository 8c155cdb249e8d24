"""``flask rules``: ask the clinical rules from the command line, without database, key or configuration."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

import click

from triage.cli import simulate
from triage.domain.candidates import candidates_of
from triage.domain.findings import refusal
from triage.domain.rules import evaluate as advise
from triage.domain.scores import scores_of
from triage.domain.why import changes, why_not
from triage.knowledge import Knowledge, KnowledgeError, load, use_modalities

#: Adds to the answer what was asked for beside it.
More = Callable[[Knowledge, Mapping[str, object], str], dict[str, Any]]
NO_IMAGING = "none"
NOT_SIGNED = "not yet signed by a clinician"


@click.group("rules", help="Ask the clinical rules.")
def group() -> None:
    """Hold the rules commands."""


group.add_command(simulate.command)


@group.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--lang", type=click.Choice(["en", "ja"]), default="en", help="Language of the reasons.")
@click.option("--why", is_flag=True, help="Add what would change the answer, and why the other rules did not fire.")
@click.option("--procedures", is_flag=True, help="Add what speaks for and against each procedure.")
@click.option("--scores", is_flag=True, help="Add the scores that the findings give.")
@click.option("--on-site", metavar="LIST", help="Machines the clinic has, such as xray,ct,mri.")
def evaluate(file: BinaryIO, lang: str, on_site: str | None, **wanted: bool) -> None:
    """Answer each line of FILE (or standard input): {"id": …, "findings": {name: value, …}}.

    One line of JSON out per line in, in the same order; blank lines are passed over. A line that cannot be
    answered gives {"id", "error"}; the others are still answered, and the exit status is 1. Where the rules
    advise no imaging, imaging is ["none"]. "unknown" holds every unanswered finding that could still change
    acuity or route, "ask" the fewest questions that settle it.
    """
    knowledge = _loaded(on_site)
    more = [add for name, add in MORE.items() if wanted[name]]
    failed = False
    for line in file:
        if line.strip():
            answer = _answer(knowledge, line, lang, more)
            failed = failed or "error" in answer
            sys.stdout.write(json.dumps(answer) + "\n")
    if failed:
        raise SystemExit(1)


def _loaded(on_site: str | None) -> Knowledge:
    try:
        if on_site is not None:
            use_modalities(on_site.replace(",", " ").split())
        return load()
    except (KnowledgeError, ValueError) as error:
        raise click.ClickException(str(error)) from error


def _answer(knowledge: Knowledge, line: bytes, lang: str, more: Sequence[More] = ()) -> dict[str, Any]:
    """Return the answer to one line, or its id and why it cannot be answered."""
    try:
        case = json.loads(line, object_pairs_hook=_unique_keys)
        findings = _checked_findings(knowledge, case)
        suggestion = advise(knowledge.ruleset, findings)
        answer = {"id": case.get("id"), **suggestion.as_dict(lang), "signed": False, "notice": NOT_SIGNED}
        answer["imaging"] = answer["imaging"] or [NO_IMAGING]
        for add in more:
            answer |= add(knowledge, findings, lang)
    except (ValueError, RecursionError) as error:
        return {"id": _id_of(line), "error": str(error)}
    return answer


def _why(knowledge: Knowledge, findings: Mapping[str, object], lang: str) -> dict[str, Any]:
    return {
        "changes": [change.as_dict() for change in changes(knowledge.ruleset, findings, knowledge.from_record)],
        "why_not": [silent.as_dict(lang) for silent in why_not(knowledge.ruleset, findings)],
    }


def _procedures(knowledge: Knowledge, findings: Mapping[str, object], lang: str) -> dict[str, Any]:
    return {"procedures": candidates_of(knowledge, findings, lang)}


def _scores(knowledge: Knowledge, findings: Mapping[str, object], lang: str) -> dict[str, Any]:
    return {"scores": scores_of(knowledge, findings, lang)}


MORE: dict[str, More] = {"why": _why, "procedures": _procedures, "scores": _scores}


def _id_of(line: bytes) -> Any:
    """Return the id of a line that could not be answered, None when it cannot be read either."""
    try:
        found = json.loads(line).get("id")
    except (ValueError, RecursionError, AttributeError):
        return None
    return found if isinstance(found, str | int) else None


def _checked_findings(knowledge: Knowledge, case: Any) -> Mapping[str, object]:
    """Return the findings of a case; raise ValueError with every reason why they cannot be read."""
    if not isinstance(case, dict) or not isinstance(case.get("findings"), dict):
        raise ValueError('a line must be {"id": …, "findings": {name: value, …}}')
    if not isinstance(case.get("id"), str | int | None):
        raise ValueError("id must be text or a whole number")
    findings: dict[str, object] = case["findings"]
    known = knowledge.findings
    reasons = [refusal(known[n], v) if n in known else f"{n}: unknown finding" for n, v in findings.items()]
    if any(reasons):
        raise ValueError("; ".join(reason for reason in reasons if reason))
    return findings


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name given twice: whichever value won, the other would be lost in silence."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name is given twice")
    return result
