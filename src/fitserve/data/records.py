"""The records of a CSV body, one after the other, and where in the file each one begins."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from fitserve.data.dialect import SPACES
from fitserve.errors import InvalidRequest

if TYPE_CHECKING:
    from _csv import Reader

_BLANKS = re.compile(rb"[ \r\n]*").match
_BREAKS = re.compile(rb"[\r\n]*").match


class Position(NamedTuple):
    """A byte of the body, and the line of the file that begins there, the first being 1."""

    offset: int
    line: int


class Record(NamedTuple):
    begin: Position
    end: Position
    """Where the next one begins."""
    cells: list[str]


def reader(lines: Iterable[bytes], delimiter: str) -> "Reader":
    """The records of these lines; of a stream, that after each is where that one ends.

    RFC 4180, strict. Lines end in LF or CRLF, and nothing else ends one: not U+0085, not U+2028.
    Raises `csv.Error` and `UnicodeDecodeError`.
    """
    return csv.reader(map(bytes.decode, lines), delimiter=delimiter, strict=True)


def blank(cells: list[str]) -> bool:
    """Whether the record is a blank line. `""` is none: it is how one empty cell is written."""
    return not cells or (len(cells) == 1 and cells[0].isspace() and not cells[0].strip(SPACES))


def records(body: bytes, delimiter: str, start: Position) -> Iterator[Record]:
    """The records that are not blank, with their lines. Slower than `reader`.

    Raises `InvalidRequest` at the line where a record begins that cannot be read.
    """
    begin = after_blanks(body, start, delimiter)
    stream = io.BytesIO(body)
    stream.seek(begin.offset)
    found = reader(stream, delimiter)
    first_line = begin.line
    while True:
        try:
            cells = next(found, None)
        except csv.Error as error:
            said = _quoting(str(error), old_mac=b"\n" not in body)
            raise InvalidRequest.at(("line", begin.line), said, "csv") from None
        except UnicodeDecodeError as error:
            where = ("line", first_line + found.line_num)
            byte = error.object[error.start]
            raise InvalidRequest.at(where, _encoding(byte), "encoding") from None
        if cells is None:
            return
        end = Position(stream.tell(), first_line + found.line_num)
        if blank(cells):
            begin = after_blanks(body, end, delimiter)
            first_line += begin.line - end.line
            stream.seek(begin.offset)
        else:
            yield Record(begin, end, cells)
            begin = end


def after_blanks(body: bytes, at: Position, delimiter: str) -> Position:
    """Past the blank lines that begin there, at once: there may be millions."""
    run = (_BREAKS if delimiter == " " else _BLANKS)(body, at.offset)
    assert run is not None, "it may be empty"
    offset = body.rfind(b"\n", at.offset, run.end()) + 1
    if not offset:
        return at
    return Position(offset, at.line + body.count(b"\n", at.offset, offset))


def _quoting(error: str, old_mac: bool) -> str:
    """What is wrong, by the words of csv: there is no other that its strict reader has."""
    if "unexpected end" in error:
        return (
            "a quote is opened in this record and never closed; close it, or write a quote that "
            'belongs to the text twice (""), in a cell that is quoted'
        )
    if "expected after" in error:
        return (
            'text follows a closing quote; write a quote that belongs to the text twice (""), '
            "and quote the cell as a whole"
        )
    if "field limit" in error:
        return (
            f"a cell is longer than {csv.field_size_limit():,} characters; shorten it, or close "
            "the quote that is open"
        )
    if old_mac:
        return (
            "the lines end as on old Macs, in a carriage return; save the file as 'CSV UTF-8', or "
            "convert it: tr '\\r' '\\n' < FILE"
        )
    return "a carriage return stands alone; end lines in LF or CRLF"


def _encoding(byte: int) -> str:
    return (
        f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8, or convert it: "
        "iconv -f WINDOWS-1252 -t UTF-8"
    )


def refuse_bytes(body: bytes) -> None:
    """Refuse what is no text in UTF-8 at a glance, so that the answer can say what it is."""
    marked = next((name for mark, name in _MARKED.items() if body.startswith(mark)), None)
    if marked is not None:
        raise InvalidRequest.at(
            ("line", 1),
            f"the file is {marked}, as its first bytes say; save it as UTF-8, or convert it: "
            f"iconv -f {marked} -t UTF-8",
            "encoding",
        )
    if (at := body.find(b"\0")) >= 0:
        raise InvalidRequest.at(
            ("line", body.count(b"\n", 0, at) + 1),
            "a NUL byte is no text; if the file is UTF-16 or UTF-32, convert it: "
            f"iconv -f {_unmarked(body, at)} -t UTF-8; if it is a spreadsheet, export it as CSV",
            "encoding",
        )


_MARKED = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""By its byte order mark, an encoding that is not UTF-8."""


def wide(body: bytes) -> str | None:
    """The encoding of a text, at its beginning, that has more than a byte for each sign; or
    None."""
    marked = next((name for mark, name in _MARKED.items() if body.startswith(mark)), None)
    at = body.find(b"\0", 0, 4)
    return marked or (_unmarked(body, at) if at >= 0 else None)


def _unmarked(body: bytes, at: int) -> str:
    """What a text without such a mark is, whose first NUL is there: no text in UTF-16 has two of
    them in a row."""
    wide = b"\0\0" in body[at : at + 100]
    return f"UTF-{32 if wide else 16}{'LE' if at % (4 if wide else 2) else 'BE'}"
