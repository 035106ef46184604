"""Numerics that several model types share."""

import numpy as np

from fitserve.validation import FloatArray


def log_sum_exp(a: FloatArray) -> FloatArray:
    """`log(sum(exp(a), axis=1))`, `(n, k) -> (n, 1)`, without overflow; all -inf gives -inf."""
    top = a.max(axis=1, keepdims=True)
    top[~np.isfinite(top)] = 0.0
    result: FloatArray = np.log(np.exp(a - top).sum(axis=1, keepdims=True)) + top
    return result


def softmax(a: FloatArray) -> FloatArray:
    """`exp(a)` scaled so that each row sums to 1, `(n, k) -> (n, k)`, without overflow."""
    e: FloatArray = np.exp(a - a.max(axis=1, keepdims=True))
    e /= e.sum(axis=1, keepdims=True)
    return e


def thinned(losses: list[float], most: int = 1000) -> list[float]:
    """At most about `most` of the losses, at even distances, the last one among them."""
    return losses[:: -(1 + max(len(losses) - 1, 0) // most)][::-1]
