"""Tensors of the Open Inference Protocol, read and written: as lists of JSON, or as bytes behind
it (Triton's extension "binary tensor data": little-endian, row-major, no padding; texts with
their length in front, as 4 bytes)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from struct import Struct
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from fitserve.data import arrays
from fitserve.data.arrays import FloatArray
from fitserve.data.as_sent import sent
from fitserve.data.features import told_instead
from fitserve.errors import Fault, InvalidRequest, Location, amended, clip, refuse, relocated

BYTES = "BYTES"
DTYPES = {
    "BOOL": np.dtype("?"),
    **{f"UINT{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"INT{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    **{f"FP{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
}
"""Of each datatype of numbers, how NumPy calls it."""

_LENGTH = Struct("<I")
_LONGEST = 2**63 - 1  # of a dimension


Form = Literal["bytes", "rows", "list"]


@dataclass(frozen=True)
class Numbers:
    """A tensor of numbers, or of true and false."""

    values: NDArray[Any]
    """`(n_rows, width)`, of the datatype that it was sent in; NaN is a gap."""
    form: Form = "bytes"
    """How the elements came: in a list of rows, or in one list of all."""

    def place(self, row: int, column: int) -> Location:
        """Where an element stands in what was sent."""
        return (row * self.width + column,) if self.form == "list" else (row, column)

    @property
    def n_rows(self) -> int:
        return len(self.values)

    @property
    def width(self) -> int:
        return int(self.values.shape[1])

    def array(self) -> NDArray[Any]:
        """The tensor as one array, of which `from_array` makes it again."""
        return self.values

    def floats(self, start: int, end: int) -> FloatArray:
        """These rows as float64; a copy only where they are of another datatype, or begin at an
        odd address."""
        return np.require(self.values[start:end], np.float64, ["C", "A"])

    def cells(self, start: int, end: int) -> list[Any]:
        """These rows of a tensor of one column, as JSON would have them."""
        cells: list[Any] = self.values[start:end, 0].tolist()
        return [None if cell != cell else cell for cell in cells]


class Texts:
    """A tensor of texts, in one column; an empty one is a gap."""

    width = 1
    form: Form = "bytes"

    def __init__(self, values: Sequence[str]) -> None:
        self._values = values
        self.n_rows = len(values)

    def array(self) -> NDArray[Any]:
        """The tensor as one array, of which `from_array` makes it again: its bytes."""
        return np.frombuffer(b"".join(map(_packed, self._values)), np.uint8)

    def cells(self, start: int, end: int) -> Sequence[Any]:
        """These rows."""
        return self._values[start:end]


class PackedTexts(Texts):
    """The same as bytes, of which no more is taken apart at a time than what is asked for."""

    def __init__(self, packed: memoryview, n_rows: int, loc: Location) -> None:
        self._packed, self._loc = packed, loc
        self.n_rows = n_rows
        self._at = self._row = 0
        end = 0
        for row in range(n_rows):
            end = self._end(end, row)
        if end != len(packed):
            said = f"{n_rows:,} texts end after {end:,} bytes, and {len(packed):,} were sent"
            raise InvalidRequest.at(loc, f"{said}; give shape and bytes that agree", "length")

    def array(self) -> NDArray[Any]:
        return np.frombuffer(self._packed, np.uint8)

    def cells(self, start: int, end: int) -> Sequence[Any]:
        if start < self._row:
            self._at = self._row = 0
        found = []
        for row in range(self._row, min(end, self.n_rows)):
            after = self._end(self._at, row)
            if row >= start:
                found.append(self._text(self._at + _LENGTH.size, after, row))
            self._at, self._row = after, row + 1
        return found

    def _end(self, at: int, row: int) -> int:
        """Where the text ends whose length stands there."""
        left = len(self._packed) - at - _LENGTH.size
        length = _LENGTH.unpack_from(self._packed, at)[0] if left >= 0 else 0
        if left < length:
            said = (
                f"the bytes end in the middle of text {row}, of {self.n_rows:,}; give each its "
                "length as 4 bytes, little-endian, and then its bytes"
            )
            raise InvalidRequest.at(self._loc, said, "length")
        return at + _LENGTH.size + int(length)

    def _text(self, start: int, end: int, row: int) -> str:
        try:
            return str(self._packed[start:end], "utf-8")
        except UnicodeDecodeError:
            raise InvalidRequest.at(
                (*self._loc, row), "these bytes are not UTF-8; encode texts so", "encoding"
            ) from None


Tensor = Numbers | Texts

# -------------------------------------------------------------------------------- read


def dimensions(shape: object, loc: Location) -> tuple[int, int]:
    """Rows and columns of a tensor of this shape, `[n]` being one column."""
    if not isinstance(shape, list) or not 1 <= len(shape) <= 2:
        said = f"a shape is [rows, columns], as in [2, 4], not {_written(shape)}"
        raise InvalidRequest.at(loc, said, "shape")
    refuse(
        Fault((*loc, i), f"a whole number of at least 1 is needed, not {sent(size)}", "shape")
        for i, size in enumerate(shape)
        if type(size) is not int or not 1 <= size <= _LONGEST
    )
    rows, columns = [*shape, 1][:2]
    return rows, columns


def known(datatype: object, loc: Location) -> str:
    """The datatype, if it is one that is taken."""
    if datatype not in DTYPES and datatype != BYTES:
        names = ", ".join([*DTYPES, BYTES])
        said = f"{sent(datatype)} is none of {names}; write FP64 for numbers, BYTES for text"
        raise InvalidRequest.at(loc, said, "datatype")
    return str(datatype)


def from_bytes(datatype: str, shape: tuple[int, int], packed: memoryview, loc: Location) -> Tensor:
    """The tensor whose elements stand in these bytes, which are not copied.

    Raises `InvalidRequest` where they are not as many as the shape says.
    """
    n = prod(shape)
    size = DTYPES[datatype].itemsize if datatype in DTYPES else _LENGTH.size
    if len(packed) < n * size or (datatype in DTYPES and len(packed) > n * size):
        each = f"{size} bytes each" if datatype in DTYPES else f"at least {size} bytes each"
        said = (
            f"{n:,} elements of {datatype}, {each}, are needed for this shape, and "
            f"{len(packed):,} bytes were sent; give shape and bytes that agree"
        )
        raise InvalidRequest.at(loc, said, "length")
    if datatype == BYTES:
        _refuse_wide(shape, loc)
        return PackedTexts(packed, n, loc)
    if datatype == "BOOL" and np.frombuffer(packed, np.uint8).max() > 1:
        raise InvalidRequest.at(loc, "a BOOL is one byte, 0 or 1; write it so", "bool")
    return Numbers(np.frombuffer(packed, DTYPES[datatype]).reshape(shape))


def from_array(values: NDArray[Any], n_rows: int, form: Form, loc: Location) -> Tensor:
    """The tensor of so many rows that gave this array."""
    return Numbers(values, form) if values.ndim == 2 else PackedTexts(values.data, n_rows, loc)


def from_json(datatype: str, shape: tuple[int, int], data: object, loc: Location) -> Tensor:
    """The tensor whose elements are these, row by row, in one list or in a list of rows; null is
    a gap in FP16, FP32, FP64 and BYTES.

    Raises `InvalidRequest` with the place of each element that is not of the datatype.
    """
    flat, nested = _flat(data, shape, loc)
    columns = shape[1]

    def place(k: int) -> Location:
        return (*loc, *divmod(k, columns)) if nested else (*loc, k)

    kinds = set(map(type, flat))
    if datatype == BYTES:
        _refuse_wide(shape, loc)
        if not kinds <= {str, type(None)}:
            refuse(_others(flat, (str, type(None)), "text in double quotes", place))
        return Texts([cell or "" for cell in flat] if type(None) in kinds else flat)
    if datatype == "BOOL":
        if kinds != {bool}:
            refuse(_others(flat, (bool,), "true or false", place))
        return Numbers(np.array(flat, np.bool_).reshape(shape))
    with relocated(lambda found: place(int(found[-1]))), amended(told_instead):
        values = _numbers(datatype, flat, kinds)
    return Numbers(values.reshape(shape), "rows" if nested else "list")


def _flat(data: object, shape: tuple[int, int], loc: Location) -> tuple[list[Any], bool]:
    """The elements in one list, and whether they came by rows."""
    rows, columns = shape
    if not isinstance(data, list):
        said = f"a list of {rows * columns:,} elements, row by row, is needed, not {sent(data)}"
        raise InvalidRequest.at(loc, f"{said}; write one, [1.5, ...]", "list_type")
    nested = bool(data) and type(data[0]) is list
    if nested:
        refuse(
            Fault(
                (*loc, i),
                f"a list of {columns:,} is needed, as the shape says, not {sent(row)}; give it",
                "ragged",
            )
            for i, row in enumerate(data)
            if type(row) is not list or len(row) != columns
        )
    if len(data) != (rows if nested else rows * columns):
        what = f"{rows:,} rows" if nested else f"{rows * columns:,} elements"
        said = f"the shape says {what}, and {len(data):,} were sent; "
        fitting = _fitting(data, shape, nested)
        said += f"write shape {' or '.join(fitting)}, or " if fitting else ""
        raise InvalidRequest.at(loc, f"{said}give as many as it says", "length")
    return (list(chain.from_iterable(data)) if nested else data), nested


def _fitting(data: list[Any], shape: tuple[int, int], nested: bool) -> list[str]:
    """The shapes that the data have, where the rows or the columns are as in `shape`."""
    (rows, columns), n = shape, len(data)
    if nested:
        return [f"[{n}, {columns}]"]
    fit = [(rows, n // rows)] if n and n % rows == 0 and type(data[0]) is not str else []
    fit += [(n // columns, columns)] if n and n % columns == 0 else []
    return [str(list(one)) for one in fit]


def _numbers(datatype: str, flat: list[Any], kinds: set[type]) -> NDArray[Any]:
    """Raises `InvalidRequest` whose places end in the number of the element."""
    dtype = DTYPES[datatype]
    if dtype.kind == "f":
        gaps = None
        if type(None) in kinds:
            gaps = [cell is None for cell in flat]
            flat = [0.0 if cell is None else cell for cell in flat]
        floats = arrays.matrix([flat], ())[0]
        with np.errstate(over="ignore"):
            values: NDArray[Any] = floats.astype(dtype)
        most = np.finfo(dtype).max
        refuse(
            Fault((k,), f"{datatype} goes up to {most:g}; send FP64", "range")
            for k in np.flatnonzero(np.isinf(values)).tolist()
        )
        values[gaps or []] = np.nan
        return values
    if kinds == {int}:
        try:
            return np.array(flat, dtype)
        except OverflowError:
            pass
    info = np.iinfo(dtype)
    range_ = f"a whole number from {info.min} to {info.max}, as {datatype} holds, is needed"
    refuse(
        Fault((k,), f"{range_}, not {sent(cell)}", "range")
        for k, cell in enumerate(flat)
        if type(cell) not in (int, float) or cell != cell // 1 or not info.min <= cell <= info.max
    )
    return np.array([int(cell) for cell in flat], dtype)


def _others(flat: list[Any], kinds: tuple[type, ...], what: str, place: Any) -> Iterator[Fault]:
    for k, cell in enumerate(flat):
        if type(cell) not in kinds:
            yield Fault(place(k), f"{what} is needed, not {sent(cell)}", "element")


def _refuse_wide(shape: tuple[int, int], loc: Location) -> None:
    if shape[1] > 1:
        said = (
            f"BYTES are texts, in one column, of shape [rows, 1], not {list(shape)}; for numbers "
            "write datatype FP64, and the numbers without quotes, for texts send each column as "
            "an input of its own"
        )
        raise InvalidRequest.at(loc, said, "shape")


def _written(shape: object) -> str:
    return clip(shape, 60) if isinstance(shape, list) else sent(shape)


# ------------------------------------------------------------------------------- write


def datatype_of(values: NDArray[Any]) -> str:
    """What an array of labels, numbers or truth values is called."""
    return {"i": "INT64", "b": "BOOL", "f": "FP64"}.get(values.dtype.kind, BYTES)


def packed(values: NDArray[Any]) -> bytes:
    """The elements, row by row, as bytes."""
    if values.dtype == object:
        texts: Mapping[str, bytes] = {text: _packed(text) for text in set(values.tolist())}
        return b"".join(map(texts.__getitem__, values.tolist()))
    return np.ascontiguousarray(values, DTYPES[datatype_of(values)]).tobytes()


def _packed(text: str) -> bytes:
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def written(values: NDArray[Any]) -> bytes:
    """The elements, row by row, as they stand between the brackets of a list of JSON."""
    return to_json(values.ravel().tolist())[1:-1]
