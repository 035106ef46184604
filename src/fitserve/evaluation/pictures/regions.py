"""What it answers where: the model's answers over a plane, and the rows on it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray, codes
from fitserve.errors import InvalidRequest
from fitserve.evaluation.pictures.ground import ragged, runs, smoothed
from fitserve.evaluation.pictures.planes import Plane, candidates, cost
from fitserve.evaluation.pictures.rounding import along, rounded
from fitserve.evaluation.pictures.shown import shown
from fitserve.evaluation.pictures.subject import LeftOut, Sample, Subject
from fitserve.models.base import Codes, Model

GRIDS = ((112, 84), (56, 42), (28, 21))
"""The finest that the budget affords is asked."""
HONEST = 0.8
"""Where the plane agrees with the model less often, its ground would mislead."""
MARGIN = 0.04
PASSES = 3  # that smooth a ground, at most
FEW = 30  # rows that the planes are compared by, at least


def picture(subject: Subject) -> dict[str, Any] | None:
    """`points` on the plane of two `axes`, each with the group of its class, and which are `wrong`
    (null where none were held out); `ground`: the groups of the answers over `extent` (left,
    right, bottom, top), line by line from the bottom as runs `[group, cells, ...]`.

    Two axes are a shadow. Of the possible planes that is taken on which the model's answers, asked
    at each row's shadow, agree most often with its answers to the rows themselves: `agreement`.
    `share` is how much of the variance it holds. Where they agree too little, `ground` is null.
    """
    sample = subject.sample
    if subject.model.classes_ is None or sample is None or sample.y is None:
        return None
    of = shown(subject)
    asked = _Asked(subject, sample)
    plane, agreement = asked.most_honest()
    places = plane.places(sample.X)
    if not np.isfinite(places).all():
        raise LeftOut("Its numbers are too large to be laid on a plane.")
    extent = _extent(places)
    ground = None
    if agreement >= HONEST:
        ground = _told(of.of[asked.over(plane, extent)], of.n_groups)
    wrong = None if sample.predicted is None else np.flatnonzero(sample.y != sample.predicted)
    return of.told() | {
        "axes": plane.named(subject.names),
        "at_one_scale": plane.at_one_scale,
        "extent": [*along(extent[:2]), *along(extent[2:])],
        "points": {
            "x": along(places[:, 0]),
            "y": along(places[:, 1]) if len(plane.axes) > 1 else None,
            "of": of.of[sample.y].tolist(),
        },
        "wrong": None if wrong is None else wrong.tolist(),
        "agreement": rounded(agreement),
        "share": rounded(plane.share),
        "ground": ground,
    }


class _Asked:
    """A model that is asked at the shadows of rows."""

    def __init__(self, subject: Subject, sample: Sample) -> None:
        self.model, self.budget, self.X = subject.model, subject.budget, sample.X
        self.planes = self.budget.work(cost(self.X), lambda: candidates(subject, self.X))
        if not self.planes:
            raise LeftOut("All rows are alike, or too far apart to be laid on a plane.")
        self.beside = 10.0 * self.X.shape[1]  # operations that make a row of a place
        self.limits = self.X.min(axis=0), self.X.max(axis=0)

    def most_honest(self) -> tuple[Plane, float]:
        """The plane, and on which share of the rows it agrees with the model."""
        n_planes = len(self.planes)
        most = self.budget.rows(self.beside) // (2 * n_planes + 2)  # the rest is for the ground
        if most < FEW:
            raise LeftOut("This model is too large for it to be drawn in the time there is.")
        some = self.X[:: -(-len(self.X) // most)]
        own = self.budget.ask(self._codes, some)
        shares = []
        for plane in self.planes:
            answers = self.at(plane, plane.places(some))
            shares.append(float(np.mean(answers == own)))
        best = int(np.argmax(shares))
        return self.planes[best], shares[best]

    def over(self, plane: Plane, extent: FloatArray) -> Codes:
        """The answers in the middle of each cell, `(rows, columns)`, the lowest row first."""
        flat = len(plane.axes) == 1
        grids = [(columns, 1 if flat else rows) for columns, rows in GRIDS]
        most = self.budget.rows(self.beside)
        columns, rows = next((grid for grid in grids if grid[0] * grid[1] <= most), grids[-1])
        left, right, bottom, top = extent
        x = left + (right - left) * (np.arange(columns) + 0.5) / columns
        y = bottom + (top - bottom) * (np.arange(rows) + 0.5) / rows
        places = np.column_stack([np.tile(x, rows), np.repeat(y, columns)])
        answers = self.at(plane, places[:, : len(plane.axes)])
        return answers.reshape(rows, columns)

    def at(self, plane: Plane, places: FloatArray) -> Codes:
        return self.budget.ask(
            lambda some: self._codes(self._askable(plane.rows(some))), places, self.beside
        )

    def _codes(self, X: FloatArray) -> Codes:
        assert self.model.classes_ is not None
        return codes(self.model.predict(X), self.model.classes_)

    def _askable(self, X: FloatArray) -> FloatArray:
        """The shadows, or what is nearest within the range of the rows, where a type cannot be
        asked about some numbers, such as counts below 0."""
        return X if _takes(self.model, X) else np.clip(X, *self.limits)


def _takes(model: Model, X: FloatArray) -> bool:
    try:
        model.refuse_rows(X)
    except InvalidRequest:
        return False
    return True


def _extent(places: FloatArray) -> FloatArray:
    low, high = places.min(axis=0), places.max(axis=0)
    alone = np.maximum(np.abs(low), 1.0)  # where all are at one place
    room = np.where(high > low, MARGIN * (high - low), alone)
    edges = np.column_stack([low - room, high + room]).ravel()
    return edges if len(edges) == 4 else np.append(edges, [0.0, 1.0])


def _told(cells: NDArray[Any], n_groups: int) -> dict[str, Any]:
    shape, rough = cells, ragged(cells)
    for _ in range(PASSES):
        if ragged(shape):
            shape = smoothed(shape, n_groups)
    rows, columns = shape.shape
    return {"columns": columns, "rows": rows, "smoothed": rough, "runs": runs(shape)}
