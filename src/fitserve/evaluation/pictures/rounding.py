"""Numbers as pictures tell them: with as many digits as can be seen."""

from typing import Any

import numpy as np

DIGITS = 5


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
