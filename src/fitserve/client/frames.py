"""Frames of any library as columns by name, whose cells are what JSON has, and None for gaps.

No such library is loaded here: pandas is known where whoever calls has loaded it, and the others
say themselves what they hold.
"""

import sys
from typing import Any

Cells = list[Any]


def columns(X: Any) -> dict[str, Cells] | None:
    """The columns of a frame; None if X is none.

    Raises TypeError for cells that are neither numbers, texts, truth values nor dates.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        return _named((name, _of_pandas(X.iloc[:, j])) for j, name in enumerate(X.columns))
    return None


def _named(pairs: Any) -> dict[str, Cells]:
    named: dict[str, Cells] = {}
    for name, cells in pairs:
        if str(name) in named:
            raise ValueError(f"two columns are called {name!r}: rename one")
        named[str(name)] = cells
    return named


def _of_pandas(series: Any) -> Cells:
    """Its cells; whatever pandas holds to be a gap is None."""
    cells: Cells = series.tolist()
    if series.hasnans:
        return [None if gap else cell for cell, gap in zip(cells, series.isna(), strict=True)]
    return cells
