"""Frames that give themselves by the Arrow C stream interface (`__arrow_c_stream__`).

The structures are those of https://arrow.apache.org/docs/format/CDataInterface.html, read by
ctypes: no library of Arrow's is needed here.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fitserve.client import memory

Cells = list[Any]


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.POINTER(_Schema)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    (
        "get_schema",
        ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema)),
    ),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))),
    ("private_data", ctypes.c_void_p),
]

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype = ctypes.c_void_p
_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def columns(X: Any) -> list[tuple[str, Cells]]:
    """Names and cells of a frame's columns."""
    capsule = X.__arrow_c_stream__()  # which ends the stream when it goes
    stream = ctypes.cast(_pointer(capsule, b"arrow_array_stream"), ctypes.POINTER(_Stream))
    with _given(stream, stream.contents.get_schema, _Schema()) as schema:
        if schema.format != b"+s":
            raise TypeError("a frame is needed, not a series: give its frame, or a list of rows")
        fields = [schema.children[j].contents for j in range(schema.n_children)]
        found: list[tuple[str, Cells]] = [(field.name.decode(), []) for field in fields]
        while True:
            with _given(stream, stream.contents.get_next, _Array()) as batch:
                if not batch.release:  # the end
                    return found
                for j, (field, (name, cells)) in enumerate(zip(fields, found, strict=True)):
                    child = batch.children[j].contents
                    cells += _cells(name, field, child, child.offset + batch.offset, batch.length)


@contextmanager
def _given(stream: Any, give: Any, it: Any) -> Iterator[Any]:
    """What the stream gives, until it is released."""
    if give(stream, ctypes.byref(it)):
        said = stream.contents.get_last_error(stream) or b"no reason was given"
        raise ValueError(f"the frame could not be read: {said.decode(errors='replace')}")
    try:
        yield it
    finally:
        if it.release:
            it.release(ctypes.byref(it))


def _cells(name: str, field: _Schema, array: _Array, start: int, length: int) -> Cells:
    """A column's cells, None where there is none."""
    if field.format == b"n" or not length:
        return [None] * length
    if not array.null_count or not array.buffers[0]:
        return _values(name, field, array, start, [True] * length)
    there: list[bool] = memory.bits(array.buffers[0], start, length).tolist()
    cells = _values(name, field, array, start, there)
    return [cell if is_there else None for cell, is_there in zip(cells, there, strict=True)]


def _values(name: str, field: _Schema, array: _Array, start: int, there: list[bool]) -> Cells:
    """The same, with anything where there is none."""
    format_, data, length = field.format.decode(), array.buffers[1], len(there)
    if field.dictionary:
        words = array.dictionary.contents
        known = _cells(name, field.dictionary.contents, words, words.offset, words.length)
        codes = memory.numbers(data, memory.NUMBERS[format_], start, length).tolist()
        return [known[code] if 0 <= code < len(known) else None for code in codes]
    if format_ in memory.NUMBERS:
        cells: Cells = memory.numbers(data, memory.NUMBERS[format_], start, length).tolist()
        return cells
    if format_ == "b":
        truths: Cells = memory.bits(data, start, length).tolist()
        return truths
    if format_ in ("u", "U"):
        return memory.texts(data, array.buffers[2], start, length, large=format_ == "U")
    if format_ == "vu":
        buffers = [array.buffers[i] for i in range(2, array.n_buffers - 1)]
        return memory.viewed_texts(data, buffers, start, there)
    if format_.startswith(("td", "ts")):
        counted = memory.numbers(data, "i4" if format_ == "tdD" else "i8", start, length)
        return memory.times(counted, format_)
    if format_.startswith("d:"):
        return memory.decimals(data, format_, start, length)
    raise TypeError(
        f"column {name!r} is of Arrow's type {format_!r}: make numbers or text of it, or leave it "
        "out"
    )
