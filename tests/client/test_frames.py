"""Frames become columns by name, whichever library they are of, and its memory is read right."""

import ctypes
import math
from collections.abc import Callable
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fitserve.client import Client, arrow, bodies, frames, memory
from tests.conftest import EXAMPLES, Server

TEXTS = ["short", "a text that is longer than a view is", "Käse", ""]


def bits(truths: list[bool], before: int = 0) -> bytes:
    return np.packbits([False] * before + truths, bitorder="little").tobytes()


# ------------------------------------------------------------------ the Arrow C stream


class Stream:
    """A frame of one column that gives itself as Arrow says: `(format, buffers, dictionary)`."""

    def __init__(
        self,
        format_: str,
        *buffers: bytes | None,
        length: int,
        offset: int = 0,
        dictionary: "Stream | None" = None,
        fails: bool = False,
    ) -> None:
        self.released: list[str] = []
        self._kept: list[Any] = []
        self._batches = 0
        self.format, self.length, self.offset = format_, length, offset
        self.buffers = list(buffers)
        self.dictionary = dictionary
        self.fails = fails

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        stream = arrow._Stream()
        fields: dict[str, Any] = dict(arrow._Stream._fields_)  # type: ignore[arg-type]
        stream.get_schema = fields["get_schema"](self._schema)
        stream.get_next = fields["get_next"](self._next)
        stream.get_last_error = fields["get_last_error"](lambda _: None)
        self._kept.append(stream)
        new = ctypes.pythonapi.PyCapsule_New
        new.restype = ctypes.py_object
        new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(stream), b"arrow_array_stream", None)

    def _release(self, kind: type[Any], what: str) -> Any:
        def release(it: Any) -> None:
            self.released.append(what)

        made = dict(kind._fields_)["release"](release)
        self._kept.append(made)
        return made

    def _field(self, name: bytes) -> Any:
        field = arrow._Schema(format=self.format.encode(), name=name)
        if self.dictionary is not None:
            field.dictionary = ctypes.pointer(self.dictionary._field(b""))
        self._kept.append(field)
        return field

    def _array(self) -> Any:
        held = [
            None if one is None else ctypes.create_string_buffer(one, len(one) or 1)
            for one in self.buffers
        ]
        addresses = (ctypes.c_void_p * len(held))(
            *[None if one is None else ctypes.addressof(one) for one in held]
        )
        array = arrow._Array(
            length=self.length,
            null_count=-1,
            offset=self.offset,
            n_buffers=len(held),
            buffers=ctypes.cast(addresses, ctypes.POINTER(ctypes.c_void_p)),
        )
        if self.dictionary is not None:
            array.dictionary = ctypes.pointer(self.dictionary._array())
        self._kept += [held, addresses, array]
        return array

    def _schema(self, _: Any, out: Any) -> int:
        children = (ctypes.POINTER(arrow._Schema) * 1)(ctypes.pointer(self._field(b"x")))
        self._kept.append(children)
        out.contents.format = b"+s"
        out.contents.n_children = 1
        out.contents.children = children
        out.contents.release = self._release(arrow._Schema, "schema")
        return 0

    def _next(self, _: Any, out: Any) -> int:
        self._batches += 1
        if self.fails:
            return 5
        if self._batches == 1:
            child = self._array()
            children = (ctypes.POINTER(arrow._Array) * 1)(ctypes.pointer(child))
            self._kept.append(children)
            out.contents.length = self.length
            out.contents.n_children = 1
            out.contents.children = children
            out.contents.release = self._release(arrow._Array, "array")
        return 0


def offsets(texts: list[str], dtype: str) -> bytes:
    return np.cumsum([0, *(len(text.encode()) for text in texts)]).astype(dtype).tobytes()


def view(text: bytes, at: int) -> bytes:
    size = len(text).to_bytes(4, "little")
    if len(text) <= 12:
        return size + text.ljust(12, b"\0")
    return size + text[:4] + (0).to_bytes(4, "little") + at.to_bytes(4, "little")


JOINED = "".join(TEXTS).encode()
GARBAGE = b"\xff" * 16  # where there is no text, nothing may be read
VIEWS = b"".join([view(TEXTS[0].encode(), 0), view(TEXTS[1].encode(), 0), GARBAGE])
INTS = np.array([7, 1, -2, 3], "i4").tobytes()
THERE = bits([True, False, True], before=1)
WORDS = Stream("u", None, offsets(["no", "yes"], "i4"), b"noyes", length=2)
CASES: list[tuple[Stream, list[Any]]] = [
    (Stream("i", None, INTS, length=4), [7, 1, -2, 3]),
    (Stream("i", THERE, INTS, length=3, offset=1), [1, None, 3]),
    (Stream("g", None, np.array([0.1, math.nan]).tobytes(), length=2), [0.1, None]),
    (Stream("e", None, np.array([0.5], "f2").tobytes(), length=1), [0.5]),
    (
        Stream("b", None, bits([True, False, True], before=9), length=3, offset=9),
        [True, False, True],
    ),
    (Stream("u", None, offsets(TEXTS, "i4"), JOINED, length=4), TEXTS),
    (Stream("U", None, offsets(TEXTS, "i8"), JOINED, length=2, offset=1), TEXTS[1:3]),
    (
        Stream("vu", bits([True, True, False]), VIEWS, TEXTS[1].encode(), b"", length=3),
        [*TEXTS[:2], None],
    ),
    (
        Stream("C", bits([True, True, False]), bytes([1, 0, 9]), length=3, dictionary=WORDS),
        ["yes", "no", None],
    ),
    (Stream("n", length=2), [None, None]),
    (
        Stream("tdD", None, np.array([1, -1], "i4").tobytes(), length=2),
        ["1970-01-02", "1969-12-31"],
    ),
    (Stream("tsm:", None, np.array([1500], "i8").tobytes(), length=1), ["1970-01-01T00:00:01.500"]),
    (
        Stream("d:5,2", None, (-125).to_bytes(16, "little", signed=True), length=1),
        [-1.25],
    ),
]


@pytest.mark.parametrize(("stream", "cells"), CASES, ids=lambda one: getattr(one, "format", ""))
def test_arrows_memory_is_read_as_it_is_laid_out(stream: Stream, cells: list[Any]) -> None:
    assert bodies.rows(stream) == {"x": cells}
    assert stream.released == ["array", "schema"]


def test_what_arrow_has_and_json_has_not_is_named() -> None:
    with pytest.raises(TypeError, match=r"column 'x' is of Arrow's type '\+l': make numbers"):
        bodies.rows(Stream("+l", None, b"", length=1))
    with pytest.raises(ValueError, match="could not be read: no reason was given"):
        bodies.rows(Stream("i", None, b"", length=1, fails=True))


# ------------------------------------------------------------- the interchange protocol


def interchanged(
    kind: tuple[int, int, str],
    data: bytes,
    null: tuple[int, Any] = (0, None),
    of: tuple[int, int, str] | None = None,
    **more: Any,
) -> Any:
    """A frame of one column, of three cells from the second on, as its protocol has it."""

    def buffer(content: bytes) -> Any:
        held = ctypes.create_string_buffer(content, len(content))
        return SimpleNamespace(ptr=ctypes.addressof(held), held=held)

    buffers = {
        "data": (buffer(data), (*(of or kind), "=")),
        "offsets": None,
        "validity": None,
    } | {name: (buffer(one[0]), (*one[1], "=")) for name, one in more.items() if name != "known"}
    column = SimpleNamespace(
        dtype=(*kind, "="),
        offset=1,
        size=lambda: 3,
        describe_null=null,
        get_buffers=lambda: buffers,
        describe_categorical=more.get("known"),
    )
    column.get_chunks = lambda: [column]
    frame = SimpleNamespace(column_names=lambda: ["x"], get_column_by_name=lambda _: column)
    return SimpleNamespace(__dataframe__=lambda: frame)


def test_the_interchange_protocol_is_read_as_it_is_laid_out() -> None:
    floats = np.array([9.0, 1.0, math.nan, 3.0])
    kind = (2, 64, "g")
    assert bodies.rows(interchanged(kind, floats.tobytes(), (1, None))) == {"x": [1.0, None, 3.0]}
    ints, marks = np.array([9, 1, 2, 3], "i2").tobytes(), bytes([1, 1, 0, 1])
    assert bodies.rows(interchanged((0, 16, "s"), ints, (2, 2))) == {"x": [1, None, 3]}
    masked = interchanged((0, 16, "s"), ints, (4, 0), validity=(marks, (20, 8, "b")))
    assert bodies.rows(masked) == {"x": [1, None, 3]}
    packed = interchanged(
        (1, 8, "C"),
        bytes([9, 1, 2, 3]),
        (3, 0),
        validity=(bits([True, True, False, True]), (20, 1, "b")),
    )
    assert bodies.rows(packed) == {"x": [1, None, 3]}
    texts = ["-", *TEXTS[:3]]
    strings = interchanged(
        (21, 8, "u"),
        "".join(texts).encode(),
        (4, 0),
        (1, 8, "C"),
        offsets=(offsets(texts, "i8"), (0, 64, "l")),
        validity=(bytes([1, 1, 1, 1]), (20, 8, "b")),
    )
    assert bodies.rows(strings) == {"x": TEXTS[:3]}
    assert bodies.rows(interchanged((20, 8, "b"), bytes([0, 1, 0, 1]))) == {
        "x": [True, False, True]
    }
    assert bodies.rows(interchanged((20, 1, "b"), bits([False, True, False, True]))) == {
        "x": [True, False, True]
    }
    days = np.array([0, 1, -(2**63), 3], "i8").tobytes()
    moments = interchanged((22, 64, "tsn:"), days, (2, -(2**63)), (0, 64, "l"))
    assert bodies.rows(moments)["x"][1] is None
    assert bodies.rows(moments)["x"][0] == "1970-01-01T00:00:00.000000001"


# ------------------------------------------------------------------- the libraries themselves

DATA = {"n": [1.5, None, 3.0], "t": ["a", None, TEXTS[1]], "b": [True, False, True]}


def _pandas(data: Any) -> Any:
    return pytest.importorskip("pandas").DataFrame(data)


def _polars(data: Any) -> Any:
    return pytest.importorskip("polars").DataFrame(data)


def _pyarrow(data: Any) -> Any:
    return pytest.importorskip("pyarrow").table(data)


@pytest.mark.parametrize("make", [_pandas, _polars, _pyarrow])
def test_a_frame_keeps_names_texts_and_gaps(make: Callable[[Any], Any]) -> None:
    frame = make(DATA)
    assert bodies.rows(frame) == DATA
    assert [bodies.cells(frame[name]) for name in ("t", "b")] == [DATA["t"], DATA["b"]]
    assert bodies.cells(make({"t": DATA["t"]})) == DATA["t"]
    with pytest.raises(ValueError, match="one column is needed, not the 3 of a frame"):
        bodies.cells(frame)


def test_what_pandas_has_besides() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(DATA, index=[7, 8, 9])
    assert bodies.rows(frame.convert_dtypes().astype({"t": "category"})) == DATA
    assert bodies.rows(frame.iloc[0]) == {"n": 1.5, "t": "a", "b": True}
    assert bodies.encoded([pandas.NA, pandas.NaT, float("nan")]) == b"[null,null,null]"
    with pytest.raises(ValueError, match="two columns are called 'a'"):
        bodies.rows(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


@pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed")
def test_a_model_learns_from_frames_and_is_asked_by_them(server: Server) -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    with Client(f"http://127.0.0.1:{server.port}") as client:
        table = pandas.read_csv(EXAMPLES / "penguins.csv")
        told = client.register("knn", 1, table, "species", missing="impute", standardize=True)
        assert told["feature_names"] == [name for name in table.columns if name != "species"]
        rows = table.drop(columns="species").astype({"island": "category"})
        found = client.predict("knn", 1, rows)
        assert found == client.predict("knn", 1, polars.from_dicts(rows.to_dict("records")))
        assert (table["species"] == found).mean() > 0.97
        assert client.predict("knn", 1, rows.iloc[3]) == "Adelie"
        assert client.evaluate("knn", 1, table)["metrics"]["accuracy"] > 0.97
        assert client.evaluate("knn", 1, rows, table["species"])["n_samples"] == len(table)


# --------------------------------------------------------------------------------- JSON


def test_numpys_numbers_are_numbers_and_nan_is_a_gap() -> None:
    given = [np.float32(0.5), np.int64(3), np.bool_(True), math.nan, np.array([1, 2])]
    assert bodies.encoded(given) == b"[0.5,3,true,null,[1,2]]"
    assert bodies.rows({"a": np.arange(2), "b": ("x", "y")}) == {"a": [0, 1], "b": ("x", "y")}
    with pytest.raises(ValueError, match=r"\['X'\]\[0\]\[1\] is -inf: send a finite number"):
        bodies.encoded({"X": [[0.0, -math.inf]]})
    with pytest.raises(TypeError, match="object is nothing that JSON has"):
        bodies.encoded([object()])


def test_no_frame_is_none() -> None:
    assert frames.columns([[1]]) is None
    assert frames.columns(np.ones((2, 2))) is None
    assert memory.raw(None, 0, 4) == b""
