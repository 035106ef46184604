"""What float64 does not hold of what is computed: which number is to blame, and what helps."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray, Target
from fitserve.data.encoding import Encoder, NumberEncoder
from fitserve.data.outliers import Numbers, as_gaps, outliers
from fitserve.errors import LISTED, Advice, Fault, InvalidRequest

HUGE = 1e150
"""Beyond this, squares overflow."""


def too_large(X: FloatArray, rows: Sequence[int]) -> Iterator[Fault]:
    """In rows that a model cannot predict for, since what it computes of them overflows, the
    largest number and each other whose square does."""
    for row in rows:
        sizes = np.abs(X[row])
        for column in np.flatnonzero(sizes >= min(HUGE, float(sizes.max()))).tolist():
            said = (
                f"the number {X[row, column]:g} is too large to compute with, beside what the "
                f"model was trained on; leave its row out, or {_LIKE_IT}"
            )
            yield _of_cell(X, row, column, said)


def too_far(X: FloatArray, row: int, column: int) -> Fault:
    """A row without a probability, and its number that is the farthest from all training rows."""
    said = (
        f"the number {X[row, column]:g} is so far from what the model was trained on that its "
        f"probability is 0 to machine precision; leave its row out, or {_LIKE_IT}"
    )
    return _of_cell(X, row, column, said)


_LIKE_IT = "train on rows that have such numbers"


def _of_cell(X: FloatArray, row: int, column: int, said: str) -> Fault:
    number = float(X[row, column])
    return Fault(("X", row, column), said, "overflow", (), column, number)


def as_sent(fault: Fault, encoder: Encoder) -> Fault:
    """The same, of the number that was sent in a column which this one standardized."""
    if fault.number is None or not isinstance(encoder, NumberEncoder) or encoder.plain:
        return fault
    said = fault.msg.replace(f"{fault.number:g}", f"{encoder.undone(fault.number):g}", 1)
    return replace(fault, msg=said)


def too_large_an_answer(row: int, size: float) -> Fault:
    """A row whose prediction overflows, as `y` of this size was learned."""
    size = min(size, 1.7e308)
    said = (
        f"the prediction for this row overflows float64, as the model was trained on a y of size "
        f"{size:.2g}; leave the row out, or divide y by {_unit(size):g} and train anew"
    )
    return Fault(("X", row), said, "overflow")


def too_large_in_all(X: FloatArray) -> InvalidRequest:
    """Numbers too large, or too small, for what was to be computed from them."""
    sizes = np.abs(X[X != 0.0])
    most = float(sizes.max(initial=0.0))
    columns = np.abs(X).max(axis=0)
    least = np.where(columns > 0.0, columns, np.inf)
    small = least < min(1.0 / max(most, 1e-308), most / HUGE)
    if small.any():
        return _columns_beside_the_rest(X, small)
    if most >= 1.0:
        return too_large_beside_the_rest(X)
    span = f"numbers of size {sizes.min():.3g} to {most:.3g}" if most else "zeros"
    said = (
        f"X holds {span}, too small to compute with; multiply its columns by "
        f"{min(1.0 / max(_unit(most), 1e-308), 1e308):g}{_OR_STANDARDIZE}"
    )
    return InvalidRequest.at(("X",), said, "overflow", remedies=[_STANDARDIZED])


def too_large_beside_the_rest(X: FloatArray) -> InvalidRequest:
    """The largest number of X, and of each other column whose numbers have squares that overflow:
    to scale one alone would leave the next."""
    sizes = np.abs(X).max(axis=0)
    return _columns_beside_the_rest(X, sizes >= min(HUGE, float(sizes.max())))


def _columns_beside_the_rest(
    X: FloatArray, which: NDArray[np.bool_], anew: bool = True
) -> InvalidRequest:
    columns = np.flatnonzero(which).tolist()
    faults = [one for j in columns for one in _beyond(X, j) or [beside_the_rest(X, j, anew)]]
    return InvalidRequest(faults[:LISTED], len(faults))


def _beyond(X: FloatArray, column: int) -> list[Fault]:
    """The numbers of a column that are far beyond all others of it: to divide it leaves them so."""
    far = outliers(Numbers("", X[:, column]))
    said = " is too large to compute with, beside the rest of X; mend it, or leave its row out"
    remedy = as_gaps("such numbers are left out with their rows", far)
    return [
        Fault(
            ("X", one.row, column), f"the number {one.number:g}{said}", "overflow", remedy, column
        )
        for one in far
    ]


def beside_the_rest(X: FloatArray, column: int, anew: bool = True) -> Fault:
    """The largest number of a column, which may be too small: training cannot compute with it;
    `anew` is whether it can with columns brought to one scale."""
    row = int(np.abs(X[:, column]).argmax())
    number = X[row, column]
    size = abs(float(number))
    if size < 1.0:
        factor = min(1.0 / max(_unit(size), 1e-308), 1e308)
        said = (
            f"the number {number:g}, the largest of its column, is too small to compute with, "
            f"beside the rest of X; multiply the column by {factor:g}, or leave it out"
        )
    else:
        said = (
            f"the number {number:g} is too large to compute with, beside the rest of X; divide "
            f"the column by {_unit(size):g}"
        )
        others = np.abs(np.delete(X, row, axis=0)).max(initial=0.0)
        said += ", or leave its row out" if others < min(HUGE, size / 1e3) else ""
    said += _OR_STANDARDIZE if anew else ""
    return Fault(("X", row, column), said, "overflow", (_STANDARDIZED,) * anew, column)


def standardized_already(fault: Fault) -> Fault:
    """The same, of columns that have been brought to one scale, without what asks for that."""
    said = fault.msg.replace(_OR_STANDARDIZE, "")
    return replace(fault, msg=said, remedies=tuple(r for r in fault.remedies if r != _STANDARDIZED))


_OR_STANDARDIZE = ", or set standardize to true"
_STANDARDIZED = Advice("columns are standardized", {"standardize": True})


@contextmanager
def in_training(X: FloatArray, y: Target | None) -> Iterator[None]:
    """Say of the faults found in training, which may lie in a part of X, what is to blame of all
    that is trained on: y, or all columns of X whose numbers are too large."""
    try:
        yield
    except InvalidRequest as error:
        if any(fault.type != "overflow" for fault in error.faults):
            raise
        if y is not None and y.dtype.kind == "f":
            sizes = np.abs(y)
            if sizes.max() > max(HUGE, np.abs(X).max()):
                raise InvalidRequest([_of_y(y, int(sizes.argmax()))]) from None
        blamed = [one.column for one in error.faults if one.column is not None and one.loc[2:]]
        if len(blamed) < len(error.faults):
            raise
        anew, sizes = all(one.remedies for one in error.faults), np.abs(X).max(axis=0)
        which = np.zeros(len(sizes), dtype=np.bool_)
        which[blamed] = True
        if not anew and sizes.max() < HUGE:  # it is so beside the other folds, as standardized
            beyond = np.array([bool(_beyond(X, j)) for j in range(len(sizes))])
            if not beyond.any():
                raise InvalidRequest(
                    [_held_out(X, j) for j in np.flatnonzero(which).tolist()]
                ) from None
            which = beyond  # blamed is the largest number of a row, which may be another
        elif (sizes[which] >= 1.0).all():  # blamed may be a row that it was compared with
            which = sizes >= min(HUGE, float(sizes.max()))
        raise _columns_beside_the_rest(X, which, anew) from None


def _held_out(X: FloatArray, column: int) -> Fault:
    row = int(np.abs(X[:, column]).argmax())
    number = float(X[row, column])
    said = f"the number {number:g} is too large to compute with, beside the rows of other folds"
    said += "; leave its row out"
    return Fault(("X", row, column), said, "overflow", (), column, number)


def _of_y(y: Target, row: int) -> Fault:
    if far := outliers(Numbers("", y)):
        said = f"the number {y[row]:g} is too large to compute with; mend it, or leave its row out"
        remedy = as_gaps("such numbers are left out with their rows", far)
        return Fault(("y", row), said, "overflow", remedy)
    said = (
        f"the number {y[row]:g} is too large to compute with: sums and squares of such numbers "
        f"overflow float64; divide y by {_unit(abs(float(y[row]))):g}"
    )
    return Fault(("y", row), said, "overflow")


def _unit(size: float) -> float:
    """The power of ten just below it."""
    return float(10.0 ** np.floor(np.log10(size))) if size > 0.0 else 1.0
