"""Frames of any library as columns by name, whose cells are what JSON has, and None for gaps.

No such library is loaded here: pandas is known where whoever calls has loaded it, and the others
say themselves what they hold.
"""

import sys
from collections.abc import Iterable
from typing import Any

Cells = list[Any]


def columns(X: Any) -> dict[str, Cells] | None:
    """The columns of a frame, in their order; None if X is none.

    Raises TypeError for a column that is neither numbers, text, truth values nor times, and
    ValueError where two have one name.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        return _named((str(name), series(X.iloc[:, j]) or []) for j, name in enumerate(X.columns))
    if hasattr(X, "__arrow_c_stream__"):
        from fitserve.client import arrow

        return _named(arrow.columns(X))
    if hasattr(X, "__dataframe__"):
        from fitserve.client import interchange

        return _named(interchange.columns(X))
    return None


def row(X: Any) -> dict[str, Any] | None:
    """The cells by name of a row of pandas' (`df.iloc[0]`); None if X is none."""
    cells = series(X)
    if cells is None:
        return None
    return {str(name): cell for name, cell in zip(X.index, cells, strict=True)}


def series(values: Any) -> Cells | None:
    """The cells of a series of pandas', of which whatever it holds to be a gap is None."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(values, pandas.Series):
        return None
    cells: Cells = values.tolist()
    if values.hasnans:
        return [None if gap else cell for cell, gap in zip(cells, values.isna(), strict=True)]
    return cells


def _named(pairs: Iterable[tuple[str, Cells]]) -> dict[str, Cells]:
    named: dict[str, Cells] = {}
    for name, cells in pairs:
        if name in named:
            raise ValueError(f"two columns are called {name!r}: rename one")
        named[name] = [None if cell != cell else cell for cell in cells]  # NaN is a gap
    return named
