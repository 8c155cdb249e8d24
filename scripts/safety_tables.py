"""Writes the measured tables of docs/clinical-safety.md anew: ``python scripts/safety_tables.py [--check]``.

The tables stand between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``. The reason in the last column of a table of
misses is written by a person and kept; a row that has none yet says so, and a test refuses it.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.knowledge.support import ACUITIES, advise, read, table  # noqa: E402
from triage.knowledge import load  # noqa: E402

PAGE = ROOT / "docs" / "clinical-safety.md"
UNEXPLAINED = "**no reason written yet**"
SETS = (
    ("Vignettes", "vignettes.jsonl", "C", 0, 999), ("Vignettes", "vignettes.jsonl", "G", 0, 999),
    ("Own cases, first part", "cases.jsonl", "K", 1, 129), ("Own cases, second part", "cases.jsonl", "K", 130, 999),
    ("Examiner's cases", "cases.jsonl", "X", 1, 206), ("Examiner's probes", "cases.jsonl", "X", 207, 999),
    ("Second examiner's cases", "cases.jsonl", "Y", 1, 999),
)  # fmt: skip


def _cases(file: str, letter: str, first: int, last: int) -> list[dict]:
    return [c for c in read(file) if c["id"][0] == letter and first <= int(c["id"][1:]) <= last]


def results() -> Iterator[str]:
    """Yield the counts per set and class."""
    yield "| cases | class | number | accepted | unsafe route | too urgent | not urgent enough |"
    yield "|---|---|---|---|---|---|---|"
    sets: dict[str, list[dict]] = {}
    for name, *which in SETS:
        sets.setdefault(name, []).extend(_cases(*which))
    for name, cases in sets.items():
        rows = table(cases)
        for acuity in ACUITIES:
            row = rows[acuity]
            counts = (row["n"], row["ok"], row["unsafe"], row["over"], row["under"])
            yield f"| {name} ({cases[0]['id']}–{cases[-1]['id']}) | {acuity} | " + " | ".join(map(str, counts)) + " |"


def accepted(why: dict[str, str]) -> Iterator[str]:
    """Yield every case whose answer lies outside what it accepts."""
    missed = []
    for case in read("vignettes.jsonl") + read("cases.jsonl"):
        got = advise(case["findings"])
        if got.acuity not in case["acceptable_acuity"] or got.route not in case["acceptable_routes"]:
            wanted = f"{'/'.join(case['acceptable_acuity'])}, {'/'.join(case['acceptable_routes'])}"
            told = why.get(case["id"], UNEXPLAINED)
            missed.append(f"| {case['id']} | {wanted} | {got.acuity}, {got.route} | {told} |")
    yield from ["| case | accepted | given | why |", "|---|---|---|---|", *missed] if missed else ["None."]


def expected(why: dict[str, str]) -> Iterator[str]:
    """Yield the vignettes whose acuity differs from the one they name first."""
    yield "| vignette | named | given | why |"
    yield "|---|---|---|---|"
    for case in read("vignettes.jsonl"):
        got = advise(case["findings"])
        if got.acuity != case["expected_acuity"]:
            yield f"| {case['id']} | {case['expected_acuity']} | {got.acuity} | {why.get(case['id'], UNEXPLAINED)} |"


def imaging(why: dict[str, str]) -> Iterator[str]:
    """Yield the vignettes whose imaging differs from the one they name."""
    cases = read("vignettes.jsonl")
    given = {case["id"]: set(advise(case["findings"]).imaging or ["none"]) for case in cases}
    other = [case for case in cases if given[case["id"]] != set(case["expected_imaging"])]
    yield f"The imaging is that of the vignette in {len(cases) - len(other)} of {len(cases)}. The others:"
    yield ""
    yield "| vignette | named | given | why |"
    yield "|---|---|---|---|"
    for case in other:
        named, got = ", ".join(sorted(case["expected_imaging"])), ", ".join(sorted(given[case["id"]]))
        yield f"| {case['id']} | {named} | {got} | {why.get(case['id'], UNEXPLAINED)} |"


def ruleset() -> Iterator[str]:
    """Yield the version of the rules and how well each is backed."""
    rules = load().ruleset
    everything = [*rules.rules, rules.default, *(one.rule for one in rules.restrictions)]
    counted = Counter(rule.status for rule in everything)
    kinds = ", ".join(f"{counted[name]} {name.replace('_', ' ')}" for name in sorted(counted))
    yield f"Ruleset `{rules.version}`: {len(everything)} rules ({kinds})."


Block = Callable[..., Iterator[str]]
BLOCKS: dict[str, Block] = {
    "ruleset": ruleset, "results": results, "accepted": accepted, "expected": expected, "imaging": imaging,
}  # fmt: skip


def reasons(block: str) -> dict[str, str]:
    """Return what a person wrote in the last column, by the id in the first."""
    rows = (re.fullmatch(r"\| (\w+) \|.*\| ([^|]+) \|", line) for line in block.splitlines())
    return {row[1]: row[2] for row in rows if row}


def renewed(text: str) -> str:
    """Return the page with every table measured anew; raises ValueError when a table has no place on it."""
    for name, block in BLOCKS.items():
        found = re.search(f"(<!-- begin {name} -->\n)(.*?)(<!-- end {name} -->)", text, re.S)
        if not found:
            raise ValueError(f"no place for {name}")
        lines = block(reasons(found[2])) if name in ("accepted", "expected", "imaging") else block()
        text = text[: found.start(2)] + "\n" + "\n".join(lines) + "\n\n" + text[found.end(2) :]
    return text


def main() -> int:
    """Write the page, or with --check say whether it is in step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the page is out of step")
    text = PAGE.read_text(encoding="utf-8")
    new = renewed(text)
    if parser.parse_args().check:
        return int(new != text)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
