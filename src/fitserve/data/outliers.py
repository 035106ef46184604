"""Numbers so far beyond all others of their column that they decide alone what it tells."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.data.observations import column as called
from fitserve.data.observations import listed
from fitserve.errors import Advice

FAR = 1e6
"""Times as large as any other: what people, money and counts come to lies far below it."""
FEW = 5
"""Numbers of a column that may be so, at most: of more each has others like it."""
_SHARE = 0.05  # of the numbers of a short column that may be so; one always may
_OTHERS = 3  # of a column, none 0, beside which one is told to be far: of fewer none is usual
_LOOKED_AT = 64  # numbers that rule out for most columns that there is one


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, `(n,)`, NaN for a gap."""

    name: str
    values: FloatArray

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest; NaN where there is none."""
        return float(np.fmin.reduce(self.values)), float(np.fmax.reduce(self.values))


@dataclass(frozen=True)
class Outlier:
    column: str
    row: int
    number: float
    times: float
    """As large as the largest of the other numbers of the column; at most 1e308."""


def outliers(column: Numbers) -> list[Outlier]:
    """The numbers of a column that are far beyond all others of it, in the order of the rows."""
    values = column.values
    cut = max(np.abs(column.ends)) / FAR
    some = values[:: max(1, len(values) // _LOOKED_AT)]
    if not cut > 0.0 or np.count_nonzero(np.abs(some) > cut) > FEW:
        return []
    sizes = np.abs(values)
    if np.count_nonzero(sizes > cut) > FEW:
        return []
    rows = np.flatnonzero(sizes > 0.0)  # which leaves gaps out
    most = max(0, min(FEW, max(1, int(_SHARE * len(rows))), len(rows) - _OTHERS))
    largest = rows[np.argsort(-sizes[rows], kind="stable")[: most + 1]]
    there = sizes[largest]
    steps = np.flatnonzero(there[:-1] / FAR >= there[1:])
    if not len(steps):
        return []
    far = largest[: steps[-1] + 1]
    with np.errstate(over="ignore"):
        times = np.minimum(there[: len(far)] / there[len(far)], 1e308).tolist()
    told = sorted(zip(far.tolist(), times, strict=True))
    return [Outlier(column.name, row, float(values[row]), many) for row, many in told]


def in_list(row: int) -> str:
    """Where a row of a list stands."""
    return f"row {row}, counted from 0"


def of_outliers(
    told: Sequence[Outlier],
    at: Callable[[int], str],
    words: Sequence[str] = (),
    *,
    filling: bool = False,
) -> Iterator[Advice]:
    """What to say of the outliers of a table; `at` tells where a row stands. What is set counts
    them as missing, as `words` do already: their rows are left out, or, if `filling`, filled."""
    if not told:
        return
    here = listed(f"{at(one.row)}: {one.number:g} in {called(one.column)}" for one in told)
    times = f"{min(one.times for one in told):.0e} times as large as"
    if len(told) == 1:
        said = f"{here} is {times} any other of the column, and so decides nearly alone what is"
        said, mend = f"{said} learned of it", "mend it, or leave the row out"
    else:
        said = f"{here}: each is at least {times} the rest of its column, and so they decide nearly"
        said, mend = f"{said} alone what is learned of it", "mend them, or leave the rows out"
    (advice,) = as_gaps(f"{said}; {mend}.", told, words, filling=filling)
    yield advice


def as_gaps(
    said: str, told: Sequence[Outlier], words: Sequence[str] = (), *, filling: bool = False
) -> tuple[Advice]:
    """What is said, and what a program could set so that these count as missing, as `words` do."""
    marks = [*words, *dict.fromkeys(_written(one.number) for one in told)]
    return (Advice(said, {"na_values": marks, "missing": "impute" if filling else "drop"}),)


def _written(number: float) -> str:
    return repr(number).removesuffix(".0")
