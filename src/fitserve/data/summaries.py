"""A column in a few numbers, for people to see what they sent."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.errors import clip

BARS = 18
MOST_FREQUENT = 6


def number_summary(values: FloatArray) -> dict[str, Any]:
    """Least, median and greatest of finite values, at least one, and how many lie in each of
    `BARS` equal stretches between."""
    least, greatest = float(values.min()), float(values.max())
    width = greatest / BARS - least / BARS  # in this order: their difference may overflow
    where = np.zeros(len(values), np.intp)
    if width > 0.0:
        where = np.minimum((values / width - least / width).astype(np.intp), BARS - 1)
    counts = np.bincount(np.maximum(where, 0), minlength=BARS)
    return {
        "min": least,
        "median": median(values),
        "max": greatest,
        "counts": counts.tolist(),
    }


def median(values: FloatArray) -> float:
    """The median, also where the sum of the two in the middle is beyond float64."""
    with np.errstate(over="ignore"):
        middle = float(np.median(values))
    return middle if np.isfinite(middle) else 2.0 * float(np.median(values / 2.0))


def frequency_summary(counts: Mapping[str, int]) -> dict[str, Any]:
    """The most frequent texts, and how often each is there; ties to the smallest."""
    top = sorted(counts, key=lambda text: (-counts[text], text))[:MOST_FREQUENT]
    return {"values": [clip(text) for text in top], "counts": [counts[text] for text in top]}
