"""What the surgeon reads of one case before deciding: the story, the vital signs, the two sides beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from os.path import commonprefix

from triage.domain.examination import Stood
from triage.forms import summary
from triage.forms.entry import Entry, Field

#: Sections with a panel or line of their own on the review.
EXAMINED = ("motor", "sensation")
APART = (*EXAMINED, "treatment", "vitals")


@dataclass(frozen=True)
class Sign:
    """One examined sign of one side: what stands now, what stood at the examination before, and when."""

    now: Field
    before: Field | None = None
    at: datetime | None = None

    @property
    def is_known(self) -> bool:
        """Tell whether there is a value now: "not known" and "not examined" are no change and no standstill."""
        return self.now.was not in ("", *summary.NOT_KNOWN)

    @property
    def is_same(self) -> bool:
        """Tell whether it was found again as it was."""
        return self.before is not None and self.is_known and self.before.was == self.now.was

    @property
    def is_low(self) -> bool:
        """Tell whether it is a strength that does not hold against resistance."""
        return self.now.item.name.startswith("mrc_") and self.now.was in ("0", "1", "2", "3")


@dataclass(frozen=True)
class Row:
    """One line of the neurology table: right and left, or one cell for both."""

    label: str
    cells: tuple[Sign, ...]

    @property
    def compared_at(self) -> list[datetime]:
        """Return when what it is compared with was found, each moment once."""
        return sorted({cell.at for cell in self.cells if cell.at is not None})


def story(entry: Entry) -> list[summary.Line]:
    """Return what is there and has no place of its own on the review, urgent answers first."""
    apart = {field.label for field in summary.recorded(entry) if _section(field) in APART}
    return [line for line in summary.present(entry) if line.text not in apart]


def vitals(entry: Entry) -> list[Field]:
    """Return the vital signs that were measured."""
    return [field for field in summary.recorded(entry) if _section(field) == "vitals"]


def neurology(entry: Entry, before: Mapping[str, Stood]) -> list[Row]:
    """Return strength per myotome, then the other signs that were examined on either side, now or ``before``."""
    earlier = Entry(before, {}, entry.locale)
    graded = [(f"{row.level} {row.label(entry.locale)}", (right, left)) for row, right, left in entry.strength()]
    pairs = [cells for section in EXAMINED for cells in entry.pairs(section)]
    signs = [(_shared(cells), cells) for cells in pairs if any(cell.was or cell.name in before for cell in cells)]
    return [Row(label, tuple(_sign(cell, earlier) for cell in cells)) for label, cells in (*graded, *signs)]


def _sign(now: Field, earlier: Entry) -> Sign:
    row = earlier.row(now.name)
    return Sign(now, earlier.field(now.name), row.recorded_at) if row is not None else Sign(now)


def examined(entry: Entry) -> set[str]:
    """Return the names of everything that the neurology table shows."""
    return {cell.name for cell in entry.known.examination.cells.values() if cell.section in EXAMINED}


def _section(field: Field) -> str:
    return str(getattr(field.item.spec, "section", ""))


def _shared(cells: tuple[Field, ...]) -> str:
    """Return what the labels of the two sides have in common: the sign without its side."""
    return commonprefix([cell.label for cell in cells]).rstrip(" ,、（(・")
