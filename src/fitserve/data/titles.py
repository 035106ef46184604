"""What stands above a header, or is one: a title, and not the names of the columns."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from fitserve.data.dialect import Dialect
from fitserve.data.records import Position, Record, records
from fitserve.errors import Fault, InvalidRequest, counted

DELIMITERS = ",;\t"
LOOKED_AT = 21  # the header and twenty records
_MOST = 5  # lines of a title
_YEARS = range(1800, 2100)


class Title(NamedTuple):
    """Lines that hold less than those below, all of which are of one width."""

    lines: list[int]
    """Of the first record above the header, and of the last."""
    cells: int
    """That hold something, in the first line."""
    alone: bool
    """Whether that line has one cell, and none that is empty."""
    header: Record
    delimiter: str
    sure: bool
    """Whether below the header, which holds no number, a column holds nothing else."""

    @property
    def names(self) -> list[str]:
        return [name.strip() for name in self.header.cells]

    def fault(self, dialect: Dialect) -> Fault:
        """What to do with it."""
        first, last = self.lines
        cells = counted(self.cells, "cell") if self.cells else "nothing"
        this = "this line" if first == last else f"lines {first} to {last}"
        said = (
            f"{cells} in this line, and {len(self.header.cells)} in line {self.header.begin.line} "
            f"and in those below it; leave {this} out, if it is a title"
        )
        if dialect.delimiter is None and self.alone:
            said += ", or write delimiter=tab, if it is the name of one column"
        return Fault(("line", first), said, "title")


def title(body: bytes, begin: Position, dialect: Dialect) -> Title | None:
    """The title with which the records begin, if they do."""
    for delimiter in dialect.delimiter or DELIMITERS:
        try:
            found = list(islice(records(body, delimiter, begin), LOOKED_AT))
        except InvalidRequest:
            continue
        for above in range(1, min(_MOST, len(found) - 2) + 1):
            header, below = found[above], [record.cells for record in found[above + 1 :]]
            if _are_names(header.cells, below, dialect.number) and all(
                _is_less(record.cells, len(header.cells)) for record in found[:above]
            ):
                sure = all(dialect.number(name) is None for name in header.cells) and any(
                    all(map(_is_number(dialect), column)) for column in zip(*below, strict=True)
                )
                alone = len(found[0].cells) == 1
                if sure or len(header.cells) > 2 or alone:
                    lines = [found[0].begin.line, found[above - 1].begin.line]
                    filled = len([cell for cell in found[0].cells if cell.strip()])
                    return Title(lines, filled, alone, header, delimiter, sure)
    return None


def _is_number(dialect: Dialect) -> Callable[[str], bool]:
    return lambda cell: dialect.is_missing(cell) or dialect.number(cell) is not None


def _are_names(
    cells: Sequence[str], below: Sequence[Sequence[str]], number: Callable[[str], float | None]
) -> bool:
    """Whether these may be names of several columns: none is empty, but for the last where that
    of all rows is, or stands twice, or is a number that is no year; and the rows below are as
    wide."""
    if len(cells) < 2 or set(map(len, below)) != {len(cells)}:
        return False
    names = [cell.strip() for cell in cells]
    if not names[-1] and not any(row[-1].strip() for row in below):
        names.pop()
    if "" in names or len(set(names)) < len(names):
        return False
    return not has_values(names, number)


def has_values(names: Sequence[str], number: Callable[[str], float | None]) -> bool:
    """Whether one of them is a number that is no year beside other names."""
    numbers = [value for name in names if (value := number(name)) is not None]
    return len(numbers) == len(names) or any(value not in _YEARS for value in numbers)


def _is_less(cells: Sequence[str], width: int) -> bool:
    """Whether a line ends before the last column, and leaves half of them empty."""
    filled = [j for j, cell in enumerate(cells) if cell.strip()]
    return len(filled) <= max(1, width // 2) and all(j < width - 1 for j in filled)
