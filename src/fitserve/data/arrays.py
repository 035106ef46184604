"""From what a caller sent to arrays: JSON to float64, with the location of what is wrong."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

import jiter
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from fitserve.errors import LISTED, Fault, InvalidRequest, Location, MalformedJson, clip, relocated

FloatArray = NDArray[np.float64]
Target = NDArray[Any]
"""y as given: int64, float64 (not whole, or beyond 64 bits), bool, or object (text)."""

_NUMBERS = {int, float}
_INT64 = range(-(2**63), 2**63)


# ----------------------------------------------------------------------------------- JSON


def parse_json(body: bytes) -> Any:
    """The value that the JSON text holds; strict: no NaN, no member twice, bounded nesting."""
    try:
        return jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        raise MalformedJson(
            f"The body is not JSON: {clip(error, 300)}. Mend it and send it again."
        ) from None


def refused(
    error: ValidationError,
    known: Iterable[str] = (),
    spelled: Mapping[str, str] = MappingProxyType({}),
) -> InvalidRequest:
    """What Pydantic found wrong, as ours; `known` names what would have been right.

    `spelled` holds, for a field, the name that the caller used for it.
    """
    unknown = f"; known are: {', '.join(known)}" if known else ""
    faults = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        msg = item["msg"]
        if item["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            msg = f"There is no such member{unknown}"
        loc = (spelled.get(str(part), part) for part in item["loc"])
        faults.append(Fault(tuple(loc), msg, item["type"]))
    return InvalidRequest(faults[:LISTED], len(faults))


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
        _refuse_cells(array.tolist(), loc)
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
        raise InvalidRequest.at(loc, "a list of at least one row is needed", "list_type")
    _collect(
        (Fault((*loc, i), "each row must be a list of numbers", "list_type"))
        for i, row in enumerate(value)
        if type(row) is not list
    )
    widths = set(map(len, value))
    if len(widths) > 1:
        width = len(value[0])
        _collect(
            Fault((*loc, i), f"this row has {len(row)} values where row 0 has {width}", "ragged")
            for i, row in enumerate(value)
            if len(row) != width
        )
    if widths == {0}:
        raise InvalidRequest.at((*loc, 0), "a row must hold at least one number", "too_short")
    if not set(map(type, chain.from_iterable(value))) <= _NUMBERS:
        _refuse_cells(value, loc)
    try:
        return np.array(value, dtype=np.float64)
    except OverflowError:  # an int of more than 308 digits
        _refuse_cells(value, loc)
        raise  # pragma: no cover


def _refuse_cells(rows: Sequence[Sequence[Any]], loc: Location) -> None:
    _collect(
        Fault((*loc, i, j), *wrong)
        for i, row in enumerate(rows)
        for j, cell in enumerate(row)
        if (wrong := _not_a_number(cell)) is not None
    )


def _not_a_number(cell: object) -> tuple[str, str] | None:
    if type(cell) not in _NUMBERS:
        return f"a number is needed, not {_kind(cell)}", "float_type"
    try:
        finite = np.isfinite(float(cell))  # type: ignore[arg-type]
    except OverflowError:
        finite = np.False_
    return None if finite else ("a finite number is needed", "finite_number")


def _kind(cell: object) -> str:
    if cell is None:
        return "null"
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        return f"the text {clip(cell, 40)!r}"
    return "an object" if isinstance(cell, dict) else "a list"


def _collect(faults: Iterator[Fault]) -> None:
    """Raise the faults there are, if there are any: the first ones whole, the rest counted."""
    first = list(islice(faults, LISTED))
    if first:
        raise InvalidRequest(first, len(first) + sum(1 for _ in faults))


# ------------------------------------------------------------------------------------- y


def target(value: object, loc: Location) -> Target:
    """y as an array of one kind: `(n_samples,)` of int64, float64, bool or text (object).

    Whole floats become ints. Raises `InvalidRequest` for null, nested values, mixtures, text
    that is not well-formed or holds NUL, and numbers that are not finite.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist() if value.ndim == 1 else None
    if not isinstance(value, list) or not value:
        raise InvalidRequest.at(loc, "a list of at least one value is needed", "list_type")
    kinds = set(map(type, value))
    if kinds == {bool}:
        return np.array(value, dtype=np.bool_)
    if kinds == {str}:
        _collect_each(value, loc, _not_text)
        return np.array(value, dtype=object)
    if kinds <= _NUMBERS:
        return _numeric_target(value, loc)
    first = type(value[0]) if type(value[0]) in (bool, str) else None

    def wrong(cell: object) -> tuple[str, str] | None:
        if type(cell) not in (int, float, bool, str):
            return f"a label is needed, not {_kind(cell)}", "label_type"
        if (type(cell) in _NUMBERS) if first is None else (type(cell) is first):
            return None
        stranger = f"the number {clip(cell, 40)}" if type(cell) in _NUMBERS else _kind(cell)
        return f"labels are all numbers, all text or all booleans; {stranger} differs", "label_mix"

    _collect_each(value, loc, wrong)
    raise AssertionError("a mixture has a fault")  # pragma: no cover


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
        _collect_each(value, loc, _not_a_number)
    if (floats == np.trunc(floats)).all() and all(int(cell) in _INT64 for cell in value):
        return np.array([int(cell) for cell in value], dtype=np.int64)
    return floats


def _not_text(cell: str) -> tuple[str, str] | None:
    if "\0" in cell:
        return "a label must not hold a NUL character", "label_text"
    try:
        cell.encode()
    except UnicodeEncodeError:
        return "a label must be well-formed Unicode", "label_text"
    return None


def _collect_each(
    values: Sequence[Any], loc: Location, wrong: Callable[[Any], tuple[str, str] | None]
) -> None:
    _collect(
        Fault((*loc, i), *found)
        for i, cell in enumerate(values)
        if (found := wrong(cell)) is not None
    )


def values(y: Target, loc: Location) -> FloatArray:
    """y for regression: float64."""
    if y.dtype.kind not in "if":
        raise InvalidRequest.at(
            (*loc, 0), f"a number is needed, not {_kind(y.tolist()[0])}", "float_type"
        )
    return y.astype(np.float64)


def classes(y: Target, loc: Location) -> tuple[Target, NDArray[np.intp]]:
    """y for classification: the distinct labels in ascending order, and each row's index there."""
    if y.dtype.kind == "f":
        _collect_each(y.tolist(), loc, _not_a_label)
    found: list[Any] = sorted(set(y.tolist()))
    if len(found) < 2:
        raise InvalidRequest.at(
            loc, "y holds one class only; at least two are needed to tell apart", "one_class"
        )
    labels = np.array(found, dtype=y.dtype)
    if y.dtype == object:
        index = {label: code for code, label in enumerate(found)}
        return labels, np.array([index[label] for label in y], dtype=np.intp)
    return labels, np.searchsorted(labels, y)


def _not_a_label(cell: float) -> tuple[str, str] | None:
    if cell != int(cell):
        return f"a label is a whole number, text or boolean, not {cell!r}", "label_type"
    if int(cell) not in _INT64:
        return "a label that is a number must fit in 64 bits", "label_range"
    return None


# -------------------------------------------------------------------------------- features


def names(value: object, n_features: int, loc: Location) -> list[str] | None:
    """Names of the columns: distinct text, one for each, or None."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(type(name) is str for name in value):
        raise InvalidRequest.at(
            loc, "a list of text is needed, a name for each column", "list_type"
        )
    if len(value) != n_features:
        raise InvalidRequest.at(
            loc, f"{len(value)} names are given for {n_features} columns", "length"
        )
    _collect_each(value, loc, _not_text)
    twice = {name for name, times in Counter(value).items() if times > 1}
    _collect_each(
        value, loc, lambda name: ("this name stands twice", "twice") if name in twice else None
    )
    return list(value)


def features(
    value: object, n_features: int, feature_names: list[str] | None, loc: Location
) -> tuple[FloatArray, bool]:
    """What to predict for, `(n_rows, n_features)`, and whether it was one row.

    One row is a list of numbers, or an object where the model knows the names of its columns;
    a batch is a list of rows.
    """
    single = not (isinstance(value, list) and value and isinstance(value[0], (list, dict)))
    rows = [value] if single else value
    if isinstance(value, dict) or (isinstance(rows, list) and isinstance(rows[0], dict)):
        rows = _by_name(rows, feature_names, loc, single)
    if single and not isinstance(rows[0], list):  # type: ignore[index]
        raise InvalidRequest.at(
            loc, "a row (a list of numbers) or a list of rows is needed", "list_type"
        )
    with relocated(lambda found: (*loc, *(found[2:] if single else found[1:]))):
        X = matrix(rows, ("X",)) if rows != [[]] else np.empty((1, 0))
    if X.shape[1] != n_features:
        raise InvalidRequest.at(
            loc,
            f"a row has {X.shape[1]} features where the model was trained on {n_features}",
            "n_features",
        )
    return X, single


def _by_name(
    rows: Any, feature_names: list[str] | None, loc: Location, single: bool
) -> list[list[Any]]:
    if feature_names is None:
        raise InvalidRequest.at(
            loc,
            "this model was registered without feature_names; send each row as a list of numbers",
            "no_feature_names",
        )
    known = set(feature_names)

    def faults() -> Iterator[Fault]:
        for i, row in enumerate(rows):
            where = loc if single else (*loc, i)
            if not isinstance(row, dict):
                yield Fault(where, "each row must be an object, as the first is", "dict_type")
                continue
            for name in feature_names:
                if name not in row:
                    yield Fault((*where, name), "this feature is missing", "missing")
            for name in row:
                if name not in known:
                    listed = clip(", ".join(feature_names), 300)
                    yield Fault(
                        (*where, name), f"there is no such feature; known are: {listed}", "unknown"
                    )

    _collect(faults())
    table = [[row[name] for name in feature_names] for row in rows]
    _collect(
        Fault((*(loc if single else (*loc, i)), feature_names[j]), *wrong)
        for i, cells in enumerate(table)
        for j, cell in enumerate(cells)
        if (wrong := _not_a_number(cell)) is not None
    )
    return table
