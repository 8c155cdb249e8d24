"""The agreement tables as plain rows, for download; aggregates only, nothing of a patient."""

from collections.abc import Callable, Iterable, Sequence

from flask_babel import gettext as _

from triage.adapters import csv_lines
from triage.domain.agreement import Kappa, Tally
from triage.services.agreement import COMPARED, NOT_COMPARED, Report

Rows = Iterable[Sequence[object]]


def _comparisons(report: Report) -> Rows:
    yield (
        _("Comparison"), _("Pairs"), _("Agreed"), _("Agreement %"), _("Kappa"), _("Kappa from"), _("Kappa to"),
        _("Weighted kappa"), _("Weighted from"), _("Weighted to"),
    )  # fmt: skip
    for name, kind in COMPARED.items():
        table = report.tables[name]
        if name in NOT_COMPARED:
            yield name, table.n, *[""] * 8
            continue
        weighted = table.weighted if kind == "level" else Kappa()
        yield name, table.n, table.agreed, _round(table.percent, 1), *_kappa(table.kappa), *_kappa(weighted)


def _kappa(kappa: Kappa) -> Sequence[object]:
    return [_round(value, 3) for value in (kappa.value, kappa.low, kappa.high)]


def _cells(report: Report) -> Rows:
    yield _("Comparison"), _("The first said"), _("The second said"), _("Pairs")
    for name, table in report.tables.items():
        for first, row in zip(table.categories, table.rows, strict=True):
            yield from ((name, first, second, count) for second, count in zip(table.categories, row, strict=True))


TALLY = ("n", "accepted", "percent", "raised", "lowered", "rerouted")


def _tally(tally: Tally) -> Sequence[object]:
    return [_round(value, 1) if isinstance(value, float) else value for value in (getattr(tally, k) for k in TALLY)]


def _tally_heads() -> Sequence[str]:
    return [_("Decisions"), _("As suggested"), _("As suggested %"), _("Raised"), _("Lowered"), _("Other route")]


def _rules(report: Report) -> Rows:
    yield _("Counted as"), _("Rule"), *_tally_heads()
    for how, tallies in ((_("fired"), report.fired), (_("decided the acuity"), report.deciding)):
        for rule, tally in tallies.items():
            yield how, rule, *_tally(tally)


def _reasons(report: Report) -> Rows:
    yield _("Rule that decided the acuity"), _("Reason"), _("Decisions")
    for rule, tally in report.deciding.items():
        yield from ((rule, reason, count) for reason, count in tally.reasons.items())


def _versions(report: Report) -> Rows:
    yield _("Version"), _("Hash"), _("First decision"), _("Last decision"), *_tally_heads()
    for (name, content_hash), version in report.versions.items():
        yield name, content_hash, version.first.isoformat(), version.last.isoformat(), *_tally(version.tally)


def _round(value: float | None, digits: int) -> float | str:
    return "" if value is None else round(value, digits)


TABLES: dict[str, Callable[[Report], Rows]] = {
    "comparisons": _comparisons, "cells": _cells, "rules": _rules, "reasons": _reasons, "versions": _versions,
}  # fmt: skip


def as_csv(name: str, report: Report) -> bytes:
    """Return one table as CSV."""
    return b"".join(csv_lines.lines(TABLES[name](report)))
