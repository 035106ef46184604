"""The same CSV and some columns more, streamed: what was sent comes back to the byte."""

import io
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from fitserve.data.csv import CsvFile
from fitserve.data.records import blank, reader

_PIECE = 2**16  # bytes that are written at once, about
_VALUES = 8192


def appended(file: CsvFile, columns: Mapping[str, NDArray[Any]]) -> Iterator[bytes]:
    """The file with `columns` behind its own, in pieces.

    Each is `(n_rows,)` of float64 (finite), int64, bool or text (object): a value for each row
    that `file.read` gives; read it before, for that is where faults are told. Written in the
    file's delimiter and decimal sign, in quotes where need be, numbers as the shortest text that
    reads back the same. Blank lines, line ends and a line `sep=` stay as they are; a file
    without a header gets none.
    """
    values = (_written(file, column) for column in columns.values())
    delimiter = file.delimiter.encode()
    cells: Iterator[bytes] = map(delimiter.join, zip(*values, strict=True))
    if file.dialect.header:
        names = (_quoted(name, file.delimiter) for name in columns)
        cells = chain([delimiter.join(names)], cells)
    yield file.body[: file.begin.offset]
    yield from _lines(file, (delimiter + cell for cell in cells))


def _written(file: CsvFile, column: NDArray[Any]) -> Iterator[bytes]:
    if column.dtype == object:

        @lru_cache(maxsize=4096)
        def written(text: str) -> bytes:
            return _quoted(text, file.delimiter)

        yield from map(written, column.tolist())
        return
    assert column.dtype == bool or np.isfinite(column).all()
    comma = file.dialect.decimal == "," and column.dtype.kind == "f"
    for at in range(0, len(column), _VALUES):
        texts = to_json(column[at : at + _VALUES].tolist())[1:-1].split(b",")
        if comma:
            texts = [text.replace(b".", b",") for text in texts]
            if file.delimiter == ",":
                texts = [b'"' + text + b'"' if b"," in text else text for text in texts]
        yield from texts


def _quoted(text: str, delimiter: str) -> bytes:
    if any(sign in text for sign in ('"', "\r", "\n", delimiter)):
        text = '"' + text.replace('"', '""') + '"'
    return text.encode()


def _lines(file: CsvFile, cells: Iterator[bytes]) -> Iterator[bytes]:
    """The records, each with what is to stand behind it."""
    stream = io.BytesIO(file.body)
    stream.seek(file.begin.offset)
    by_record = _by_record(stream, file.delimiter, cells)
    while True:
        at = stream.tell()
        piece = stream.read(_PIECE) + stream.readline()
        if not piece:
            return
        told = _simple(piece, cells)
        if told is None:
            stream.seek(at)
            parts = []
            while stream.tell() < at + len(piece):
                parts.append(next(by_record))
            told = b"".join(parts)
        yield told


def _simple(piece: bytes, cells: Iterator[bytes]) -> bytes | None:
    """Whole lines, if each is a record and all end alike."""
    end = b"\r\n" if b"\r" in piece else b"\n"
    ends = piece.count(end)
    if b'"' in piece or piece.count(b"\n") != ends or piece.count(b"\r") not in (0, ends):
        return None
    lines = piece.split(end)
    last = lines.pop()
    if last:  # the file's last line, which has no end
        lines.append(last)
    if not all(map(bytes.strip, lines)):
        return None
    text = end.join(
        [line + cell for line, cell in zip(lines, islice(cells, len(lines)), strict=True)]
    )
    return text if last else text + end


def _by_record(stream: io.BytesIO, delimiter: str, cells: Iterator[bytes]) -> Iterator[bytes]:
    """One record after the other, from wherever the stream stands."""
    kept: list[bytes] = []

    def keep() -> Iterator[bytes]:
        for line in stream:
            kept.append(line)
            yield line

    for record in reader(keep(), delimiter):
        text = b"".join(kept)
        kept.clear()
        if not blank(record):
            content = text.rstrip(b"\r\n")
            text = content + next(cells) + text[len(content) :]
        yield text
