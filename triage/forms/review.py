"""What the surgeon reads of one case before deciding: the story, the vital signs, the two sides beside each other."""

from dataclasses import dataclass
from os.path import commonprefix

from triage.forms import summary
from triage.forms.entry import Entry, Field

#: Sections with a panel or line of their own on the review.
APART = ("motor", "sensation", "treatment", "vitals")


@dataclass(frozen=True)
class Row:
    """One line of the neurology table: right and left, or one cell for both."""

    label: str
    cells: tuple[Field, ...]


def story(entry: Entry) -> list[summary.Line]:
    """Return what is there and has no place of its own on the review, urgent answers first."""
    apart = {field.label for field in summary.recorded(entry) if _section(field) in APART}
    return [line for line in summary.present(entry) if line.text not in apart]


def vitals(entry: Entry) -> list[Field]:
    """Return the vital signs that were measured."""
    return [field for field in summary.recorded(entry) if _section(field) == "vitals"]


def neurology(entry: Entry) -> list[Row]:
    """Return strength per myotome, then the other examined signs that were recorded on either side."""
    grades = [Row(f"{row.level} {row.label(entry.locale)}", (right, left)) for row, right, left in entry.strength()]
    pairs = [cells for section in ("motor", "sensation") for cells in entry.pairs(section)]
    signs = [Row(_shared(cells), cells) for cells in pairs if any(cell.was for cell in cells)]
    return grades + signs


def _section(field: Field) -> str:
    return str(getattr(field.item.spec, "section", ""))


def _shared(cells: tuple[Field, ...]) -> str:
    """Return what the labels of the two sides have in common: the sign without its side."""
    return commonprefix([cell.label for cell in cells]).rstrip(" ,、（(・")
