"""Frames that give themselves by the DataFrame interchange protocol (`__dataframe__`,
https://data-apis.org/dataframe-protocol)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitserve.client import memory

Cells = list[Any]

_TRUTH, _TEXT, _TIME, _CATEGORY = 20, 21, 22, 23  # kinds of columns; numbers are below
_NEVER, _NAN, _SENTINEL, _BITS, _BYTES = range(5)  # how a column tells its gaps


def columns(X: Any) -> list[tuple[str, Cells]]:
    """Names and cells of a frame's columns."""
    frame = X.__dataframe__()
    found = []
    for name in frame.column_names():
        column = frame.get_column_by_name(name)
        found.append((name, [cell for part in column.get_chunks() for cell in _cells(name, part)]))
    return found


def _cells(name: str, column: Any) -> Cells:
    """A column's cells, None where there is none."""
    if not column.size():
        return []
    cells, codes = _values(name, column)
    gaps = _gaps(column, codes)
    if gaps is None:
        return cells
    return [None if gap else cell for cell, gap in zip(cells, gaps.tolist(), strict=True)]


def _values(name: str, column: Any) -> tuple[Cells, NDArray[Any] | None]:
    """The same, with anything where there is none; and what the cells are made from."""
    start, length = column.offset, column.size()
    kind, _bits, format_, _order = column.dtype
    buffers = column.get_buffers()
    buffer, (data_kind, data_bits, data_format, _) = buffers["data"]
    if kind == _TEXT:
        offsets, (_, offset_bits, *_) = buffers["offsets"]
        large = offset_bits == 64
        return memory.texts(offsets.ptr, buffer.ptr, start, length, large=large), None
    if data_kind == _TRUTH and data_bits == 1:
        return memory.bits(buffer.ptr, start, length).tolist(), None
    letter = "if"[data_kind == 2] if data_kind != 1 else "u"
    codes = memory.numbers(buffer.ptr, f"{letter}{data_bits // 8}", start, length)
    if kind == _CATEGORY:
        known = _cells(name, column.describe_categorical["categories"])
        within = [known[code] if 0 <= code < len(known) else None for code in codes.tolist()]
        return within, codes
    if kind == _TRUTH:
        return codes.astype(np.bool_).tolist(), codes
    if kind == _TIME:
        return memory.times(codes, format_ or data_format), codes
    if kind not in (0, 1, 2):
        raise TypeError(f"column {name!r} is neither numbers nor text: leave it out")
    return codes.tolist(), codes


def _gaps(column: Any, codes: NDArray[Any] | None) -> NDArray[np.bool_] | None:
    how, value = column.describe_null
    start, length = column.offset, column.size()
    if how == _SENTINEL and codes is not None:
        return np.asarray(codes == value)
    if how in (_BITS, _BYTES):
        validity = column.get_buffers()["validity"]
        if validity is None:
            return None
        if how == _BITS:
            marks = memory.bits(validity[0].ptr, start, length)
        else:
            marks = memory.numbers(validity[0].ptr, "u1", start, length).astype(np.bool_)
        return np.asarray(marks == bool(value))
    return None
