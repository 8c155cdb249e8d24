"""Tables as CSV: UTF-8 with the mark by which Excel knows it, line by line, and no cell that a spreadsheet computes."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

#: A text that begins with one of these is a formula to a spreadsheet; a number with a sign is a number.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield each row as the bytes of its line, the mark before the first."""
    mark = "\ufeff"
    for row in rows:
        out = io.StringIO()
        csv.writer(out).writerow([plain(cell) for cell in row])
        yield (mark + out.getvalue()).encode()
        mark = ""


def plain(cell: object) -> object:
    """Return a cell that a spreadsheet shows as it is; None is empty."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
