"""The plane on which rows are shown that have more than two columns: their two principal axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.cells import table_columns
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import Subject

FAINT = 0.3
"""A column that weighs less than this, beside the heaviest, does not name an axis."""


@dataclass(frozen=True)
class Plane:
    """A row's place is `(X - origin) / scale @ axes.T`, `(m, 2)`; of one column `(m, 1)`."""

    origin: FloatArray
    scale: FloatArray
    axes: FloatArray
    share: float
    """Of the variance of the rows, how much they keep on it."""
    at_one_scale: bool
    """Whether each column counts alike, however far it spreads."""

    def places(self, X: FloatArray) -> FloatArray:
        return (X - self.origin) / self.scale @ self.axes.T

    def rows(self, places: FloatArray) -> FloatArray:
        """The rows that lie on the plane there, `(m, n_features)`."""
        return self.origin + self.scale * (places @ self.axes)

    def named(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Each axis by its heaviest columns, two at most, and what they weigh in it."""
        told = []
        for axis in self.axes:
            heaviest = np.argsort(-np.abs(axis), kind="stable")[:2]
            some = heaviest[np.abs(axis[heaviest]) >= FAINT * np.abs(axis[heaviest[0]])]
            told.append(
                {
                    "columns": [names[j] for j in some.tolist()],
                    "weights": rounded(axis[some]),
                }
            )
        return told


def cost(X: FloatArray) -> float:
    """Roughly how many operations `candidates` takes for rows `(m, p)`; those of products of
    matrices take less than others."""
    m, p = X.shape
    return float(0.2 * min(m, p) * m * p + min(m, p) ** 3)


def candidates(subject: Subject, X: FloatArray) -> list[Plane]:
    """The planes on which rows X `(m, p)` may be shown. Of one column, or two, it is they
    themselves, in the units of the table."""
    p = X.shape[1]
    if p <= 2:
        blocks = table_columns(subject)
        owners = [
            next(one for one in blocks if j in range(*one.block.indices(p))) for j in range(p)
        ]
        unit = np.array([one.unit for one in owners])
        zero = np.array([one.zero for one in owners])
        return [Plane(-zero / unit, 1.0 / unit, np.eye(p), 1.0, False)]
    both = (principal(X, at_one_scale=False), principal(X, at_one_scale=True))
    return [plane for plane in both if plane is not None]


def principal(X: FloatArray, *, at_one_scale: bool) -> Plane | None:
    """The plane along the two directions in which X `(m, p)` varies most (Pearson 1901), each
    turned so that its heaviest column counts up; None where nothing varies, or beyond float64."""
    with np.errstate(all="ignore"):
        origin = X.mean(axis=0)
        rows = X - origin
        unit = float(np.abs(rows).max(initial=0.0))
        if not np.isfinite(unit) or unit == 0.0:
            return None
        scale = np.full(X.shape[1], unit)
        if at_one_scale:
            spread = unit * (rows / unit).std(axis=0)
            scale = np.where(spread > 0.0, spread, 1.0)
        rows = rows / scale
        wide = rows.shape[1] > rows.shape[0]
        values, vectors = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
        order = np.argsort(-values)[:2]
        axes = (rows.T @ vectors[:, order]).T if wide else vectors[:, order].T
        length = np.sqrt(np.einsum("ij,ij->i", axes, axes))
        axes = axes[length > 0.0] / length[length > 0.0, None]
        total = float(np.einsum("ij,ij->", rows, rows))
    if not len(axes) or not np.isfinite(axes).all() or not np.isfinite(total) or total == 0.0:
        return None
    heaviest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    share = float(np.maximum(values[order], 0.0).sum() / total)
    signed = axes * np.sign(heaviest)[:, None]
    if not at_one_scale:  # places in the columns' own units
        return Plane(origin, np.ones(X.shape[1]), signed, min(share, 1.0), False)
    return Plane(origin, scale, signed, min(share, 1.0), True)
