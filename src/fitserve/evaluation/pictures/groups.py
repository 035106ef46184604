"""The groups of a model without y: rows, centres and normal distributions, on a plane."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.grouping import Grouping, grouping
from fitserve.evaluation.pictures.planes import Plane, candidates, cost
from fitserve.evaluation.pictures.rounding import along, rounded
from fitserve.evaluation.pictures.subject import LeftOut, Subject
from fitserve.models.gmm import GaussianMixture

FEW = 30  # rows that planes are compared by, at least


def picture(subject: Subject) -> dict[str, Any] | None:
    """`points` on the plane of two `axes`, each with the place of its group among those told
    apart, and which of them are `between` two groups (of a mixture the share that is not: `sure`);
    the `centres` of all groups, with the `sizes` of these in the rows that were kept; and of a
    mixture the `covariances` on the plane.

    Of the possible planes that is taken on which the model puts most rows' shadows into the same
    group as the rows: `agreement`. `share` is how much of the variance it holds.
    """
    found = grouping(subject)
    if found is None:
        return None
    plane, agreement = _most_honest(subject, found)
    places, centres = plane.places(found.X), plane.places(found.centres)
    if not (np.isfinite(places).all() and np.isfinite(centres).all()):
        raise LeftOut("Its numbers are too large to be laid on a plane.")
    flat = len(plane.axes) == 1
    covariances = None
    if isinstance(subject.model, GaussianMixture):
        ellipses = covariances_on(subject, plane)
        if not np.isfinite(ellipses).all():
            raise LeftOut("Its numbers are too large to be laid on a plane.")
        covariances = rounded(ellipses)
    return found.shown.told() | {
        "axes": plane.named(subject.names),
        "at_one_scale": plane.at_one_scale,
        "points": {
            "x": along(places[:, 0]),
            "y": None if flat else along(places[:, 1]),
            "of": found.shown.of[found.of].tolist(),
        },
        "between": np.flatnonzero(found.between).tolist(),
        "sure": None if covariances is None else rounded(1.0 - found.between.mean()),
        "centres": rounded(centres),
        "marks": found.shown.of.tolist(),
        "sizes": found.sizes,
        "covariances": covariances,
        "agreement": rounded(agreement),
        "share": rounded(plane.share),
    }


def _most_honest(subject: Subject, found: Grouping) -> tuple[Plane, float]:
    """The plane, and on which share of the rows it agrees with the model."""
    m, p = found.X.shape
    planes = subject.budget.work(cost(found.X), lambda: candidates(subject, found.X))
    if not planes:
        raise LeftOut("All rows are alike, or too far apart, to be laid on a plane.")
    beside = 10.0 * p  # operations that make a row of a place
    most = subject.budget.rows(beside) // (len(planes) + 1)
    if most < min(FEW, m):
        raise LeftOut("This model is too large for it to be drawn in the time there is.")
    step = -(-m // most)
    some, own = found.X[::step], found.of[::step]

    def agreement(plane: Plane) -> float:
        shadows = plane.rows(plane.places(some))
        return float(np.mean(subject.budget.ask(subject.model.predict, shadows, beside) == own))

    shares = [agreement(plane) for plane in planes]
    best = int(np.argmax(shares))
    return planes[best], shares[best]


def covariances_on(subject: Subject, plane: Plane) -> FloatArray:
    """Of each normal distribution on the plane: `(k, 2, 2)`, or `(k, 1, 1)` of one column."""
    model = subject.model
    assert isinstance(model, GaussianMixture)
    k, p = model.shift_.shape
    onto = plane.axes / plane.scale
    roots = model.precisions_cholesky_
    if model.covariance_type in ("full", "tied"):
        cost = (k if model.covariance_type == "full" else 1) * float(p) ** 3

        def whiten() -> FloatArray:
            return np.broadcast_to(np.linalg.solve(roots, onto.T), (k, p, len(onto)))

        white = subject.budget.work(cost, whiten)
    else:
        roots = roots if model.covariance_type == "diag" else roots[:, None]
        white = onto.T / np.broadcast_to(roots, (k, p))[:, :, None]
    covariances: FloatArray = white.swapaxes(1, 2) @ white
    return covariances
