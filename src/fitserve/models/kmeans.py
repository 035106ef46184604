"""K-means clustering."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from math import isqrt
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.errors import COUNTED, Advice, InvalidRequest, refuse
from fitserve.models.base import Codes, Model
from fitserve.models.hyperparameters import COUNT, Drowned, hyperparameters
from fitserve.models.numerics import EPS, thinned
from fitserve.models.overflow import too_large

_LEAST = 1e-150
"""Below this, squares underflow."""


@hyperparameters
class KMeans(Model):
    """Groups rows around the centres that lie nearest to them, in squared Euclidean distance.

    Lloyd's iterations (Lloyd, Least squares quantization in PCM, 1982) from the seeds of greedy
    k-means++ (Arthur, Vassilvitskii, k-means++: the advantages of careful seeding, 2007). What
    is minimised, over `n_init` starts, is the inertia: the sum of the squared distances of the
    rows to their centres. The loss is that divided by the number of rows. A row that is equally
    near to several centres belongs to the first of them.
    """

    tasks = ("clustering",)
    copies = 6.5
    scale_matters = True
    iterating = True
    metric = "inertia"
    aliases: ClassVar[Mapping[str, str]] = {"k": "n_clusters"}
    needing: ClassVar = {one: {"n_clusters": None} for one in ("init", "n_init", "max_iter", "tol")}

    n_clusters: int = Field(default=8, ge=1, le=COUNT, description="Number of clusters.")
    init: Literal["k-means++", "random"] = Field(
        default="k-means++",
        description="First centres: rows far apart from each other, or any rows.",
    )
    n_init: Annotated[int, Field(ge=1, le=COUNT)] | Literal["auto"] = Field(
        default="auto",
        description="Number of starts, of which the best is kept; auto: 1, or 10 with random init.",
    )
    max_iter: int = Field(default=300, ge=1, le=COUNT, description="Most iterations of one start.")
    tol: float = Field(
        default=1e-4,
        ge=0.0,
        description="Done when the centres move by less, as a share of the mean column variance.",
    )

    def stretch(self) -> float:
        return 10.0 * self.n_samples_ * self.n_features_in_ * self.n_clusters  # the seeds

    def drowned(self, reach: float) -> Drowned | None:
        underflow = Drowned(None, "squares are 0 in float64 (underflow)")
        return underflow if reach < _LEAST else None

    def _fit(self, X: FloatArray, y: None) -> None:
        # By a power of two, and so without rounding, into a range where squares neither
        # overflow nor vanish; then around the mean, so that an offset costs no digits.
        self.scale_ = float(np.ldexp(1.0, min(-np.frexp(max(X.max(), -X.min()))[1], 1000)))
        scaled = X * self.scale_
        self.centre_ = scaled.mean(axis=0)
        rows = Rows(np.subtract(scaled, self.centre_, out=scaled), self.n_clusters)
        self._refuse_too_few(scaled)

        rng = self._rng()
        starts = (10 if self.init == "random" else 1) if self.n_init == "auto" else self.n_init
        tol = self.tol * rows.mean_square / rows.n_features
        least = np.inf
        for start in range(starts):
            if self.init == "random":
                centres = rows.X[rng.choice(rows.n, self.n_clusters, replace=False)]
            else:
                centres = greedy_seeds(rows, self.n_clusters, rng)
            losses: list[float] = []
            converged = False
            while not converged and len(losses) < self.max_iter:
                moved, loss, settled = improved(rows, centres)
                converged = settled and float(((moved - centres) ** 2).sum()) <= tol
                centres = moved
                losses.append(loss / self.scale_ / self.scale_)
                self._iterated(
                    start * self.max_iter + len(losses),
                    of=starts * self.max_iter,
                    loss=losses[-1] if np.isfinite(losses[-1]) else None,
                )
            inertia = rows.inertia(centres)
            if inertia < least:
                least, curve = inertia, losses
                self.converged_, best = converged, centres
        self.cluster_centers_ = (best + self.centre_) / self.scale_
        self.n_iter_ = len(curve)
        told = np.isfinite(curve).all() and not rows.drowned(least)
        self.loss_curve_ = thinned(curve) if told else None

    def _check(self, X: FloatArray, y: None) -> None:
        if len(X) < self.n_clusters:
            distinct = count_distinct(X, enough=self.n_clusters)
            of_them = "" if distinct == len(X) else f", {distinct} of them different"
            said = f"{self.n_clusters} clusters need as many rows, and X has {len(X)}{of_them}"
            raise too_many("n_clusters", said, "too_few_rows", distinct, len(X))
        if len(X) == self.n_clusters > 1:
            self._advice.append(one_each(len(X), "cluster", "n_clusters"))

    def _refuse_too_few(self, rows: FloatArray) -> None:
        distinct = count_distinct(rows, enough=self.n_clusters)
        if distinct < self.n_clusters:
            said = f"{self.n_clusters} clusters need as many different rows, and X has {distinct}"
            raise too_many("n_clusters", said, "too_few_distinct_rows", distinct, len(rows))

    def _reduced(self, X: FloatArray) -> tuple["Rows", FloatArray]:
        """X and the centres in the units that training took."""
        rows = Rows(X * self.scale_, self.n_clusters, origin=self.centre_)
        lost = np.flatnonzero(~np.isfinite(np.concatenate(rows.lengths)))[:COUNTED]
        refuse(too_large(X, lost.tolist()))
        return rows, self.cluster_centers_ * self.scale_

    def _predict(self, X: FloatArray) -> Codes:
        rows, centres = self._reduced(X)
        return rows.labels(centres)

    def _score(self, X: FloatArray, y: Any) -> float | None:
        """The inertia; None where it is lost in the rounding of far larger numbers."""
        rows, centres = self._reduced(X)
        inertia = rows.inertia(centres)
        if rows.drowned(inertia):
            labels = rows.labels(centres)
            found, first = np.unique(labels, return_index=True)
            if (X[first[np.searchsorted(found, labels)]] != X).any():
                return None
        return inertia / self.scale_ / self.scale_


class Rows:
    """Rows to be compared with centres, as the columns of blocks that stay in the cache.

    A block is `(n_features + 1, n)` with a last line of ones, so that one product with
    `[-c | c.c / 2]` gives half of the squared distance of every row to every centre (less a
    share that is the row's own), and one with the memberships gives sums and counts. Blocks are
    relative to `origin`, which is to lie amid the rows.
    """

    def __init__(self, X: FloatArray, n_centres: int, origin: FloatArray | float = 0.0) -> None:
        self.X, self.origin = X, origin
        self.n, self.n_features = X.shape
        self.size = min(max(2**15 // n_centres, 256), 4096)
        self.blocks = []
        for start in range(0, self.n, self.size):
            part = X[start : start + self.size]
            block = np.ones((self.n_features + 1, len(part)))
            np.subtract(part.T, np.reshape(origin, (-1, 1)), out=block[:-1])
            self.blocks.append(block)
        self.lengths = [np.abs(block[:-1]).sum(axis=0) for block in self.blocks]

    @cached_property
    def mean_square(self) -> float:
        return float(np.sum([(block[:-1] ** 2).sum() for block in self.blocks]) / self.n)

    def memberships(self, centres: FloatArray) -> Iterator[tuple[FloatArray, Any, FloatArray]]:
        """Block by block: the rows, which of the centres is theirs `(n_centres, n)`, one for
        each, and half of the squared distance to it less half of the row's own square."""
        local = centres - self.origin
        halves = 0.5 * (local**2).sum(axis=1, keepdims=True)
        lifted = np.concatenate([-local, halves], axis=1)
        radius = float(np.sqrt(2.0 * halves.max()))
        doubt = 4.0 * (self.n_features + 4) * EPS * radius
        for i, (block, length) in enumerate(zip(self.blocks, self.lengths, strict=True)):
            scores = lifted @ block
            least = scores.min(axis=0)
            mine = scores <= least + doubt * (length + radius)
            if np.count_nonzero(mine) > len(length):
                settle(mine, self.X[i * self.size :], centres)
            yield block, mine, least

    def labels(self, centres: FloatArray) -> Codes:
        parts = [mine.argmax(axis=0) for _, mine, _ in self.memberships(centres)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def distances(self, centres: FloatArray) -> FloatArray:
        """Squared distance `(n,)` of each row to its centre, to full precision."""
        local = np.transpose(centres - self.origin)
        return np.concatenate(
            [
                ((block[:-1] - local[:, mine.argmax(axis=0)]) ** 2).sum(axis=0)
                for block, mine, _ in self.memberships(centres)
            ]
        )

    def inertia(self, centres: FloatArray) -> float:
        return float(self.distances(centres).sum())

    def drowned(self, inertia: float) -> bool:
        """Whether rounding of the largest number alone may amount to as much."""
        rounding = EPS * float(np.abs(self.X).max())
        return inertia <= self.X.size * rounding * rounding


def settle(mine: Any, X: FloatArray, centres: FloatArray) -> None:
    """Leave each row one centre where rounding left several.

    Two centres a and b are compared by (a - b).(x - (a + b) / 2), which loses no digits to what
    is common to them, and in an order that does not depend on the other rows of the batch.
    """
    tied = np.flatnonzero(mine.sum(axis=0) > 1)
    rivals = mine[:, tied]
    rows = X[tied]
    best = rivals.argmax(axis=0)
    for j in range(1, len(centres)):
        at = np.flatnonzero(rivals[j])
        champion = centres[best[at]]
        ahead = ((champion - centres[j]) * (rows[at] - 0.5 * (champion + centres[j]))).sum(axis=1)
        best[at[ahead < 0.0]] = j
    mine[:, tied] = False
    mine[best, tied] = True


def improved(rows: Rows, centres: FloatArray) -> tuple[FloatArray, float, bool]:
    """One iteration of Lloyd's: the means of the rows of each centre; the mean squared distance
    of the rows to `centres`; and False if a centre had no rows and was put elsewhere."""
    sums = np.zeros((len(centres), rows.n_features + 1))
    total = 0.0
    for block, mine, least in rows.memberships(centres):
        sums += mine.astype(np.float64) @ block.T
        total += float(least.sum())
    counts = sums[:, -1:]
    moved = np.where(counts > 0.0, sums[:, :-1] / np.maximum(counts, 1.0), centres)
    own = rows.mean_square
    loss = own + 2.0 * total / rows.n
    empty = np.flatnonzero(counts[:, 0] == 0.0)
    if loss > 1e-6 * own and len(empty) == 0:
        return moved, loss, True
    # The difference above has lost digits, or the farthest rows are needed as new centres.
    distances = rows.distances(centres)
    farthest = np.argsort(-distances, kind="stable")[: len(empty)]
    moved[empty] = rows.X[farthest]
    return moved, float(distances.mean()), not distances[farthest].any()


def greedy_seeds(rows: Rows, k: int, rng: np.random.Generator) -> FloatArray:
    """k-means++: each next centre is drawn with probability proportional to the squared distance
    to the nearest one so far; of 2 + log(k) draws the one that lowers the inertia most."""
    seeds = rows.X[rng.integers(rows.n, size=1)]
    squares = [(block[:-1] ** 2).sum(axis=0) for block in rows.blocks]
    exact = False

    def distances(points: FloatArray) -> FloatArray:
        if exact:
            parts = [
                np.array([((block[:-1] - p[:, None]) ** 2).sum(axis=0) for p in points])
                for block in rows.blocks
            ]
        else:
            norms = (points**2).sum(axis=1, keepdims=True)
            lifted = np.concatenate([-2.0 * points, norms], axis=1)
            parts = [
                np.maximum(lifted @ block + square, 0.0)
                for block, square in zip(rows.blocks, squares, strict=True)
            ]
        return np.concatenate(parts, axis=1)

    nearest = distances(seeds)[0]
    whole = rows.n * rows.mean_square
    while len(seeds) < k:
        if not exact and nearest.sum() <= 1e-9 * whole:
            exact = True  # expanded squares are mostly rounding from here on
            nearest = distances(seeds).min(axis=0)
        upto = nearest.cumsum()
        draws = upto.searchsorted(rng.random(2 + int(np.log(k))) * upto[-1], side="right")
        points = rows.X[np.minimum(draws, rows.n - 1)]
        candidates = np.minimum(distances(points), nearest)
        chosen = candidates.sum(axis=1).argmin()
        nearest = candidates[chosen]
        seeds = np.concatenate([seeds, points[chosen : chosen + 1]])
    return seeds


def too_many(name: str, said: str, kind: str, distinct: int, n_rows: int) -> InvalidRequest:
    """More groups than there are different rows; where no two rows are alike, as many would tell
    nothing either (`one_each`)."""
    give = distinct if distinct < n_rows else _fewer(n_rows)
    most = f"at most {distinct}"
    return InvalidRequest.at(
        (name,),
        f"{said}; ask for {most if give == distinct else f'{give}, or {most}'}",
        kind,
        remedies=[Advice(f"{name} is {give}", {name: give})],
    )


def one_each(n_rows: int, group: str, name: str) -> Advice:
    """What to know of as many groups as rows, asked for by the hyperparameter of this name."""
    fewer = _fewer(n_rows)
    return Advice(
        f"Each of the {n_rows} rows is a {group} of its own, which tells nothing of them; give "
        f"{name} {fewer}.",
        {name: fewer},
    )


def _fewer(n_rows: int) -> int:
    """How many groups tell something of so few rows."""
    return max(isqrt(n_rows), min(2, n_rows - 1), 1)


def count_distinct(rows: FloatArray, enough: int) -> int:
    """Number of different rows; counting stops at `enough`, as a rule after as many rows."""
    seen: set[bytes] = set()
    for row in rows:
        seen.add((row + 0.0).tobytes())  # -0.0 is 0.0
        if len(seen) >= enough:
            break
    return len(seen)
