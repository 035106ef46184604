"""The lines of a table around what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from fitserve.data.csv import CsvFile
from fitserve.data.records import Position, records
from fitserve.errors import Fault, InvalidRequest, clip

AROUND = 1  # lines before and after
PLACES = 4  # of which lines are shown
WIDE = 10  # columns of a line
LONGEST = 60  # characters of a cell
RAW = 200  # characters of a line that has no cells


@dataclass(frozen=True)
class Cell:
    text: str
    wrong: bool = False


@dataclass(frozen=True)
class Line:
    number: int
    cells: Sequence[Cell]
    """One, if the line is shown as it is."""
    wrong: bool


@dataclass(frozen=True)
class Excerpt:
    names: Sequence[str]
    """Of the columns that are shown; empty: lines are shown as they are."""
    lines: Sequence[Line]


def excerpt(body: bytes, file: CsvFile | None, faults: Sequence[Fault]) -> Excerpt | None:
    """The first lines that faults are in, with those around them: in cells, if the file can be
    read as such there."""
    places = [fault.loc for fault in faults if fault.loc[:1] == ("line",)]
    wrong = list(dict.fromkeys(int(loc[1]) for loc in places))[:PLACES]
    if not wrong:
        return None
    numbers = sorted({n + d for n in wrong for d in range(-AROUND, AROUND + 1)})
    columns = {str(loc[2]) for loc in places if len(loc) > 2}
    if file is not None and columns & file.at.keys():
        marked = {(loc[1], loc[2]) for loc in places if len(loc) > 2}
        names = _around(file.names, columns)
        lines = list(_in_cells(file, numbers, wrong, names, marked))
        if {line.number for line in lines} >= set(wrong):
            return Excerpt(names, lines)
    return Excerpt((), list(_as_they_are(body, numbers, wrong)))


def _around(names: Sequence[str], wanted: set[str]) -> list[str]:
    """The columns that are wanted, and of the others as many as there is room for."""
    room = WIDE - min(len(wanted), WIDE)
    others = set(islice((name for name in names if name not in wanted), room))
    return [name for name in names if name in wanted or name in others][:WIDE]


def _in_cells(
    file: CsvFile,
    numbers: Sequence[int],
    wrong: Sequence[int],
    names: Sequence[str],
    marked: set[tuple[str | int, str | int]],
) -> Iterator[Line]:
    first = file.start.line
    for run in _runs([n for n in numbers if n >= first]):
        at = Position(_offset(file.body, file.start, run[0]), run[0])
        try:
            for record in islice(records(file.body, file.delimiter, at), len(run)):
                number = record.begin.line
                if len(record.cells) != file.width or number > run[-1]:
                    break
                cells = [
                    Cell(clip(record.cells[file.at[name]], LONGEST), (number, name) in marked)
                    for name in names
                ]
                yield Line(number, cells, number in wrong)
        except InvalidRequest:
            return


def _as_they_are(body: bytes, numbers: Sequence[int], wrong: Sequence[int]) -> Iterator[Line]:
    start = Position(0, 1)
    for number in numbers:
        if number < 1:
            continue
        offset = _offset(body, start, number)
        if offset >= len(body):
            return
        end = body.find(b"\n", offset)
        raw = body[offset : min(end if end >= 0 else len(body), offset + 4 * RAW)]
        text = clip(raw.decode("utf-8", "replace").rstrip("\r"), RAW)
        yield Line(number, [Cell(text, number in wrong)], number in wrong)
        start = Position(offset, number)


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    """Lines that follow on each other."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return found


def _offset(body: bytes, start: Position, line: int) -> int:
    """Where a line begins; the body's length, if there is none such."""
    offset = start.offset
    for _ in range(line - start.line):
        end = body.find(b"\n", offset)
        if end < 0:
            return len(body)
        offset = end + 1
    return offset
