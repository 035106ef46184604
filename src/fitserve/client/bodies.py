"""What Python has, as JSON that the server takes: lists, dicts, arrays, series and frames."""

import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from fitserve.client import frames

_ROWS = (list, tuple)


def refuse_file(X: Any, by: str) -> None:
    """What is a file, or names one: a CSV goes `by` another method."""
    if isinstance(X, (str, bytes, os.PathLike)) or callable(getattr(X, "read", None)):
        given = "bytes" if isinstance(X, bytes) else repr(X)
        raise TypeError(f"X: rows are needed, not {given[:80]}; a CSV goes by {by}")


def rows(X: Any) -> Any:
    """X as it stands in a body: rows as lists, rows or columns by name, or one row.

    A frame becomes its columns by name, with None for its gaps, and a row of a frame of pandas'
    its cells by name; an array becomes lists.
    """
    named = frames.row(X)
    if named is None:
        named = frames.columns(X)
    if named is not None:
        return named
    if isinstance(X, Mapping):
        return {str(name): cells(value) for name, value in X.items()}
    return X if isinstance(X, _ROWS) else cells(X)


def cells(values: Any) -> Any:
    """A list, array, series or frame of one column as a list; anything else as it is."""
    if values is None or isinstance(values, (*_ROWS, str, bytes, Mapping)):
        return values
    series = frames.series(values)
    if series is not None:
        return series
    columns = frames.columns(values) if hasattr(values, "columns") else None
    if columns is not None:
        if len(columns) != 1:
            raise ValueError(f"one column is needed, not the {len(columns)} of a frame")
        return next(iter(columns.values()))
    for name in ("tolist", "to_list", "to_pylist"):  # NumPy and pandas; Polars; Arrow
        if callable(listed := getattr(values, name, None)):
            return listed()
    if hasattr(values, "__array__"):
        return _array(values).tolist()
    return list(values) if isinstance(values, (Sequence, range)) else values


def learned(X: Any, y: Any) -> dict[str, Any]:
    """X and y as members of kwargs; y that is a text is the name of the column to learn."""
    members = {"X": rows(X)}
    if y is not None:
        members["target" if isinstance(y, str) else "y"] = cells(y)
    return members


def compared(X: Any, y: Any) -> dict[str, Any]:
    """X and y as members of a body of /evaluate; y that is a text is taken out of X by its name.

    Raises ValueError where X has no column of this name.
    """
    features = rows(X)
    if not isinstance(y, str):
        return {"features": features} | ({} if y is None else {"y": cells(y)})
    if isinstance(features, dict):
        _refuse_missing(y, features)
        rest = {name: value for name, value in features.items() if name != y}
        one = not isinstance(features[y], _ROWS)
        return {"features": [rest] if one else rest, "y": [features[y]] if one else features[y]}
    features = features if isinstance(features, _ROWS) else [features]
    for row in features:
        _refuse_missing(y, row)
    others = [{name: value for name, value in row.items() if name != y} for row in features]
    return {"features": others, "y": [row[y] for row in features]}


def _refuse_missing(name: str, row: Any) -> None:
    """Columns that this name is none of, or that have no names."""
    if not isinstance(row, Mapping):
        raise ValueError(f"y: {name!r} names a column, and those of X have no names; give a list")
    if name not in row:
        there = ", ".join(map(repr, row))
        raise ValueError(f"y: {name!r} is no column of X, or not of each row; there are {there}")


def encoded(value: Any) -> bytes:
    """The value as JSON in UTF-8; NaN becomes null, which is a gap.

    Raises ValueError, with the place, for infinity, and TypeError for what JSON has no form for.
    """
    try:
        text = json.dumps(value, default=_plain, allow_nan=False, separators=(",", ":"))
    except ValueError:  # NaN is in it, or infinity
        text = json.dumps(_finite(value, ()), allow_nan=False, separators=(",", ":"))
    return text.encode()


def _plain(value: Any) -> Any:
    """What is none of JSON's, but stands for something that is: a number of NumPy's, a date."""
    if any(value is mark for mark in _missing()):
        return None
    for name in ("tolist", "isoformat"):
        if callable(make := getattr(value, name, None)) and type(made := make()) is not type(value):
            return made
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__float__"):  # such as Decimal
        return float(value)
    raise TypeError(
        f"{type(value).__name__} is nothing that JSON has: send numbers, texts, true or false, "
        "and None for gaps"
    )


def _finite(value: Any, place: tuple[Any, ...]) -> Any:
    if isinstance(value, float):
        if math.isinf(value):
            where = "".join(f"[{part!r}]" for part in place)
            raise ValueError(f"{where} is {value}: send a finite number, or None for a gap")
        return None if math.isnan(value) else value
    if isinstance(value, Mapping):
        return {name: _finite(one, (*place, name)) for name, one in value.items()}
    if isinstance(value, _ROWS):
        return [_finite(one, (*place, i)) for i, one in enumerate(value)]
    if value is None or isinstance(value, (str, int)):
        return value
    return _finite(_plain(value), place)


def _missing() -> list[Any]:
    """pandas' marks for what is not there, for who has pandas."""
    pandas = sys.modules.get("pandas")
    return [] if pandas is None else [pandas.NA, pandas.NaT]


def _array(values: Any) -> Any:
    import numpy as np

    return np.asarray(values)
