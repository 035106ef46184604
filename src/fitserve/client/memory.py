"""Cells out of memory as Apache Arrow lays it out, which the DataFrame interchange protocol shares:
numbers side by side, texts by offsets, truth values and gaps as bits.

Addresses are of bytes that whoever calls keeps alive; all that is answered is copied.
"""

from collections.abc import Sequence
from ctypes import c_char
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBERS = {
    **{letter: f"i{size}" for letter, size in zip("csil", (1, 2, 4, 8), strict=True)},
    **{letter: f"u{size}" for letter, size in zip("CSIL", (1, 2, 4, 8), strict=True)},
    **{letter: f"f{size}" for letter, size in zip("efg", (2, 4, 8), strict=True)},
}
"""Of each format of Arrow's, how NumPy calls it."""
_UNITS = {"s": "s", "m": "ms", "u": "us", "n": "ns"}
_VIEW = np.dtype([("length", "<i4"), ("prefix", "S4"), ("buffer", "<i4"), ("start", "<i4")])
_INLINE = 12  # bytes of a text that stand in the view itself


def raw(address: int | None, start: int, n_bytes: int) -> bytes:
    """The bytes from there on."""
    if not n_bytes or address is None:
        return b""
    return (c_char * n_bytes).from_address(address + start).raw


def numbers(address: int | None, dtype: str, start: int, length: int) -> NDArray[Any]:
    """`length` numbers from number `start` on."""
    size = np.dtype(dtype).itemsize
    return np.frombuffer(raw(address, start * size, length * size), dtype)


def bits(address: int | None, start: int, length: int) -> NDArray[np.bool_]:
    """`length` truth values from bit `start` on."""
    first, skipped = divmod(start, 8)
    packed = np.frombuffer(raw(address, first, (skipped + length + 7) // 8), np.uint8)
    return np.unpackbits(packed, bitorder="little")[skipped : skipped + length].astype(np.bool_)


def times(counted: NDArray[Any], format_: str) -> list[str]:
    """Days (`tdD`), milliseconds of days (`tdm`) and moments (`tsu:UTC`), as ISO 8601 has them."""
    unit = {"tdD": "D", "tdm": "ms"}.get(format_) or _UNITS[format_[2]]
    texts: list[str] = counted.astype(np.int64).view(f"<M8[{unit}]").astype(str).tolist()
    return texts


def decimals(address: int | None, format_: str, start: int, length: int) -> list[float]:
    """Whole numbers of many bits that stand for fractions: `d:19,2` are hundredths."""
    _precision, scale, width = [*map(int, format_[2:].split(",")), 128][:3]
    size = width // 8
    packed = raw(address, start * size, length * size)
    wholes = (
        int.from_bytes(packed[at : at + size], "little", signed=True)
        for at in range(0, len(packed), size)
    )
    return [float(whole * 10**-scale) if scale < 0 else whole / 10**scale for whole in wholes]


def texts(
    offsets: int | None, data: int | None, start: int, length: int, *, large: bool
) -> list[str]:
    """`length` texts from text `start` on, of which the offsets say where each begins."""
    ends = numbers(offsets, "i8" if large else "i4", start, length + 1).tolist()
    first = ends[0]
    packed = raw(data, first, ends[-1] - first)
    return [packed[begin - first : end - first].decode() for begin, end in pairwise(ends)]


def viewed_texts(
    views: int | None, buffers: Sequence[int], start: int, there: Sequence[bool]
) -> list[str]:
    """The same as views: each text stands in its view if it is short, else in a buffer. Those
    that are not there are empty: their views may point anywhere."""
    packed = raw(views, start * _VIEW.itemsize, len(there) * _VIEW.itemsize)
    found = []
    for row, (size, _prefix, buffer, begin) in enumerate(np.frombuffer(packed, _VIEW).tolist()):
        at = row * _VIEW.itemsize + 4  # behind the length
        if not there[row]:
            text = b""
        elif size <= _INLINE:
            text = packed[at : at + size]
        else:
            text = raw(buffers[buffer], begin, size)
        found.append(text.decode())
    return found
