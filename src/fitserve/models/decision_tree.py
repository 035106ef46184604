"""Decision tree."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from heapq import heappop, heappush
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.errors import Advice, InvalidRequest
from fitserve.models.base import Codes, Model
from fitserve.models.hyperparameters import COUNT, hyperparameters
from fitserve.models.numerics import LOSSES

_CELLS = 1 << 16  # sorted cells of some columns looked at together, so that they stay in the cache
_TIE = 1e-12  # gains that differ by this share of the node's impurity differ by rounding
_NEVER = float(np.finfo(np.float64).max)  # no value exceeds it: a leaf leads to itself


@hyperparameters
class DecisionTree(Model):
    """Asks of one column after another whether it exceeds a threshold, down to a leaf.

    CART (Breiman, Friedman, Olshen, Stone, Classification and Regression Trees, 1984). Each
    node takes the split, of all columns and all thresholds midway between neighbouring values,
    that lowers the mean impurity most, be it by nothing; of those that are equal but for
    rounding, the first column's and there the lowest threshold. The loss is the mean impurity,
    level by level or, with max_leaf_nodes, split by split.
    """

    tasks = ("classification", "regression")
    by_order = True
    copies = 8.5
    iterating = True
    gives_probabilities = True
    levelling = {  # noqa: RUF012
        "min_samples_leaf": 1,
        "min_samples_split": 1,
        "min_impurity_decrease": 1,
        "max_depth": 0,
        "max_leaf_nodes": 0,
    }

    criterion: Literal["gini", "entropy", "log_loss", "squared_error"] | None = Field(
        default=None,
        description="Impurity of a node: gini (default) or entropy (also named log_loss) of its "
        "classes; squared_error for regression.",
    )
    max_depth: int | None = Field(
        default=None, ge=1, le=COUNT, description="Most questions on a path."
    )
    min_samples_split: int = Field(
        default=2, ge=2, le=COUNT, description="Fewest rows that are split."
    )
    min_samples_leaf: int = Field(default=1, ge=1, le=COUNT, description="Fewest rows in a leaf.")
    max_leaf_nodes: int | None = Field(
        default=None,
        ge=2,
        le=COUNT,
        description="Most leaves; the splits that gain most are made first.",
    )
    min_impurity_decrease: float = Field(
        default=0.0, ge=0.0, description="Least by which a split lowers the mean impurity."
    )
    class_weight: Literal["balanced"] | None = Field(
        default=None, description="balanced: each class counts alike, however rare its rows."
    )
    task: Literal["classification", "regression"] | None = Field(
        default=None,
        description="What y is; left out, regression when y holds a number that is not whole, or "
        "whole ones of more than 20 values with fewer than ten rows each.",
    )

    def levelled(self) -> tuple[str, dict[str, Any]]:
        n, leaf = self.n_samples_, self.min_samples_leaf
        if self.min_samples_split > n:
            said = f"min_samples_split {self.min_samples_split} is more than the rows of X"
            most = {"min_samples_split": n}
        elif 2 * leaf > n:
            said = f"min_samples_leaf {leaf} needs {2 * leaf} rows, and X has {n}"
            most = {"min_samples_leaf": n // 2}
        else:
            return super().levelled()
        also = most | ({"min_samples_leaf": n // 2} if 2 * leaf > n else {})
        write = " and ".join(f"{name} of at most {bound}" for name, bound in also.items())
        return f"no row is split, as {said}; give {write}", dict.fromkeys(also)

    def _fit(self, X: FloatArray, y: NDArray[Any]) -> None:
        for derived in ("_table", "_lists"):
            vars(self).pop(derived, None)
        growth = _Growth(self, X, self._purity(y))
        if self.max_leaf_nodes is None:
            growth.level_by_level()
        else:
            growth.best_first(self.max_leaf_nodes)
        self.feature_, self.threshold_ = growth.feature, growth.threshold
        self.left_, self.right_ = growth.left, growth.right
        self.node_samples_ = growth.sizes
        self.value_ = growth.purity.answers(growth.value)
        self.depth_ = growth.depth

    def _check(self, X: FloatArray, y: NDArray[Any]) -> None:
        classifying = self.task_ == "classification"
        if self.criterion is not None and classifying == (self.criterion == "squared_error"):
            raise InvalidRequest.at(
                ("criterion",),
                f"{self.criterion} is no criterion for {self.task_}; leave it out, or give "
                + ("gini or entropy" if classifying else "squared_error"),
                "criterion",
                remedies=[Advice("criterion is left out", {"criterion": None})],
            )
        if self.class_weight is not None and not classifying:
            raise InvalidRequest.at(
                ("class_weight",),
                f"regression has no classes to weigh, and {self.class_weight} was sent; leave it "
                "out",
                "no_classes",
                remedies=[Advice("class_weight is left out", {"class_weight": None})],
            )

    def _purity(self, y: NDArray[Any]) -> "_Purity":
        if self.task_ == "classification":
            return _Classes(y, self.criterion in ("entropy", "log_loss"), self.class_weight)
        return _Squares(y)

    # --------------------------------------------------------------------------- predicting

    def row_cost(self) -> float:
        return 50.0 + 10.0 * self.depth_

    def _predict(self, X: FloatArray) -> NDArray[Any]:
        answer: NDArray[Any] = self._table[2][self._leaves(X)]
        return answer

    def _predict_proba(self, X: FloatArray) -> FloatArray:
        probabilities: FloatArray = self.value_[self._leaves(X)]
        return probabilities

    def _leaves(self, X: FloatArray) -> Codes:
        """The leaf of each row."""
        if len(X) == 1:
            return np.array([self._leaf(X[0].tolist())])
        feature, children, _ = self._table
        cells, node = X.ravel(), np.zeros(len(X), dtype=np.intp)
        at = np.arange(0, X.size, X.shape[1])
        leaf, row = node, np.arange(len(X))
        for level in range(self.depth_):
            if level % 8 == 7:  # most rows are down before the deepest is
                leaf[row] = node
                on = np.flatnonzero(children.take(node) != node)
                row, node, at = row[on], node[on], at[on]
            above = cells.take(at + feature.take(node)) > self.threshold_.take(node)
            node = children.take(node) + above
        leaf[row] = node
        return leaf

    def _leaf(self, row: list[float]) -> int:
        feature, threshold, left, right = self._lists
        node = 0
        while left[node] != node:
            node = right[node] if row[feature[node]] > threshold[node] else left[node]
        return node

    @cached_property
    def _table(self) -> tuple[Codes, Codes, NDArray[Any]]:
        """Column asked, left child (the right one is the next) and answer of each node."""
        answer = self.value_ if self.value_.ndim == 1 else self.value_.argmax(axis=1)
        return self.feature_, self.left_, answer

    @cached_property
    def _lists(self) -> tuple[list[int], list[float], list[int], list[int]]:
        """The tree as lists: for one row, plain items are the fastest."""
        arrays = self.feature_, self.threshold_, self.left_, self.right_
        return tuple(array.tolist() for array in arrays)  # type: ignore[return-value]


class _Nodes(NamedTuple):
    """Nodes that may still be split, and their rows, side by side.

    `order` is `(n_features, m)`: the rows of the first node in the order of that column, then
    those of the second ... Columns are sorted once; splitting keeps the order.
    """

    order: Codes
    starts: Codes
    sizes: Codes
    ids: Codes

    @property
    def which(self) -> Codes:
        """The node, counted from 0, at each of the m places."""
        return np.repeat(np.arange(len(self.ids)), self.sizes)

    def only(self, keep: NDArray[np.bool_]) -> "_Nodes":
        if keep.all():
            return self
        sizes = self.sizes[keep]
        order = self.order[:, np.repeat(keep, self.sizes)]
        return _Nodes(order, np.cumsum(sizes) - sizes, sizes, self.ids[keep])


class _Splits(NamedTuple):
    """The best split of each node; its gain is -inf where there is none."""

    gain: FloatArray
    feature: Codes
    threshold: FloatArray

    def only(self, keep: NDArray[np.bool_] | slice) -> "_Splits":
        return _Splits(self.gain[keep], self.feature[keep], self.threshold[keep])


class _Growth:
    """A tree while it grows; a leaf is its own child."""

    def __init__(self, model: DecisionTree, X: FloatArray, purity: "_Purity") -> None:
        self.model = model
        self.columns = np.ascontiguousarray(X.T)
        self.purity = purity
        self.feature: Codes = np.zeros(1, dtype=np.intp)
        self.threshold = np.full(1, _NEVER)
        self.left: Codes = np.zeros(1, dtype=np.intp)
        self.right: Codes = np.zeros(1, dtype=np.intp)
        self.sizes = np.full(1, len(X), dtype=np.int32)  # rows in each node
        order = np.argsort(self.columns, axis=1, kind="stable")
        whole, none = np.array([len(X)]), np.zeros(1, dtype=np.intp)
        self.root = _Nodes(order, none, whole, none)
        value, self.impurity = purity.of(self.root)
        self.value = [value]
        self.total = float(self.impurity[0])
        self.depth = 0

    def level_by_level(self) -> None:
        """Split all nodes of a level at once, so that a small node costs no more than its rows."""
        most = self.model.max_depth
        guess = most or int(2 * np.log2(self.columns.shape[1])) + 1
        nodes = self.root
        while len(nodes.ids) and (most is None or self.depth < most):
            nodes, splits = self._splittable(nodes)
            if not len(nodes.ids):
                break
            self.depth += 1
            nodes = self._split(nodes, splits)
            self._report(self.depth, of=max(guess, self.depth), every=1)

    def best_first(self, most_leaves: int) -> None:
        """Split the node whose split gains most, until there are enough leaves."""
        every = 1 + most_leaves // LOSSES
        waiting: list[tuple[float, int, int, _Nodes, _Splits]] = []
        self._consider(waiting, self.root, depth=0)
        for leaves in range(2, most_leaves + 1):
            if not waiting:
                break
            _, _, depth, node, split = heappop(waiting)
            self.depth = max(self.depth, depth + 1)
            children = self._split(node, split)
            self._report(leaves - 1, of=most_leaves - 1, every=every)
            self._consider(waiting, children, depth + 1)

    def _consider(self, waiting: list[Any], nodes: _Nodes, depth: int) -> None:
        if self.model.max_depth is not None and depth >= self.model.max_depth:
            return
        nodes, splits = self._splittable(nodes)
        for i, (start, size) in enumerate(zip(nodes.starts, nodes.sizes, strict=True)):
            order = nodes.order[:, start : start + size]
            one = _Nodes(order, nodes.starts[:1], nodes.sizes[i : i + 1], nodes.ids[i : i + 1])
            split = splits.only(slice(i, i + 1))
            heappush(waiting, (-float(split.gain[0]), int(one.ids[0]), depth, one, split))

    def _report(self, step: int, of: int, every: int) -> None:
        loss = self.purity.mean(max(0.0, self.total))  # differences round
        shown = step % every == 0 and step <= every * LOSSES
        self.model._iterated(step, of=of, loss=loss, shown=shown)

    # ------------------------------------------------------------------------------ splits

    def _splittable(self, nodes: _Nodes) -> tuple[_Nodes, _Splits]:
        """The nodes that will be split, and how."""
        open_ = self.impurity[nodes.ids] > 0.0
        open_ &= nodes.sizes >= self.model.min_samples_split
        nodes = nodes.only(open_)
        splits = self._best(nodes)
        least = self.purity.weighted(self.model.min_impurity_decrease)
        good = splits.gain + _TIE * self.impurity[nodes.ids] >= least
        return nodes.only(good), splits.only(good)

    def _best(self, nodes: _Nodes) -> _Splits:
        count, m = len(nodes.ids), nodes.order.shape[1]
        best = _Splits(np.full(count, -np.inf), np.zeros(count, np.intp), np.zeros(count))
        if not count:
            return best
        which, place = nodes.which, np.arange(m)
        low = place - nodes.starts[which] + 1  # rows of the node up to here
        high = nodes.sizes[which] - low
        least = self.model.min_samples_leaf
        inside = (low >= least) & (high >= least)
        doubt = _TIE * self.impurity[nodes.ids]
        for some in self._blocks(m):
            order = nodes.order[some]
            x = np.take_along_axis(self.columns[some], order, axis=1)
            gain = self.purity.gain(order, nodes, which, low, high)
            gain[:, :-1][~((x[:, 1:] > x[:, :-1]) & inside[:-1])] = -np.inf
            gain[:, -1] = -np.inf
            top = np.maximum.reduceat(gain, nodes.starts, axis=1)
            most = top.max(axis=0)
            enough = most - doubt
            feature = (top >= enough).argmax(axis=0)
            reached = gain[feature[which], place] >= enough[which]
            at = np.minimum.reduceat(np.where(reached, place, m), nodes.starts)
            better = most > best.gain + doubt
            feature, at = feature[better], at[better]
            a, b = x[feature, at], x[feature, at + 1]
            middle = 0.5 * a + 0.5 * b
            best.gain[better] = most[better]
            best.feature[better] = some.start + feature
            best.threshold[better] = np.where((a <= middle) & (middle < b), middle, a)
        return best

    def _split(self, nodes: _Nodes, splits: _Splits) -> _Nodes:
        """Make the splits; the children, two by two."""
        which, m = nodes.which, nodes.order.shape[1]
        rows = nodes.order[0]
        goes_left = np.zeros(self.columns.shape[1], dtype=np.bool_)
        goes_left[rows] = self.columns[splits.feature[which], rows] <= splits.threshold[which]
        lefts = np.add.reduceat(goes_left[rows], nodes.starts, dtype=np.intp)
        # A row that goes left moves up to behind those of its node that go left before it; the
        # others move down to behind all of them.
        earlier = np.cumsum(lefts) - lefts
        of_left = (nodes.starts - earlier - 1)[which]
        of_right = (lefts + earlier)[which] + np.arange(m)
        order = np.empty_like(nodes.order)
        for some in self._blocks(m):
            left = goes_left.take(nodes.order[some])
            so_far = np.cumsum(left, axis=1, dtype=np.intp)
            to = np.where(left, of_left + so_far, of_right - so_far)
            np.put_along_axis(order[some], to, nodes.order[some], axis=1)
        first = len(self.feature)
        ids = np.arange(first, first + 2 * len(lefts))
        self.feature[nodes.ids], self.threshold[nodes.ids] = splits.feature, splits.threshold
        self.left[nodes.ids], self.right[nodes.ids] = ids[::2], ids[1::2]
        starts = np.column_stack([nodes.starts, nodes.starts + lefts]).ravel()
        sizes = np.column_stack([lefts, nodes.sizes - lefts]).ravel()
        children = _Nodes(order, starts, sizes, ids)
        self._add(children)
        self.total += float(self.impurity[ids].sum() - self.impurity[nodes.ids].sum())
        return children

    def _add(self, leaves: _Nodes) -> None:
        value, impurity = self.purity.of(leaves)
        self.value.append(value)
        self.impurity = np.append(self.impurity, impurity)
        self.sizes = np.append(self.sizes, leaves.sizes.astype(np.int32))
        self.feature = np.append(self.feature, np.zeros_like(leaves.ids))
        self.threshold = np.append(self.threshold, np.full(len(leaves.ids), _NEVER))
        self.left = np.append(self.left, leaves.ids)
        self.right = np.append(self.right, leaves.ids)

    def _blocks(self, m: int) -> Iterator[slice]:
        d, step = len(self.columns), max(1, _CELLS // m)
        return (slice(start, min(start + step, d)) for start in range(0, d, step))


class _Purity(ABC):
    """What a criterion knows of nodes. Impurities and gains are times the weight of the rows."""

    @abstractmethod
    def of(self, nodes: _Nodes) -> tuple[FloatArray, FloatArray]:
        """Value and impurity of each node; the latter 0 exactly where all y are the same."""

    @abstractmethod
    def gain(
        self, order: Codes, nodes: _Nodes, which: Codes, low: Codes, high: Codes
    ) -> FloatArray:
        """By how much impurity falls if a node is split after this place; `order`'s shape.

        `low` and `high`, `(m,)`, are how many of the node's rows come before and after.
        """

    @abstractmethod
    def answers(self, value: list[FloatArray]) -> FloatArray:
        """What `value_` holds: probabilities or values."""

    @abstractmethod
    def mean(self, impurity: float) -> float:
        """The mean impurity, where this is the sum."""

    @abstractmethod
    def weighted(self, mean: float) -> float:
        """The sum of impurities, where this is the mean."""


class _Classes(_Purity):
    """Gini impurity or entropy in bits."""

    def __init__(self, y: Codes, entropy: bool, class_weight: str | None) -> None:
        self.y = y
        count = np.bincount(y)
        self.entropy = entropy
        self.weight = None if class_weight is None else len(y) / (len(count) * count)
        self.n_classes, self.total = len(count), float(len(y))  # balanced weights add up to n

    def of(self, nodes: _Nodes) -> tuple[FloatArray, FloatArray]:
        cells = nodes.which * self.n_classes + self.y[nodes.order[0]]
        count = np.bincount(cells, minlength=len(nodes.ids) * self.n_classes)
        value = count.reshape(-1, self.n_classes).astype(np.float64)
        if self.weight is not None:
            value *= self.weight
        whole = value.sum(axis=1)
        impurity = self._disorder(whole, self._term(value).sum(axis=1))
        impurity[(value > 0.0).sum(axis=1) == 1] = 0.0
        return value, impurity

    def gain(
        self, order: Codes, nodes: _Nodes, which: Codes, low: Codes, high: Codes
    ) -> FloatArray:
        value, impurity = self.of(nodes)
        earlier = np.cumsum(value, axis=0) - value
        y = self.y.take(order)
        term = self._term
        below, above = low.astype(np.float64), high.astype(np.float64)
        if self.weight is not None:
            weights = np.cumsum(self.weight.take(y), axis=1)
            below = weights - earlier.sum(axis=1)[which]
            above = value.sum(axis=1)[which] - below
        in_low, in_high = np.zeros(y.shape), np.zeros(y.shape)
        for k in range(self.n_classes):
            share = np.cumsum(y == k, axis=1, dtype=np.float64)
            if self.weight is not None:
                share *= self.weight[k]
            share -= earlier[which, k]
            in_low += term(share)
            in_high += term(value[which, k] - share)
        gain = impurity[which] - self._disorder(below, in_low)
        gain -= self._disorder(above, in_high)
        return gain

    def _term(self, x: FloatArray) -> FloatArray:
        if self.entropy:
            return x * np.log2(np.where(x > 0.0, x, 1.0))
        return x * x

    def _disorder(self, whole: FloatArray, terms: FloatArray) -> FloatArray:
        """Impurity times weight, of weight `whole` and the sum of the terms of its classes."""
        return self._term(whole) - terms if self.entropy else whole - terms / whole

    def answers(self, value: list[FloatArray]) -> FloatArray:
        weights = np.concatenate(value)
        probabilities: FloatArray = weights / weights.sum(axis=1, keepdims=True)
        return probabilities

    def mean(self, impurity: float) -> float:
        return impurity / self.total

    def weighted(self, mean: float) -> float:
        return mean * self.total


class _Squares(_Purity):
    """Squared error around the mean. y is brought near 1 by a power of two, so squares fit."""

    def __init__(self, y: FloatArray) -> None:
        self.exponent = int(np.frexp(np.abs(y).max())[1])
        self.y = np.ldexp(y, -self.exponent)
        self.centred = np.empty_like(self.y)  # of each row, y less the mean of its node

    def of(self, nodes: _Nodes) -> tuple[FloatArray, FloatArray]:
        rows, which = nodes.order[0], nodes.which
        y = self.y[rows]
        first = y[nodes.starts]  # so that equal y have that mean, and impurity 0, exactly
        mean = first + np.add.reduceat(y - first[which], nodes.starts) / nodes.sizes
        centred = y - mean[which]
        self.centred[rows] = centred
        impurity = np.add.reduceat(centred * centred, nodes.starts)
        return mean, impurity

    def gain(
        self, order: Codes, nodes: _Nodes, which: Codes, low: Codes, high: Codes
    ) -> FloatArray:
        # The node's y add up to nothing, so both sides are as far from it, and nothing cancels.
        running = np.cumsum(self.centred.take(order), axis=1)
        before = running[:, nodes.starts] - self.centred[order[:, nodes.starts]]
        running -= before[:, which]
        gain: FloatArray = np.square(running, out=running)
        gain *= (low + high) / (low * high)
        return gain

    def answers(self, value: list[FloatArray]) -> FloatArray:
        values: FloatArray = np.ldexp(np.concatenate(value), self.exponent)
        return values

    def mean(self, impurity: float) -> float:
        return min(float(np.ldexp(impurity / len(self.y), 2 * self.exponent)), _NEVER)

    def weighted(self, mean: float) -> float:
        return float(np.ldexp(mean, -2 * self.exponent)) * len(self.y)
