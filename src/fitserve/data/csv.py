"""Reading CSV: blocks of nothing but numbers as JSON, the rest record by record."""

import csv
import io
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain, islice, pairwise

import jiter
import numpy as np

from fitserve.data.cells import MOST_TEXTS, ColumnBuilder
from fitserve.data.dialect import Dialect
from fitserve.data.head import MARK, OF_ROWS, Head, head, widths_of
from fitserve.data.names import instead_of, parted
from fitserve.data.places import Places, lines_of
from fitserve.data.records import Position, Record, after_blanks, blank, reader, records
from fitserve.data.table import FloatArray, Table
from fitserve.data.titles import DELIMITERS, LOOKED_AT, has_values, title
from fitserve.data.unseen import bare, peeled, quoted, unlike
from fitserve.errors import COUNTED, LISTED, Fault, InvalidRequest, Location, clip, counted, refuse

_WORDS = {"\t": "tab"}  # of a sign, in a query
_BLOCK = 2**18  # bytes that are tried as JSON at once
_CELLS = 8192  # cells that are read at once record by record
_VALUES = 2**18  # cells of a block of rows

Chunk = FloatArray | list[list[str]]
"""Consecutive rows, all columns of the file: `(n, width)` numbers without a gap, or cells."""


class CsvFile:
    """A CSV body whose head is read: the names of its columns, how many rows there may be.

    Raises `InvalidRequest` where it is no text in UTF-8, empty, or its column names are wrong.
    Faults are at `("line", n)`, or `("line", n, name)` for a cell; the line is the file's.
    """

    cell_cost = 2000.0
    """Roughly how many operations it takes to read a cell where a block of rows is made."""

    def __init__(
        self,
        body: bytes,
        dialect: Dialect = Dialect(),  # noqa: B008, it is frozen
        known: Head | None = None,
    ) -> None:
        """`known` is the head, where it was read before, and nothing is wrong with it."""
        self.body = body
        self.dialect = dialect
        self.head = found = head(body, dialect) if known is None else known
        self.delimiter = found.delimiter
        self.begin = found.begin
        self.start = found.start
        self.width = len(found.names)
        self.left_out = found.names[0] == ""
        """Whether a first column without a name is left out, as R and pandas write row names."""
        self.at = {name: j for j, name in enumerate(found.names) if name}
        self.names = list(self.at)
        """Of the columns, in the file's order."""
        self._agreed = found.agreed
        self._alphabet = self._of_numbers()
        if found.faults:
            raise self._refusal(found.faults)
        if known is None and dialect.header and self.width > 1:
            refuse(self._headers_again())

    @property
    def most_rows(self) -> int:
        """Rows there are at most: exact but for blank lines and line breaks within cells."""
        left = len(self.body) - self.start.offset
        lines = self.body.count(b"\n", self.start.offset) + (self.body[-1:] != b"\n")
        return min(lines, (left + 1) // self.width)

    def no_column(self, name: str, there: Sequence[str], kind: str | None = None) -> str:
        """Why there is no column of this name, which is to be of that kind."""
        if parts := parted(name, there):
            each = parts if kind is None else [f"{part}:{kind}" for part in parts]
            several = f"write a comma between two names: {clip(','.join(each), 300)}"
            return f"there is no column {clip(name, 40)!r}; {several}"
        numbered = (
            f"by number, from 0 to {self.width - 1}; write such a number, {self.width - 1} for the "
            f"last, in place of {clip(name, 40)!r}"
        )
        unnamed = f"write the names above it, or add header=false, which names columns {numbered}"
        why = self.mistaken(name, unnamed)
        if why is None and not self.dialect.header:
            why = f"without a header columns are named {numbered}"
        if wrong := self.around(name, there, there):
            why = wrong + listed(there)
        why = why or instead_of(name, there) + listed(there)
        return f"there is no column {clip(name, 40)!r}; {why}"

    def around(self, name: str, there: Sequence[str], others: Sequence[str] = ()) -> str:
        """What stands around this name in the header, or around the one that was meant, and around
        `others` and the cells below too; or ''."""
        found = unlike(name, there, " in the header")
        if found.endswith("take them away"):
            found += ', a CSV quotes by "'
            names = [peeled(one) for one in quoted(others) if peeled(one) != peeled(name)]
            below = next(records(self.body, self.delimiter, self.start), None)
            also = [clip(", ".join(names), 200)] * bool(names)
            also += ["cells below"] * bool(below and quoted(below.cells))
            found += f", around {' and '.join(also)} as well" if also else ""
        return f"{found}; " if found else ""

    def mistaken(self, name: str, unnamed: str = "write the names above it") -> str | None:
        """How the head is read otherwise than it was meant, if a column of this name is missing
        for it, and what to write: `unnamed` where there are no names."""
        first = next(records(self.body, self.delimiter, self.begin)).cells
        if not self.dialect.header:
            if {name, peeled(name)} & set(map(str.strip, first)):
                return "the first line holds it, so that names are there; leave header=false out"
        elif self.width == 1 and (signs := [sign for sign in ",;\t|" if sign in first[0]]):
            if self.delimiter in signs:
                one = clip(first[0], 40)
                return f"the quotes around the header make it one column, {one!r}; leave them out"
            return self._parted_by(first[0], signs[0])
        elif any(self.dialect.number(cell) is not None for cell in first):
            return f"the first line holds values, not names; {unnamed}"
        elif (above := title(self.body, self.begin, self.dialect)) and name in above.names:
            return f"it is in line {above.header.begin.line}; leave out what stands above that"
        return None

    @property
    def where_parted(self) -> Location:
        """Where it is said what stands between cells: in the query, or by the header."""
        given = self.dialect.delimiter is not None
        return ("query", "delimiter") if given else ("line", self.begin.line)

    def _parted_by(self, header: str, sign: str) -> str:
        said = f"with {self.delimiter!r} the header is one column, {clip(header, 40)!r}"
        return f"{said}; write delimiter={_WORDS.get(sign, sign)}"

    # ---------------------------------------------------------------------------- tables

    def read(
        self, names: Sequence[str], apart: Collection[str] = (), text: Collection[str] = ()
    ) -> Table:
        """The columns `names` of all rows.

        Those in `text` are read as text, numbers too. The number columns lie side by side in one
        matrix, without those in `apart`: read so, the features are there without a copy.
        Raises `InvalidRequest` with all records that cannot be read or are not as wide as the
        header, and where there is none at all.
        """
        return self.placed(names, apart, text)[0]

    def placed(
        self, names: Sequence[str], apart: Collection[str], text: Collection[str]
    ) -> tuple[Table, Places]:
        """What `read` does, and where the rows stand."""
        layout = _Layout(self, names, apart, text, self.most_rows)
        places = self.places()
        for chunk in self._chunks(places, json=not text):
            layout.add(chunk)
        self._refuse_none(layout.n_rows)
        return layout.table(places, 0), places

    def blocks(
        self, names: Sequence[str], text: Collection[str] = (), rows: int | None = None
    ) -> Iterator[Table]:
        """The same in blocks of `rows` consecutive rows, each a table; only one has to be kept.

        Left out, `rows` are some 2 MB of numbers. A block's texts are its own.
        """
        places = self.places()
        capacity = min(rows or max(1, _VALUES // self.width), self.most_rows)
        start = 0
        layout = _Layout(self, names, (), text, capacity)
        for chunk in self._chunks(places, json=not text):
            while len(chunk):
                if layout.n_rows == capacity:
                    yield layout.table(places, start)
                    start += capacity
                    layout = _Layout(self, names, (), text, capacity)
                left = capacity - layout.n_rows
                layout.add(chunk[:left])
                chunk = chunk[left:]
        self._refuse_none(start + layout.n_rows)
        yield layout.table(places, start)

    def places(self) -> Places:
        """Where its rows stand, before any was passed."""
        return Places(self.body, self.delimiter, self.at)

    def _refuse_none(self, n_rows: int) -> None:
        if not n_rows:
            said = "there is no row below the header; send at least one"
            raise InvalidRequest.at(("line", self.begin.line), said, "too_short")

    # ---------------------------------------------------------------------------- chunks

    def _chunks(self, places: Places, json: bool) -> Iterator[Chunk]:
        """All rows; as numbers where they are nothing else, if `json`. `places` learns of each."""
        stream = io.BytesIO(self.body)
        stream.seek(self.start.offset)
        found = reader(stream, self.delimiter)
        at_once = max(64, _CELLS // self.width)
        again = 0
        lines = self.start.line  # where the stream stands, but for those that csv has counted
        try:
            while True:
                at = Position(stream.tell(), lines + found.line_num)
                begin = after_blanks(self.body, at, self.delimiter)
                lines += begin.line - at.line
                stream.seek(begin.offset)
                if json and begin.offset >= again:
                    again = begin.offset + _BLOCK  # not this block twice
                    if (numbers := self._numbers(stream)) is not None:
                        places.passed(begin, len(numbers))
                        lines += len(numbers)
                        yield numbers
                        continue
                read = rows = list(islice(found, at_once))
                if not rows:
                    return
                if self.width == 1 or set(map(len, rows)) != {self.width}:
                    rows = [row for row in rows if not blank(row)]
                    if not set(map(len, rows)) <= {self.width}:
                        raise self._refusal([])
                if rows:
                    a_line_each = lines + found.line_num - begin.line == len(rows)
                    where = None if a_line_each else lines_of(read, begin.line)
                    places.passed(begin, len(rows), where)
                    yield rows
        except (csv.Error, UnicodeDecodeError):
            raise self._refusal([]) from None

    def _of_numbers(self) -> bytes:
        """The bytes of a block that JSON may read, once delimiters and decimals are its own."""
        point = b"," if self.dialect.decimal == "," else b"."
        return b"0123456789+-eE \r\n" + point + self.delimiter.encode()

    def _numbers(self, stream: io.BytesIO) -> FloatArray | None:
        """A block of whole lines, if all cells are numbers as JSON writes them; else stay there."""
        at = stream.tell()
        if self.body[at : at + 512].translate(None, self._alphabet):
            return None
        rows = self._from_json(stream.read(_BLOCK) + stream.readline())
        if rows is None:
            stream.seek(at)
        return rows

    def _from_json(self, block: bytes) -> FloatArray | None:
        delimiter = self.delimiter.encode()
        if len(delimiter) > 1 or block.translate(None, self._alphabet):
            return None
        if block.count(b"\r") != block.count(b"\r\n"):
            return None
        if delimiter != b",":
            block = block.replace(b",", b".").replace(delimiter, b",")
        joined = block.removesuffix(b"\n").replace(b"\n", b"],[")
        try:
            rows = jiter.from_json(b"[[" + joined + b"]]", allow_inf_nan=False)
            if set(map(len, rows)) != {self.width}:
                return None
            found = np.array(rows, dtype=np.float64)
            return None if np.isin(found, self.dialect.gap_numbers).any() else found
        except (ValueError, OverflowError):  # not JSON; an int of more than 308 digits
            return None

    # ---------------------------------------------------------------------------- faults

    def _refusal(self, faults: list[Fault]) -> InvalidRequest:
        """What is wrong with the records, after what else was found: the file is read again."""
        if not faults and (header := self._wrong_header()) is not None:
            return InvalidRequest([header])
        found = list(islice(chain(faults, self._wrong_records()), COUNTED))
        return InvalidRequest(found[:LISTED], len(found))

    def several_columns(self) -> Iterator[Fault]:
        """That the first lines are one column with the delimiter that was given, and several, most
        of one width, with another; a name in quotes is one."""
        one = self.width == 1 and self.dialect.header and self.dialect.delimiter is not None
        for sign in DELIMITERS if one else "":
            if sign == self.dialect.decimal:
                continue
            widths = widths_of(self.body, sign, self.begin)
            if widths[0] > 1 and 2 * widths.count(widths[0]) > len(widths):
                name = next(records(self.body, self.delimiter, self.begin)).cells[0]
                said = self._parted_by(name, sign)
                yield Fault(self.where_parted, said, "delimiter")
                return

    def _headers_again(self) -> Iterator[Fault]:
        """The header where it stands once more, as in files that were put one behind the other."""
        header = self.body[self.begin.offset : self.start.offset].rstrip(b"\r\n")
        after = self.start.offset - 1
        if max(self.body.find(b"\n" + mark + header, after) for mark in (b"", MARK)) < 0:
            return
        first = next(records(self.body, self.delimiter, self.begin)).cells
        if has_values(first, self.dialect.number):  # a file without names
            return
        for record in records(self.body, self.delimiter, self.start):
            if [bare(record.cells[0]), *record.cells[1:]] == first:
                said = (
                    "the header stands here again; leave it out, or, if the first line holds "
                    "values and not names, write header=false"
                )
                yield Fault(("line", record.begin.line), said, "header")

    def _wrong_header(self) -> Fault | None:
        """That the header alone is of another width than the first rows, if there are several; or
        that it is one column for the delimiter that was given."""
        try:
            rows = islice(records(self.body, self.delimiter, self.start), LOOKED_AT)
            below = [record.cells for record in rows]
        except InvalidRequest:
            return None
        one = self.width == 1 and set(map(len, below)) != {1}
        if one and (why := self.mistaken("")) is not None:
            where = self.where_parted if "write delimiter=" in why else ("line", self.begin.line)
            return Fault(where, why, "delimiter")
        width = len(below[0]) if below else 0
        if len(below) < 2 or set(map(len, below)) != {width} or width in (1, self.width):
            return None
        at_end = width > self.width and not any(any(cells[self.width :]) for cells in below)
        if at_end or not self.dialect.header:
            return None
        here = f"{counted(self.width, 'cell')} in this line, and {width} in those below it"
        if width == self.width + 1 and self._rows_have_names([cells[0] for cells in below]):
            return Fault(("line", self.begin.line), f"{here}; {OF_ROWS}", "ragged")
        said = f"{here}; give each column one name, or leave this line out, if it is a title"
        if width > self.width:
            said += f", or, {self._halves(below[0]) or self._quoted(below[0])}"
        return Fault(("line", self.begin.line), said, "ragged")

    def _rows_have_names(self, first: Sequence[str]) -> bool:
        """Whether the rows begin with names of their own, as R writes them: in quotes, or counted
        where no comma may be a decimal one."""
        begins = {self.body[at.offset : at.offset + 1] for at in (self.begin, self.start)}
        counted_up = list(first) == [str(i + 1) for i in range(len(first))]
        likely = begins == {b'"'} or (counted_up and self.delimiter != ",")
        return likely and len(set(first)) == len(first)

    def _quoted(self, cells: Sequence[str]) -> str:
        """What to do with a row that is too wide, if two of its cells are one text."""
        for one, other in pairwise(cells):
            if other[:1] == " " and not one[-1:].isspace():
                both = clip(f"{one}{self.delimiter}{other}", 40)
                return f'if {both} is one cell, write it in quotes, "{both}"'
        return f"write a cell that holds {self.delimiter!r} in quotes"

    def _halves(self, cells: Sequence[str]) -> str | None:
        """The same if two of them are one number that has a comma for its point, and may be."""
        if self.delimiter == ",":
            for one, other in pairwise(cells):
                if one.lstrip("+-").isdigit() and other.isdigit():
                    number = clip(f"{one},{other}", 40)
                    return f"if {number} is one number, write ';' between cells and add decimal=,"
        return None

    def _wrong_records(self) -> Iterator[Fault]:
        try:
            for record in records(self.body, self.delimiter, self.start):
                if len(record.cells) != self.width:
                    yield Fault(("line", record.begin.line), self._ragged(record), "ragged")
        except InvalidRequest as broken:
            yield from broken.faults

    def _ragged(self, record: Record) -> str:
        width = len(record.cells)
        until = record.end.line - 1
        spans = f", which ends in line {until}," if until > record.begin.line else ""
        header = "header" if self.dialect.header else "first record"
        said = (
            f"this record{spans} has {counted(width, 'cell')} where the {header} has {self.width}"
        )
        rest = self.body[record.end.offset : record.end.offset + 1000]
        if width < self.width and not rest.strip():
            return f"{said}; leave it out, if it is a note below the table, or mend it"
        if width > self.width and not any(record.cells[self.width :]):
            return f"{said}; take the delimiter at its end away"
        if not self._agreed:
            between = f"{said}, with {self.delimiter!r} between cells"
            first = self.body[self.begin.offset : self.begin.offset + 1000]
            header = first.partition(b"\n")[0].decode(errors="replace")
            mended = self._too_many(record.cells) if width > self.width else "mend it"
            if self.width > 1 and not any(
                sign in header for sign in set(";\t|") - {self.delimiter}
            ):
                return f"{between}; {mended}"
            return f"{between}; {mended}, or name by delimiter= what stands between them"
        if width < self.width:
            return f"{said}; write {self.delimiter!r} for each cell that is missing, or mend it"
        return f"{said}; {self._too_many(record.cells)}"

    def _too_many(self, cells: Sequence[str]) -> str:
        """What to do with a row that is too wide: with one of twice as many, all of them digits,
        what to do with commas in numbers."""
        twice = len(cells) == 2 * self.width and all(one.strip("+-").isdigit() for one in cells)
        return (twice and self._halves(cells)) or self._quoted(cells)


def listed(names: Sequence[str]) -> str:
    """The names of a file's columns, as a message tells them."""
    return f"there are: {clip(', '.join(names), 300)}"


Opened = Callable[[bytes, Dialect], CsvFile]
"""Opens a body that is CSV, to be read here or elsewhere."""


class _Layout:
    """The columns asked for, laid out for `capacity` rows and filled chunk by chunk."""

    def __init__(
        self,
        file: CsvFile,
        names: Sequence[str],
        apart: Collection[str],
        text: Collection[str],
        capacity: int,
    ) -> None:
        self.n_rows = 0
        self._commas = file.delimiter != ","
        self.layout = tuple(name for name in names if name not in apart and name not in text)
        self.numbers = np.empty((capacity, len(self.layout)))
        views = dict(zip(self.layout, self.numbers.T, strict=True))
        views |= {name: np.empty(capacity) for name in names if name in apart}
        most = max(100, MOST_TEXTS // max(1, len(self.layout)))
        self._columns = []
        for name in names:
            kept = MOST_TEXTS if name in apart else most
            builder = ColumnBuilder(file.dialect, capacity, views.get(name), kept)
            self._columns.append((name, file.at[name], builder))
        self._side_by_side = [file.at[name] for name in self.layout]
        self._apart = [column for column in self._columns if column[0] in apart]
        self._cells_came = False

    def add(self, chunk: Chunk) -> None:
        start, self.n_rows = self.n_rows, self.n_rows + len(chunk)
        if isinstance(chunk, list):
            self._add_cells(start, list(zip(*chunk, strict=True)))
            return
        whole = self._side_by_side == list(range(chunk.shape[1]))
        self.numbers[start : self.n_rows] = chunk if whole else chunk[:, self._side_by_side]
        for _, j, builder in self._apart:
            builder.take(start, chunk[:, j])
        if self._cells_came:
            for _, _, builder in self._columns:
                builder.filled(start, self.n_rows)

    def _add_cells(self, start: int, columns: list[tuple[str, ...]]) -> None:
        if not self._cells_came and start:
            for _, _, builder in self._columns:
                builder.filled(0, start)
        self._cells_came = True
        for _, j, builder in self._columns:
            builder.add(start, columns[j])

    def table(self, places: Places, start: int) -> Table:
        columns = {name: builder.column(self.n_rows) for name, _, builder in self._columns}
        numbers = self.numbers[: self.n_rows]
        place, written, numbered = places.after(start)
        told = (start, numbers, self.layout, written, numbered, self._commas)
        return Table(columns, self.n_rows, place, *told)
