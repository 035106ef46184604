"""From what a caller sent to arrays: float64 and labels, with the location of what is wrong."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitserve.data.as_sent import sent
from fitserve.data.kinds import Form, form
from fitserve.data.limits import refuse_many_classes
from fitserve.data.numerals import instead
from fitserve.data.quoted import (
    AS_COLUMNS,
    AS_LABELS,
    first_row,
    labels_as_text,
    rows_as_text,
)
from fitserve.errors import (
    COUNTED,
    Advice,
    Fault,
    InvalidRequest,
    Location,
    clip,
    counted,
    refuse,
)

FloatArray = NDArray[np.float64]
Target = NDArray[Any]
"""y as given: int64, float64 (not whole, or beyond 64 bits), bool, or object (text)."""

NUMBERS = {int, float}
_BEYOND = 2**1024 - 2**970  # rounds to infinity, as does what is larger
_INT64 = range(-(2**63), 2**63)


# --------------------------------------------------------------------------------- matrix


def matrix(value: object, loc: Location) -> FloatArray:
    """Rows of finite numbers as `(n_rows, n_columns)` float64, both at least 1.

    Takes lists of lists of numbers, or an array of a numeric type. Booleans and text are not
    numbers. Raises `InvalidRequest` with the row and column of each fault.
    """
    if isinstance(value, np.ndarray):  # noqa: SIM108, one line would not fit
        array = _checked_array(value, loc)
    else:
        array = _from_lists(value, loc)
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array.ravel()))[:COUNTED]
        places = (divmod(at, array.shape[1]) for at in bad.tolist())
        refuse(_cell(loc, i, j, array[i, j].item()) for i, j in places)
    return array


def _checked_array(value: NDArray[Any], loc: Location) -> FloatArray:
    if value.ndim != 2 or 0 in value.shape:
        raise InvalidRequest.at(
            loc, f"a matrix with rows and columns is needed, not shape {value.shape}", "shape"
        )
    if value.dtype.kind not in "iuf":
        raise InvalidRequest.at(loc, f"numbers are needed, not {value.dtype}", "float_type")
    return np.ascontiguousarray(value, dtype=np.float64)


def _from_lists(value: object, loc: Location) -> FloatArray:
    if not isinstance(value, list) or not value:
        said = rows_as_text(value, AS_COLUMNS) or f"{_ROWS}, not {sent(value)}"
        raise InvalidRequest.at(loc, said, "list_type")
    kinds = set(map(type, value))
    if kinds != {list}:
        if list not in kinds:
            said = first_row(value) or f"{_ROWS}, not {_not_rows(value)}"
            raise InvalidRequest.at(loc, said, "list_type")
        refuse(_not_alike_rows(value, loc))
    widths = set(map(len, value))
    if len(widths) > 1:
        refuse(_not_alike_rows(value, loc))
    if widths == {0}:
        raise InvalidRequest.at(
            (*loc, 0), "a row must hold at least one number, not an empty list", "too_short"
        )
    kinds = set(map(type, chain.from_iterable(value)))
    if not kinds <= NUMBERS:
        if kinds == {list}:
            raise InvalidRequest.at((*loc, 0, 0), _NESTED, "list_type")
        _refuse_cells(value, loc)
    (width,) = widths
    cells = chain.from_iterable(value)
    try:  # not np.array, which takes several times as long for lists of lists
        return np.fromiter(cells, np.float64, len(value) * width).reshape(-1, width)
    except OverflowError:  # an int of more than 308 digits
        _refuse_cells(value, loc)
        raise  # pragma: no cover


def of_commas(row: list[Any], width: int, where: str = "") -> str:
    """What to do with a row that is too wide, if two of its numbers may be one, which was written
    with a comma for its point; or ''."""
    pairs = [pair for pair in pairwise(row) if _may_be_one(*pair)]
    more = len(row) - width
    beside = any(type(one) is float for one in row) or len(row) == 2 * width
    if not (0 < more <= len(pairs) and beside):
        return ""
    one, other = pairs[0]
    return f", or, if {one},{other}{where} is one number, write {one}.{other}, with a point"


def _may_be_one(one: Any, other: Any) -> bool:
    return type(one) is int and type(other) is int and other >= 0


def _not_alike_rows(rows: list[Any], loc: Location) -> Iterator[Fault]:
    """Of each row that is no list, or not as long as most are, and of the cells of the others."""
    width = usual_width(rows)
    usual = next(i for i, row in enumerate(rows) if type(row) is list and len(row) == width)
    for i, row in enumerate(rows):
        if type(row) is not list:
            said = f"each row must be a list of numbers, as others are, {not_so(row, None, width)}"
            yield Fault((*loc, i), said, "list_type")
        elif len(row) != width:
            said = f"this row has {counted(len(row), 'value')} where row {usual} has {width}; give "
            said += "all the same number"
            if len(row) < width:
                said += of_commas(rows[usual], len(row), f" in row {usual}")
            yield Fault((*loc, i), said + of_commas(row, width), "ragged")
        else:
            yield from (_cell(loc, i, j, row[j]) for j in wrong_cells(row))


def usual_width(rows: object) -> int:
    """How many cells most of the rows have that are lists, 0 where none is."""
    lists = [row for row in rows if type(row) is list] if isinstance(rows, list) else []
    return max(Counter(map(len, lists)).most_common(1), default=(0, 0))[0]


SUCH_ROWS = "[[5.1, 3.5], [4.9, 3.0]]"
_ROWS = f"a list of rows is needed, each a list of numbers, as in {SUCH_ROWS}"

_NESTED = (
    "a list stands here and in all other cells, one pair of brackets too many; send one list of "
    "numbers for each row, [[1, 2], [3, 4]], of NumPy by x.reshape(len(x), -1).tolist()"
)


def not_so(row: object, names: Sequence[str] | None = None, width: int = 0) -> str:
    """What one row is that is not as the others, and how to write it: by these names, or as a
    list of this width."""
    said = f"not {sent(row)}"
    if names is not None and isinstance(row, list) and len(row) == len(names):
        return f"{said}; write {shown(dict(zip(names, row, strict=True)))}"
    if names is None and isinstance(row, dict) and len(row) == width:
        return f"{said}; write {shown(list(row.values()))}"
    return f"{said}; {'give it, or leave it out' if row is None else 'write it as they are'}"


def shown(value: object) -> str:
    return clip(json.dumps(value, ensure_ascii=False), 200)


def _not_rows(value: list[Any]) -> str:
    """What a list without a row in it is."""
    if set(map(type, value)) <= NUMBERS:
        return (
            f"{len(value):,} numbers; one column is written [[1.5], [2.5]], in NumPy by "
            "x.reshape(-1, 1).tolist(), and one row [[1.5, 2.5]]"
        )
    return f"a list that begins with {sent(value[0])}"


def _refuse_cells(rows: Sequence[Sequence[Any]], loc: Location) -> None:
    refuse(_cells(rows, loc))


def refuse_cells(rows: Sequence[Sequence[Any]], width: int, loc: Location) -> None:
    """Refuse what is no number in the rows that have so many cells."""
    refuse(one for one in _cells(rows, loc) if len(rows[int(one.loc[-2])]) == width)


def _cells(rows: Sequence[Sequence[Any]], loc: Location) -> Iterator[Fault]:
    return (_cell(loc, i, j, row[j]) for i, row in enumerate(rows) for j in wrong_cells(row))


def wrong_cells(row: Sequence[Any]) -> Iterator[int]:
    for j, cell in enumerate(row):
        kind = type(cell)
        if (kind is not float and kind is not int) or not -_BEYOND < cell < _BEYOND:
            yield j


def _cell(loc: Location, i: int, j: int, cell: object) -> Fault:
    return Fault((*loc, i, j), *not_a_number(cell), column=j)


def not_a_number(cell: object, otherwise: str = "") -> tuple[str, str]:
    """What to say of a cell that is none; `otherwise` what to write instead of a text that does
    not look like one."""
    if type(cell) in NUMBERS:
        says = f"a finite number is needed, not {sent(cell)}"
        return f"{says}; write a smaller one, or leave its row out", "finite_number"
    mended = otherwise
    if isinstance(cell, str):
        mended = instead(cell, in_csv=False) or otherwise
    elif cell is None:
        mended = "fill the gap, or leave its row out"
    elif isinstance(cell, bool):
        mended = f"write {int(cell)}"
    elif isinstance(cell, list) and len(cell) == 1 and type(cell[0]) in NUMBERS:
        mended = f"write {clip(cell[0], 40)}"
    else:
        mended = "write one number in each cell"
    return f"a number is needed, not {sent(cell)}" + (f"; {mended}" if mended else ""), "float_type"


# ------------------------------------------------------------------------------------- y


def target(value: object, loc: Location) -> Target:
    """y as an array of one kind: `(n_samples,)` of int64, float64, bool or text (object).

    Whole floats become ints. Raises `InvalidRequest` for null, nested values, mixtures, text
    that is not well-formed or holds NUL, and numbers that are not finite.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist() if value.ndim == 1 else None
    if not isinstance(value, list) or not value:
        said = labels_as_text(value) or f"{_LABELS}, not {_not_labels(value)}"
        raise InvalidRequest.at(loc, said, "list_type")
    kinds = set(map(type, value))
    if kinds == {bool}:
        return np.array(value, dtype=np.bool_)
    if kinds == {str}:
        refuse_each(value, loc, _no_label)
        return np.array(value, dtype=object)
    if kinds <= NUMBERS:
        return _numeric_target(value, loc)
    if kinds == {list} and set(map(len, value)) == {1}:
        raise InvalidRequest.at(
            loc,
            f"{_LABELS}, not a list of lists of one; send [1, 2] for [[1], [2]], in NumPy by "
            "y.ravel().tolist()",
            "list_type",
        )
    if kinds == {list} and len(value) == 1 and len(value[0]) > 1:
        raise InvalidRequest.at(
            loc,
            f"{_LABELS}, not one list in a list, one pair of brackets too many; send [1, 2] for "
            "[[1, 2]], in NumPy by y[0].tolist()",
            "list_type",
        )
    told = [cell for cell in value if type(cell) in (bool, str, *NUMBERS)]
    first = next((type(cell) for cell in told if not gap_mark(cell)), str if told else None)
    first = None if first in NUMBERS else first
    alike = {first} if first is not None else NUMBERS
    refuse(
        Fault((*loc, i), *_not_alike(cell, first))
        for i, cell in enumerate(value)
        if type(cell) not in alike
    )
    raise AssertionError("a mixture has a fault")  # pragma: no cover


def gap_mark(cell: object) -> bool:
    """Whether it is a text that stands for what is not there."""
    return isinstance(cell, str) and (not cell.strip() or form(cell.strip()) is Form.GAP)


_LABELS = "a list is needed, with a label or number for each row of X"
LEAVE_OUT = "leave the row out of X and y"
_ITS_ROW = re.compile(r"\bleave\s(?:its|the)\srow\sout\b(?!\sof)").sub


def beside_y(fault: Fault, rows: str) -> Fault:
    """The same, where y stands apart from the `rows`: one that is left out is so in both."""
    return replace(fault, msg=_ITS_ROW(lambda out: f"{out[0]} of {rows} and y", fault.msg))


def _not_labels(value: object) -> str:
    if isinstance(value, dict) and {dict, list}.issuperset(map(type, value.values())) and value:
        columns = f"one column, {clip(next(iter(value)), 40)!r}"
        which = f"its list alone, [0, 1], of pandas df[{clip(next(iter(value)), 40)!r}].tolist()"
        if len(value) > 1:
            columns, which = (
                f"{len(value):,} columns",
                "one list, [0, 1], of pandas df[NAME].tolist()",
            )
        return f"an object of {columns}; send {which}"
    if isinstance(value, dict) and value:
        return f"an object, as pandas' to_dict() makes; send {AS_LABELS}"
    if isinstance(value, str):
        return f"{sent(value)}; where a column is meant, /register takes its name as target"
    return sent(value)


def _not_alike(cell: object, first: type | None) -> tuple[str, str]:
    if type(cell) not in (int, float, bool, str) or gap_mark(cell):
        gap = cell is None or gap_mark(cell)
        mended = f"give one, or {LEAVE_OUT}" if gap else "give one for each row"
        if isinstance(cell, list) and len(cell) > 1:
            mended += ", of one-hot rows by y.argmax(axis=1).tolist()"
        if isinstance(cell, dict) and len(cell) == 1:
            mended = f"write {shown(next(iter(cell.values())))}"
        return f"a label or number is needed, not {sent(cell)}; {mended}", "label_type"
    kind = "a number" if first is None else "text" if first is str else "true or false"
    says = f"y begins with {kind}, and this is {sent(cell)}"
    if first is str:
        spelled = cell if isinstance(cell, str) else json.dumps(cell)
        return f'{says}; write "{spelled}", in double quotes', "label_mix"
    if first is bool:
        mended = f"write {str(bool(cell)).lower()}" if cell in (0, 1) else "write true or false"
        return f"{says}; {mended}", "label_mix"
    if isinstance(cell, bool):
        return f"{says}; write {int(cell)}", "label_mix"
    mended = instead(str(cell), in_csv=False) or "write a number, or all labels as text"
    return f"{says}; {mended}", "label_mix"


def _numeric_target(value: list[Any], loc: Location) -> Target:
    if set(map(type, value)) == {int}:
        try:
            return np.array(value, dtype=np.int64)
        except OverflowError:
            pass
    try:
        floats = np.array(value, dtype=np.float64)
    except OverflowError:
        floats = np.full(1, np.inf)
    if not np.isfinite(floats).all():
        refuse(Fault((*loc, i), *not_a_number(value[i])) for i in wrong_cells(value))
    if (floats == np.trunc(floats)).all() and all(int(cell) in _INT64 for cell in value):
        return np.array([int(cell) for cell in value], dtype=np.int64)
    return floats


ILL_FORMED = "this text holds U+0000 or half of a surrogate pair; leave such characters out"


def well_formed(text: str) -> bool:
    """Whether it can be stored and sent."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def not_text(cell: str) -> tuple[str, str] | None:
    return None if well_formed(cell) else (ILL_FORMED, "label_text")


def _no_label(label: str) -> tuple[str, str] | None:
    if not label.strip():
        return f"the label {clip(label, 40)!r} is empty; give one, or leave the row out", "empty"
    return not_text(label)


def refuse_each(
    values: Sequence[Any], loc: Location, wrong: Callable[[Any], tuple[str, str] | None]
) -> None:
    found = {cell: why for cell in set(values) if (why := wrong(cell)) is not None}
    if found:
        refuse(Fault((*loc, i), *found[cell]) for i, cell in enumerate(values) if cell in found)


def values(y: Target, loc: Location, otherwise: str = "") -> FloatArray:
    """y for regression: float64; `otherwise` is what to do with labels."""
    if y.dtype.kind not in "if":
        cells = y.tolist()
        first = next((i for i, cell in enumerate(cells) if not gap_mark(cell)), 0)
        one = cells[first]
        meant = gap_mark(one) or (isinstance(one, str) and instead(one, in_csv=False))
        which = range(len(cells)) if meant else [first]
        refuse(Fault((*loc, i), *_no_amount(cells[i], otherwise)) for i in which)
    return y.astype(np.float64)


def _no_amount(cell: object, otherwise: str) -> tuple[str, str]:
    if gap_mark(cell):
        return f"a number is needed, not {sent(cell)}; give one, or {LEAVE_OUT}", "float_type"
    return not_a_number(cell, otherwise)


def classes(y: Target, loc: Location, either: bool = False) -> tuple[Target, NDArray[np.intp]]:
    """y for classification: the distinct labels in ascending order, and each row's index there;
    `either` is whether numbers could be learned instead."""
    found: list[Any] = sorted(set(y.tolist()))
    if y.dtype.kind == "f" and len(found) > 1:
        rounded = np.rint(y)
        round_it = not len(no_labels(rounded)) and len(set(rounded.tolist())) > 1
        refuse(_not_a_label((*loc, i), y[i].item(), either, round_it) for i in no_labels(y))
    refuse_many_classes(len(found))
    if len(found) < 2:
        raise InvalidRequest.at(
            loc,
            f"y holds one class only, {sent(found[0])}; give rows of at least two to tell apart",
            "one_class",
        )
    labels = np.array(found, dtype=y.dtype)
    return labels, codes(y, labels)


def codes(y: Target, labels: Target) -> NDArray[np.intp]:
    """The index of each value of y in `labels`, which ascend and hold them all."""
    if y.dtype == object:  # NumPy would look for text without giving the interpreter away
        index = {label: code for code, label in enumerate(labels.tolist())}
        return np.fromiter((index[label] for label in y.tolist()), np.intp, len(y))
    return np.searchsorted(labels, y)


def no_labels(y: Target) -> list[int]:
    """Where numbers are not whole, or do not fit in 64 bits."""
    wrong: list[int] = np.flatnonzero(
        (y != np.trunc(y)) | (y < -(2.0**63)) | (y >= 2.0**63)
    ).tolist()
    return wrong


AS_TEXT = "write all of y as text"


def _not_a_label(loc: Location, cell: float, either: bool, round_it: bool) -> Fault:
    """`round_it` is whether labels come of it if all of y is rounded."""
    learn = "set task to regression" if either else "learn numbers with linear_regression"
    remedies = (Advice("a number is learned (regression)", {"task": "regression"}),)[:either]
    mended = f"if y holds amounts, {learn}; if names of classes, {AS_TEXT}"
    if cell != int(cell):
        mended = f"round it, or {learn}" if round_it else mended
        said = f"a label is a whole number, text or boolean, not {sent(cell)}; {mended}"
        return Fault(loc, said, "label_type", remedies)
    said = f"{sent(cell)} is too large for a label, a whole number of 9.2e18 at most; {mended}"
    return Fault(loc, said, "label_range", remedies)
