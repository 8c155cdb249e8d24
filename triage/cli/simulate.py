"""``flask rules simulate``: try a draft that is still a file, on stored visits or on the vignettes alone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from triage import knowledge
from triage.cli.staff import need_key
from triage.domain.errors import Invalid
from triage.domain.messages import MESSAGES
from triage.domain.simulation import KINDS, Change, Tally
from triage.domain.vignettes import Trial
from triage.knowledge import Knowledge, KnowledgeError
from triage.services import accounts, rulesets, simulations, stored

DAY = click.DateTime(["%Y-%m-%d"])
#: Changed cases that are printed; the lost ones are printed all.
SHOWN = 20


@click.command("simulate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "since", type=DAY, help="First day, YYYY-MM-DD (of the first visit by default).")
@click.option("--to", "until", type=DAY, help="Last day, YYYY-MM-DD (today by default).")
@click.option("--vignettes", is_flag=True, help="The vignettes only, against the shipped rules; needs no database.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON with all counts.")
@with_appcontext
def command(file: Path, since: datetime | None, until: datetime | None, vignettes: bool, as_json: bool) -> None:
    """Try the rules in FILE (TOML) on the stored visits and on the vignettes, against the rules in force.

    Nothing is stored. The exit status is 1 where an emergency would be lost.
    """
    draft = _read(file)
    now, tally = knowledge.load(), Tally()
    if not vignettes:
        need_key()
        now, tally = _walk(draft, since.date() if since else None, until.date() if until else None, as_json)
    trial = simulations.trial_of(now, draft)
    lines = [json.dumps(_as_dict(now, draft, tally, trial))] if as_json else _report(now, draft, tally, trial)
    for line in lines:
        click.echo(line)
    if tally.lost or trial.lost:
        raise SystemExit(1)


def _read(file: Path) -> Knowledge:
    try:
        return knowledge.with_rules(file.read_text(encoding="utf-8"), file.name)
    except KnowledgeError as error:
        raise click.ClickException(str(error)) from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name}: not UTF-8: {error}") from error


def _walk(draft: Knowledge, since: date | None, until: date | None, quiet: bool) -> tuple[Knowledge, Tally]:
    actor = accounts.system_actor()
    try:
        period = simulations.begin_walk(actor, draft, since, until)
    except Invalid as error:
        raise click.ClickException("; ".join(MESSAGES[code] for code in error.fields.values())) from error
    now, tally = rulesets.in_force(actor.site_id), Tally()
    with click.progressbar(length=stored.count(period), label="visits", hidden=quiet) as bar:
        for batch in simulations.batches(period, now, draft):
            tally = tally.merged(batch.tally)
            bar.update(batch.tally.cases)
    return now, _named(actor.site_id, tally)


def _named(site_id: str, tally: Tally) -> Tally:
    """Return the tally with day and ticket in place of each visit's id, as the clinic names it."""
    places = stored.places(site_id, [change.case for change in tally.changes])
    for at, change in enumerate(tally.changes):
        tally.changes[at] = replace(change, case=" ".join(map(str, places[change.case])))
    return tally


def _as_dict(now: Knowledge, draft: Knowledge, tally: Tally, trial: Trial) -> dict[str, Any]:
    return {
        "draft": draft.ruleset.hash,
        "against": now.ruleset.hash,
        "visits": tally.as_dict(),
        "vignettes": trial.as_dict(),
        "emergency_lost": bool(tally.lost or trial.lost),
    }


def _report(now: Knowledge, draft: Knowledge, tally: Tally, trial: Trial) -> Iterator[str]:
    yield f"draft  {draft.ruleset.version}  {draft.ruleset.hash[:12]}"
    yield f"now    {now.ruleset.version}  {now.ruleset.hash[:12]}"
    yield f"\n{'':12}{'visits':>10}{'vignettes':>12}"
    yield f"{'all':12}{tally.cases:>10}{trial.tally.cases:>12}"
    for kind in KINDS:
        yield f"{kind:12}{tally.kinds[kind]:>10}{trial.tally.kinds[kind]:>12}"
    yield f"\n{'expected':12}{'cases':>8}{'accepted':>14}{'unsafe':>12}{'over':>12}{'under':>12}"
    for name, old in trial.before.items():
        new = trial.after[name]
        cells = [f"{getattr(old, what)} > {getattr(new, what)}" for what in ("accepted", "unsafe", "over", "under")]
        yield f"{name:12}{new.cases:>8}{cells[0]:>14}" + "".join(f"{cell:>12}" for cell in cells[1:])
    yield ""
    for counted in (tally, trial.tally):
        yield from (_line(change) for change in counted.changes[: max(SHOWN, len(counted.lost))])
    yield "\nAN EMERGENCY WOULD BE LOST" if tally.lost or trial.lost else "\nno emergency is lost"


def _line(change: Change) -> str:
    old, new = change.before, change.after
    return f"{change.kind:9} {change.case}  {old.level} {old.route} > {new.level} {new.route}  {' '.join(change.rules)}"
