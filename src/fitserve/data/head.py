"""The head of a CSV: its delimiter, the names of its columns, and where its records begin."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote

from fitserve.data.dialect import SPACES, Dialect, may_delimit
from fitserve.data.records import Position, Record, records, refuse_bytes
from fitserve.data.titles import DELIMITERS, LOOKED_AT, has_values, title
from fitserve.errors import COUNTED, Advice, Fault, InvalidRequest, clip

MOST_COLUMNS = 100_000
LONGEST_LINE = 2**22  # bytes
MARK = b"\xef\xbb\xbf"
"""That of byte order in UTF-8, which may stand before a file."""
_SEP = re.compile(rb'"?sep=([\t -~])"?\r?\n', re.IGNORECASE).match

_QUOTED = re.compile(rb'"[^"\r\n]*"(?: "[^"\r\n]*")+ *(?:\r?\n|\Z)').match

OF_ROWS = (
    "leave out the names of rows, of which there is none above: in R, write.table(row.names=FALSE)"
)
_NO_HEADER = Advice("the first line holds values, not names", {"header": False})


class Head(NamedTuple):
    delimiter: str
    agreed: bool
    """Whether the caller said so, or the first records are all of one width with it."""
    names: list[str]
    """Of all columns in the file; a first one without a name is ''."""
    begin: Position
    """Of the first record, the header if there is one."""
    start: Position
    """Of the first record with values."""
    faults: list[Fault]
    """What is wrong with the names."""


def head(body: bytes, dialect: Dialect) -> Head:
    """Raises `InvalidRequest` where there is no header to read."""
    refuse_bytes(body)
    _refuse_long_lines(body)
    start = Position(len(MARK) if body.startswith(MARK) else 0, 1)
    delimiter = dialect.delimiter
    sep = _SEP(body, start.offset)
    if sep and may_delimit(sep[1].decode()):
        start = Position(sep.end(), 2)
        delimiter = delimiter or sep[1].decode()
    agreed = delimiter is not None
    if delimiter is None:
        delimiter, agreed = _detected(body, start)
    if dialect.delimiter is None:
        _refuse_spaces_between_quotes(body, start)
    first = next(records(body, delimiter, start), None)
    if first is None:
        said = "the table is empty; send a header and rows below it"
        said += "" if body else ", with curl from a file that is there: of another it sends nothing"
        raise InvalidRequest.at(("line", start.line), said, "too_short")
    alone = len(first.cells) == 1 and dialect.delimiter is None and start.line == 1
    whole = agreed and len(first.cells) > 1 and first.cells[-1].strip() != ""
    commented = alone and first.cells[0].lstrip(SPACES).startswith("#")
    may_be_title = dialect.header and not whole and not commented
    above = title(body, first.begin, dialect) if may_be_title else None
    if above is not None:
        refused = not agreed or above.delimiter == delimiter or (alone and _between(first))
        if above.sure or refused:
            raise InvalidRequest([above.fault(dialect)])
    if alone:
        _refuse_one_column(first, delimiter)
    if len(first.cells) > MOST_COLUMNS:
        said = f"{len(first.cells):,} columns are over the limit of {MOST_COLUMNS:,}; send fewer"
        raise InvalidRequest.at(("line", first.begin.line), said, "too_long")
    if not dialect.header:
        names = [str(i) for i in range(len(first.cells))]
        return Head(delimiter, agreed, names, first.begin, first.begin, [])
    if b"\n" not in body:
        line = clip(body[:200].decode(errors="replace").strip(), 40)
        named = f", with the @ if {line!r} is the file" if alone else ""
        said = (
            f"the only line is {line!r}, and there is no row below it; send at least one, with "
            f"curl by --data-binary @FILE{named} (-d takes line breaks away)"
        )
        raise InvalidRequest.at(("line", first.begin.line), said, "too_short")
    names = [name.strip() for name in first.cells]
    values = len(set(names)) < len(names) and _may_be_values(names, body, delimiter, first, dialect)
    faults = list(islice(_wrong_names(names, first.begin.line, values), COUNTED))
    return Head(delimiter, agreed, names, first.begin, first.end, faults)


def _detected(body: bytes, start: Position) -> tuple[str, bool]:
    """The delimiter, and whether it gives the header and the first records one width.

    Of those that do, and that the header holds, it is the one with most columns; else the
    header's most frequent.
    """
    widths = {delimiter: widths_of(body, delimiter, start) for delimiter in DELIMITERS}
    one_width = [delimiter for delimiter, found in widths.items() if len(set(found)) == 1]
    several = [delimiter for delimiter in one_width if widths[delimiter][0] > 1]
    among = several or (
        list(DELIMITERS) if any(w[:1] > [1] for w in widths.values()) else one_width
    )
    chosen = max(among or DELIMITERS, key=lambda delimiter: widths[delimiter][:1])
    return chosen, chosen in one_width


def widths_of(body: bytes, delimiter: str, start: Position) -> list[int]:
    """Of the first records; 0 for one that cannot be read."""
    widths: list[int] = []
    try:
        found = islice(records(body, delimiter, start), LOOKED_AT)
        widths.extend(len(record.cells) for record in found)
    except InvalidRequest:
        widths.append(0)
    return widths


def _between(first: Record) -> list[str]:
    """What may stand between several columns where a header seems to be one."""
    return [sign for sign in "|:~^ " if sign in first.cells[0].strip(SPACES)]


def _refuse_one_column(first: Record, delimiter: str) -> None:
    """Do not take for one column what may be several between other delimiters."""
    name = first.cells[0].strip(SPACES)
    where = ("line", first.begin.line)
    if name.startswith("#"):
        said = f"{clip(name, 40)!r} looks like a comment, not like a header; leave this line out"
        raise InvalidRequest.at(where, said, "comment")
    if not (signs := _between(first)):
        return
    if "  " in name:
        said = (
            f"{clip(name, 40)!r} looks like names in columns of one width; write one comma between "
            f"two cells, and no spaces, or, if it is one column, delimiter={quote(delimiter)}"
        )
        raise InvalidRequest.at(where, said, "delimiter")
    raise InvalidRequest(
        [
            Fault(
                where,
                f"{clip(name, 40)!r} is one column, or several with {signs[0]!r} between them; "
                f"for several write delimiter={quote(signs[0])}, for one "
                f"delimiter={quote(delimiter, safe=',')}",
                "delimiter",
                (
                    Advice(f"columns stand between {signs[0]!r}", {"delimiter": signs[0]}),
                    Advice("it is one column", {"delimiter": delimiter}),
                ),
            )
        ]
    )


def _refuse_spaces_between_quotes(body: bytes, start: Position) -> None:
    """Say of names in quotes with spaces between, as R writes them, what stands between them."""
    if (found := _QUOTED(body, start.offset)) is None:
        return
    said = (
        f"{clip(found[0].decode(errors='replace').strip(), 40)!r} is names in quotes with ' ' "
        "between them; write delimiter=%20"
    )
    widths = widths_of(body, " ", start)
    if set(widths[1:]) == {widths[0] + 1}:
        said += f", and {OF_ROWS}"
    remedy = Advice("columns stand between ' '", {"delimiter": " "})
    raise InvalidRequest([Fault(("line", start.line), said, "delimiter", (remedy,))])


def _refuse_long_lines(body: bytes) -> None:
    """A bound on what a record takes, and a word to those who send something else."""
    at = line = 0
    while len(body) - at > LONGEST_LINE:
        end = body.rfind(b"\n", at, at + LONGEST_LINE)
        if end < 0:
            line = body.count(b"\n", 0, at) + 1
            said = f"this line is longer than {LONGEST_LINE:,} bytes; end each record in LF or CRLF"
            raise InvalidRequest.at(("line", line), said, "too_long")
        at = end + 1


def _may_be_values(
    names: list[str], body: bytes, delimiter: str, first: Record, dialect: Dialect
) -> bool:
    """Whether the first line, whose names are these, may be a row: that shows where a number
    stands in it, or none below it."""
    try:
        below = next(records(body, delimiter, first.end), None)
    except InvalidRequest:
        below = None
    of_numbers = below is not None and any(dialect.number(cell) is not None for cell in below.cells)
    return not of_numbers or has_values(names, dialect.number)


def _wrong_names(names: list[str], line: int, values: bool) -> Iterator[Fault]:
    """Names that are empty, but for the first of several, or stand twice; `values` is whether they
    may be none."""
    times = Counter(names)
    seen: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name and (number > 1 or len(names) == 1):
            said = f"column {number} has no name; give it one"
            if number == len(names) > 1:
                said += ", or, if the line ends in a delimiter too many, take that away everywhere"
            yield Fault(("line", line), said, "column_name")
        elif name and times[name] > 1:
            if name in seen:
                said = (
                    f"this name stands twice, in columns {seen[name]} and {number}; give each "
                    "column a name of its own"
                )
                if values:
                    said += (
                        ", or, if the first line holds values and not names, write header=false, "
                        f"which names columns by number, from 0 to {len(names) - 1}"
                    )
                yield Fault(("line", line, name), said, "twice", (_NO_HEADER,) * values)
            seen.setdefault(name, number)
