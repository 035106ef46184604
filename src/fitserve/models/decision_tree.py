"""Decision tree."""

import heapq
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fitserve.errors import InvalidRequest
from fitserve.models.base import Model, hyperparameters
from fitserve.validation import FloatArray

Ints = NDArray[np.intp]

IMPURE = float(np.finfo(np.float64).eps)  # an impurity above this is worth splitting
CLASSIFYING = ("gini", "entropy", "log_loss")


@hyperparameters
class DecisionTree(Model):
    """Asks of one column after another whether it is at most a threshold, down to a leaf.

    CART (Breiman, Friedman, Olshen, Stone, Classification and Regression Trees, 1984): each
    node takes the split of all columns and thresholds that lowers the impurity most, exactly;
    of equal ones that of the first column, then of the lowest threshold. Thresholds lie midway
    between neighbouring values. The loss is the mean impurity of a row's leaf.
    """

    tasks = ("classification", "regression")
    gives_probabilities = True

    criterion: Literal["gini", "entropy", "log_loss", "squared_error"] | None = Field(
        default=None,
        description="Impurity: gini (default) or entropy (also called log_loss) of the classes, "
        "squared_error for regression.",
    )
    max_depth: int | None = Field(default=None, ge=1, description="Most questions on a way down.")
    min_samples_split: int = Field(default=2, ge=2, description="Fewest rows to split.")
    min_samples_leaf: int = Field(default=1, ge=1, description="Fewest rows on a side of a split.")
    max_leaf_nodes: int | None = Field(
        default=None, ge=2, description="Most leaves; the best splits are then made first."
    )
    min_impurity_decrease: float = Field(
        default=0.0, ge=0.0, description="A split must lower the mean impurity by this much."
    )
    class_weight: Literal["balanced"] | None = Field(
        default=None, description="balanced: rows of rare classes count more."
    )
    task: Literal["classification", "regression"] | None = Field(
        default=None,
        description="What y is; left out, regression when y holds a number that is not whole.",
    )

    def _fit(self, X: FloatArray, y: NDArray[Any]) -> None:
        for kept in ("_walk", "_flat"):
            vars(self).pop(kept, None)
        growth = Growth(X, self._targets(y), self._impurity(), self)
        if self.max_leaf_nodes is None:
            growth.by_levels(self)
        else:
            growth.best_first(self, self.max_leaf_nodes)
        self.feature_ = np.array(growth.feature, dtype=np.intp)
        self.threshold_ = np.array(growth.threshold)
        self.left_ = np.array(growth.left, dtype=np.intp)
        self.right_ = np.array(growth.right, dtype=np.intp)
        self.depth_ = max(growth.depth)
        values = np.array(growth.value)
        if self.task_ == "classification":
            self.value_ = values / values.sum(axis=1, keepdims=True)
        else:
            self.value_ = np.ldexp(values[:, 1] / values[:, 0], self.exponent_) + self.offset_

    def _targets(self, y: NDArray[Any]) -> FloatArray:
        """What is summed over rows: weights by class, or 1, y and its square."""
        if self.task_ == "classification":
            weights = np.ones(y.max() + 1)
            if self.class_weight == "balanced":
                weights = len(y) / (len(weights) * np.bincount(y))
            targets = np.zeros((len(y), len(weights)))
            targets[np.arange(len(y)), y] = weights[y]
            return targets
        if self.class_weight is not None:
            raise InvalidRequest.at(("class_weight",), "there are no classes here; leave it out")
        # Centred, so that an offset costs no digits, and halved until squares fit.
        self.offset_ = float(0.5 * y.min() + 0.5 * y.max())
        centred = y - self.offset_
        self.exponent_ = int(np.frexp(np.abs(centred).max())[1])
        scaled = np.ldexp(centred, -self.exponent_)
        return np.column_stack([np.ones(len(y)), scaled, scaled**2])

    def _impurity(self) -> str:
        criterion = self.criterion
        if criterion is None:
            criterion = "gini" if self.task_ == "classification" else "squared_error"
        if (criterion in CLASSIFYING) != (self.task_ == "classification"):
            raise InvalidRequest.at(
                ("criterion",), f"{criterion} is not for {self.task_}; leave it out", "criterion"
            )
        return criterion

    def _predict(self, X: FloatArray) -> NDArray[Any]:
        value = self.value_[self._leaves(X)]
        if self.task_ == "classification":
            codes: Ints = value.argmax(axis=1)
            return codes
        values: FloatArray = value
        return values

    def _predict_proba(self, X: FloatArray) -> FloatArray:
        probabilities: FloatArray = self.value_[self._leaves(X)]
        return probabilities

    def _leaves(self, X: FloatArray) -> Ints:
        """The leaf of each row; all rows go down one level at a time."""
        if len(X) == 1:
            return np.array([self._leaf(X[0].tolist())])
        feature, threshold, children = self._flat
        cells, start = X.ravel(), np.arange(len(X)) * X.shape[1]
        node = np.zeros(len(X), dtype=np.intp)
        for _ in range(self.depth_):
            # A leaf asks whether column 0 is at most the largest number, and leads to itself.
            high = cells.take(start + feature.take(node)) > threshold.take(node)
            node *= 2
            node += high
            node = children.take(node)
        return node

    def _leaf(self, row: list[float]) -> int:
        feature, threshold, left, right = self._walk
        node = 0
        while left[node] != node:
            node = left[node] if row[feature[node]] <= threshold[node] else right[node]
        return node

    @cached_property
    def _flat(self) -> tuple[Ints, FloatArray, Ints]:
        """Features and thresholds of the nodes, and their children two by two."""
        return self.feature_, self.threshold_, np.column_stack([self.left_, self.right_]).ravel()

    @cached_property
    def _walk(self) -> tuple[list[int], list[float], list[int], list[int]]:
        """The tree as lists, whose items a loop over one row reads faster than an array's."""
        return (
            self.feature_.tolist(),
            self.threshold_.tolist(),
            self.left_.tolist(),
            self.right_.tolist(),
        )


class Splits(NamedTuple):
    """The best split of each of some nodes; a decrease of -inf where there is none."""

    decrease: FloatArray
    feature: Ints
    threshold: FloatArray


class Growth:
    """A tree as it grows: flat lists of nodes, and the rows of open nodes in order.

    The rows of the open nodes stand together, node after node, once for each column and there
    in the order of its values: a column is sorted once, and its order is kept as nodes part.
    """

    def __init__(self, X: FloatArray, targets: FloatArray, criterion: str, limits: Any) -> None:
        self.X = X
        self.columns = np.ascontiguousarray(X.T)
        self.targets = targets
        self.criterion = criterion
        self.limits = limits
        self.weight = self._weights(targets.sum(axis=0))
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.depth: list[int] = []
        self.value: list[FloatArray] = []

    # ---------------------------------------------------------------------------- growing

    def by_levels(self, model: Model) -> None:
        """All nodes of a level at once."""
        order = np.argsort(self.columns, axis=1, kind="stable")
        starts = np.array([0])
        nodes = self._add(self.targets.sum(axis=0)[None, :], depth=0)
        most = self.limits.max_depth
        level = 0
        lost = 0.0  # impurity of the leaves so far
        while len(nodes):
            ends = np.append(starts[1:], order.shape[1])
            sums = np.array([self.value[node] for node in nodes])
            impurity = self._impurity(sums)
            open_ = (impurity > IMPURE) & (ends - starts >= self.limits.min_samples_split)
            if most is not None and level >= most:
                open_[:] = False
            splits = self._best(order, starts, sums, open_)
            open_ &= splits.decrease >= self.limits.min_impurity_decrease - IMPURE
            weights = self._weights(sums) / self.weight
            lost += float((impurity * weights)[~open_].sum())
            level += 1
            loss = lost + float((impurity * weights)[open_].sum())
            model._iterated(level, of=most + 1 if most else max(level, 64), loss=loss)
            order, starts, nodes = self._parted(order, starts, ends, nodes, splits, open_, level)

    def best_first(self, model: Model, most_leaves: int) -> None:
        """The node whose split lowers the impurity most is split next."""
        order = np.argsort(self.columns, axis=1, kind="stable")
        nodes = self._add(self.targets.sum(axis=0)[None, :], depth=0)
        heap: list[tuple[float, int, Any, Splits]] = []
        self._consider(heap, int(nodes[0]), order)
        leaves = 1
        while heap and leaves < most_leaves:
            _, node, order, splits = heapq.heappop(heap)
            starts, ends = np.array([0]), np.array([order.shape[1]])
            order, starts, children = self._parted(
                order,
                starts,
                ends,
                np.array([node]),
                splits,
                np.array([True]),
                self.depth[node] + 1,
            )
            leaves += 1
            model._iterated(leaves - 1, of=most_leaves - 1)
            for child, rows in zip(
                children.tolist(), np.split(order, starts[1:], axis=1), strict=True
            ):
                self._consider(heap, child, rows)

    def _consider(self, heap: list[Any], node: int, order: Ints) -> None:
        sums = self.value[node][None, :]
        if self._impurity(sums)[0] <= IMPURE or order.shape[1] < self.limits.min_samples_split:
            return
        if self.limits.max_depth is not None and self.depth[node] >= self.limits.max_depth:
            return
        splits = self._best(order, np.array([0]), sums, np.array([True]))
        if splits.decrease[0] >= self.limits.min_impurity_decrease - IMPURE:
            heapq.heappush(heap, (-float(splits.decrease[0]), node, order, splits))

    def _parted(
        self,
        order: Ints,
        starts: Ints,
        ends: Ints,
        nodes: Ints,
        splits: Splits,
        open_: NDArray[np.bool_],
        depth: int,
    ) -> tuple[Ints, Ints, Ints]:
        """Split the open nodes; their children's rows, in order, and where each child's begin."""
        which = np.repeat(np.arange(len(nodes)), ends - starts)
        kept = open_[which]
        rows, parent = order[0][kept], which[kept]
        high = self.X[rows, splits.feature[parent]] > splits.threshold[parent]
        rank = np.cumsum(open_) - 1  # among the open nodes
        child = np.empty(len(self.X), dtype=np.int32)
        child[rows] = 2 * rank[parent] + high
        count = 2 * int(open_.sum())
        key = child.astype(np.uint16) if count < 2**16 else child  # NumPy sorts these by radix
        parted = np.empty((len(order), len(rows)), dtype=order.dtype)
        for column, one in zip(order, parted, strict=True):
            inside = column[kept]
            one[:] = inside[np.argsort(key[inside], kind="stable")]
        sizes = np.bincount(child[rows], minlength=count)
        begin = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
        if not count:
            return parted, begin[:0], nodes[:0]
        children = self._add(np.add.reduceat(self.targets[parted[0]], begin, axis=0), depth)
        for i, node in enumerate(nodes[open_].tolist()):
            self.feature[node] = int(splits.feature[open_][i])
            self.threshold[node] = float(splits.threshold[open_][i])
            self.left[node], self.right[node] = int(children[2 * i]), int(children[2 * i + 1])
        return parted, begin, children

    def _add(self, sums: FloatArray, depth: int) -> Ints:
        """New leaves, a row of `sums` each; a leaf leads to itself."""
        first = len(self.feature)
        nodes = np.arange(first, first + len(sums))
        self.feature += [0] * len(sums)
        self.threshold += [np.finfo(np.float64).max] * len(sums)
        self.left += nodes.tolist()
        self.right += nodes.tolist()
        self.depth += [depth] * len(sums)
        self.value += list(sums)
        return nodes

    # -------------------------------------------------------------------------- splitting

    def _best(
        self, order: Ints, starts: Ints, sums: FloatArray, open_: NDArray[np.bool_]
    ) -> Splits:
        """Each open node's best split, over all columns and all places between its rows."""
        m, count = order.shape[1], len(starts)
        which = np.repeat(np.arange(count), np.diff(np.append(starts, m)))
        rank = np.arange(m) - starts[which]  # of a row in its node
        size = np.diff(np.append(starts, m))[which]
        least = self.limits.min_samples_leaf
        possible = open_[which] & (rank + 1 >= least) & (size - rank - 1 >= least)
        possible[-1] = False
        total = sums[which]
        best = Splits(np.full(count, -np.inf), np.zeros(count, np.intp), np.zeros(count))
        before = self._impurity(sums) * self._weights(sums)
        for j, rows in enumerate(order):
            x = self.columns[j][rows]
            place = np.flatnonzero(possible[:-1] & (x[1:] > x[:-1]) & (which[1:] == which[:-1]))
            if not len(place):
                continue
            node = which[place]
            running = np.cumsum(self.targets[rows], axis=0)
            base = np.concatenate([np.zeros((1, running.shape[1])), running])[starts]
            low = running[place] - base[node]
            high = total[place] - low
            after = self._weighted(low) + self._weighted(high)
            decrease = (before[node] - after) / self.weight
            first = np.flatnonzero(np.append(True, node[1:] != node[:-1]))
            top = np.maximum.reduceat(decrease, first)
            owner = node[first]
            # Of splits that are equal but for rounding the first counts.
            ahead = decrease >= np.repeat(top, np.diff(np.append(first, len(node)))) - IMPURE
            at = np.flatnonzero(ahead)
            at = at[np.append(True, node[at][1:] != node[at][:-1])]
            better = top > best.decrease[owner] + IMPURE
            owner, at = owner[better], place[at[better]]
            best.decrease[owner] = top[better]
            best.feature[owner] = j
            a, b = x[at], x[at + 1]
            middle = 0.5 * a + 0.5 * b
            best.threshold[owner] = np.where(middle < b, middle, a)
        return best

    def _weights(self, sums: FloatArray) -> Any:
        """Weight of the rows that were summed."""
        return sums[..., 0] if self.criterion == "squared_error" else sums.sum(axis=-1)

    def _weighted(self, sums: FloatArray) -> FloatArray:
        """Impurity times weight, of each row of sums."""
        result: FloatArray
        if self.criterion == "squared_error":
            result = sums[:, 2] - sums[:, 1] ** 2 / sums[:, 0]
            return np.maximum(result, 0.0, out=result)
        weight = sums.sum(axis=1)
        if self.criterion == "gini":
            result = weight - (sums**2).sum(axis=1) / weight
            return result
        logs = np.log2(np.where(sums > 0.0, sums, 1.0))
        result = weight * np.log2(weight) - (sums * logs).sum(axis=1)
        return result

    def _impurity(self, sums: FloatArray) -> FloatArray:
        impurity: FloatArray = self._weighted(sums) / self._weights(sums)
        return impurity
