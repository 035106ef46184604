"""Numbers as pictures tell them: with as many digits as can be seen."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray

DIGITS = 5


def along(values: FloatArray) -> list[float]:
    """Finite places on an axis, `(m,)`, to so many digits of their range: far from 0 more digits
    are needed to tell them apart."""
    if not len(values):
        return []
    with np.errstate(all="ignore"):
        span = float(values.max() - values.min()) or abs(float(values[0]))
        if not 1e-290 < span < 1e290:
            near = values
        else:
            near = np.round(values, DIGITS - 1 - int(np.floor(np.log10(span))))
    places: list[float] = (near if np.isfinite(near).all() else values).tolist()
    return places


def rounded(values: Any, digits: int = DIGITS) -> Any:
    """A number, or lists of numbers as the array has them, each to so many digits; what is not
    finite is None."""
    given = np.asarray(values, dtype=np.float64)
    with np.errstate(all="ignore"):
        size = np.floor(np.log10(np.abs(given)))
        places = 10.0 ** (digits - 1 - np.where(np.isfinite(size), size, 0.0))
        near = np.round(given * places) / places
    near = np.where(np.isfinite(near), near, given)
    if np.isfinite(near).all():
        return near.tolist()
    whole = near.astype(object)
    whole[~np.isfinite(near)] = None
    return whole.tolist()
