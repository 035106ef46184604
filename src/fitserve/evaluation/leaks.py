"""What lets a score promise too much: a column that holds the answer, rows that stand twice."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray, Target
from fitserve.data.columns import Columns
from fitserve.data.encoding import NumberEncoder
from fitserve.data.observations import column, listed
from fitserve.errors import Advice
from fitserve.models.base import Codes

LEAST = 10  # rows from which on it is hardly by chance that a column tells what y is
MANY = 5  # rows of each value that there are on average, or it is one by which rows are named
FEW = 20  # values of which several may go with one y; more name what the rows are of
SOME = 0.1  # of the rows stand twice, from which share on it is told
ALIKE = 0.9  # of the pairs that agree in their most telling column are copies, or are cases alike
_LOOKED_AT = 200  # rows in which most columns show already that they do not

Values = NDArray[np.float64] | NDArray[np.intp]

_MIXED = np.uint64(0x9E3779B97F4A7C15)


def of_answers(
    X: FloatArray, y: Target, classes: Codes | None, columns: Columns
) -> Iterator[Advice]:
    """Columns that tell what y is in each row, as what is to be learned does under another name. X
    is `(n_rows, n_encoded)`, `classes` the codes of y, `(n_rows,)`, where it has labels."""
    n = len(X)
    if n < LEAST:
        return
    some = np.linspace(0, n - 1, min(n, _LOOKED_AT)).astype(np.intp)
    n_classes = 0 if classes is None else len(np.unique(classes))
    found = []
    for encoder, start in zip(columns.encoders, columns.starts, strict=False):
        block = slice(start, start + encoder.width)
        if encoder.kind == "text":
            continue
        if classes is not None:
            most = max(n_classes, FEW) if n_classes > 1 else 0
            tells = all(
                _tells(_values(X[rows, block]), classes[rows], many)
                for rows, many in ((some, most), (slice(None), min(most, n // MANY)))
            )
        else:
            tells = isinstance(encoder, NumberEncoder) and all(
                _is_same(X[rows, start], y[rows], encoder) for rows in (some, slice(None))
            )
        if tells:
            found.append(encoder.name)
    if found:
        alone = len(found) == len(columns.encoders)
        yield Advice(
            f"{listed(map(column, found))}: in each of the {n:,} rows it tells what y is, as y "
            "itself does under another name, and a score says nothing then. If it is not known "
            "before y is, leave it out.",
            {} if alone else {"drop": found},
        )


def of_copies(X: FloatArray, y: Target, classes: Codes | None) -> Iterator[Advice]:
    """Rows that stand more than once, of which some are held out while others are trained on."""
    n = len(X)
    if n < LEAST:
        return
    mixed = _mix(y.astype(np.float64) if classes is None else classes.astype(np.float64))
    for j in range(X.shape[1]):
        mixed = (mixed ^ _mix(X[:, j])) * _MIXED
    counts = np.unique(mixed, return_counts=True)[1]
    copied = int(counts[counts > 1].sum())
    if copied >= max(LEAST, SOME * n) and (_all_copied(counts) or _unlikely(X, counts)):
        yield Advice(
            f"{copied:,} of {n:,} rows stand more than once, so that rows are held out that the "
            "model is trained on as well, and its score promises too much. If they are copies, "
            "and no cases that are alike, leave all but one of each out."
        )


def _all_copied(counts: NDArray[np.intp]) -> bool:
    """Whether each row stands twice, or each three times as often as it did, ..."""
    return len(counts) >= LEAST // 2 and int(np.gcd.reduce(counts)) > 1


def _unlikely(X: FloatArray, counts: NDArray[np.intp]) -> bool:
    """Whether rows that agree in the column of the most values agree in all others, too."""
    some = X[: 10 * _LOOKED_AT]
    values = [len(np.unique(some[:, j])) for j in range(X.shape[1])]
    if sum(many > 1 for many in values) < 2:
        return False
    agree = _pairs(np.unique(X[:, int(np.argmax(values))], return_counts=True)[1])
    return _pairs(counts) >= ALIKE * agree


def _pairs(counts: NDArray[np.intp]) -> int:
    return int((counts * (counts - 1) // 2).sum())


def _mix(values: FloatArray) -> NDArray[np.uint64]:
    """The bits of each number, spread over all places."""
    bits = (values + 0.0).view(np.uint64) * _MIXED
    return bits ^ (bits >> np.uint64(29))


def _values(block: FloatArray) -> Values:
    """The value of each row, of which a category has a column each."""
    return block[:, 0] if block.shape[1] == 1 else block.argmax(axis=1)


def _tells(values: Values, classes: Codes, most: int) -> bool:
    """Whether each of so many values at most goes with one class."""
    seen, codes = np.unique(values, return_inverse=True)
    if len(seen) > most:
        return False
    pairs = np.unique(codes.astype(np.int64) * (int(classes.max()) + 1) + classes)
    return len(pairs) == len(seen)


@np.errstate(over="ignore", invalid="ignore")
def _is_same(values: FloatArray, y: Target, encoder: NumberEncoder) -> bool:
    """Whether a column of numbers is y, but for its scale where that was taken away."""
    scaled = (y.astype(np.float64) - encoder.mean) / encoder.scale
    least = (1e-12 if encoder.plain else 1e-9) * float(np.abs(scaled).max(initial=0.0))
    return bool(np.allclose(values, scaled, rtol=1e-9, atol=least))
