"""A decision tree: its questions and answers, and how many rows went where."""

from heapq import heappop, heappush
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.data.encoding import CategoryEncoder, NumberEncoder, TextEncoder
from fitserve.evaluation.folds import Rows
from fitserve.evaluation.pictures.cells import table_columns
from fitserve.evaluation.pictures.descent import cost, questions, rows_of
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.shown import Shown, shown
from fitserve.evaluation.pictures.subject import Sample, Subject
from fitserve.models.base import Codes
from fitserve.models.decision_tree import DecisionTree

LEVELS = 4
"""Of questions, which are told whatever becomes of them; below, those that most rows come to."""
DEEPEST = 12
QUESTIONS = 127
BARS = 12  # of the histogram of the values in a node


def picture(subject: Subject) -> dict[str, Any] | None:
    """`nodes` in the order in which one reads them: each `rows`, a `question` with the places of
    the nodes that follow `yes` and `no`, or the answer; and of a node below which more is not
    told, how many questions there are `below`.

    A node has the `shares` of the classes told apart (weighted, if `class_weight` is), and the
    `answer`, a label, or a number, with `counts` of the values among the rows that were kept.
    `rows` are those it was trained on; of models of versions before, those that were kept.
    """
    model = subject.model
    if not isinstance(model, DecisionTree):
        return None
    below, sizes = subject.budget.work(cost(model), lambda: (questions(model), rows_of(subject)))
    if sizes is None:
        return None
    of = shown(subject)
    tree = _Tree(model, subject, of, below, sizes)
    told = of.told() if subject.labels else {}
    return told | {
        "nodes": tree.told(),
        "n_questions": int(below[0]),
        "n_answers": int(below[0]) + 1,
        "depth": model.depth_,
        "edges": None if tree.edges is None else rounded(tree.edges),
    }


class _Tree:
    """What is told of a tree, and the kept rows that come to each node of it."""

    def __init__(
        self, model: DecisionTree, subject: Subject, of: Shown, below: Codes, sizes: Codes
    ) -> None:
        self.model, self.sample, self.labels = model, subject.sample, subject.labels
        self.of, self.below, self.sizes = of, below, sizes
        columns = table_columns(subject)
        self.owner = [one for one in columns for _ in range(*one.block.indices(len(subject.names)))]
        """Of each of the matrix's columns the table's."""
        self.edges = None if self.labels else _edges(subject.sample)

    def told(self) -> list[dict[str, Any]]:
        open_ = self._opened()
        nodes: list[dict[str, Any]] = []
        kept = np.arange(0 if self.sample is None else len(self.sample.X))
        waiting: list[tuple[int, Rows, dict[str, Any] | None, str]] = [(0, kept, None, "")]
        while waiting:
            node, rows, above, way = waiting.pop()
            one = self._node(node, rows)
            if above is not None:
                above[way] = len(nodes)
            nodes.append(one)
            if node in open_:
                one["question"], ways = self._question(node)
                left, right = self._parted(node, rows)
                sides = {"yes": left, "no": right} if ways else {"yes": right, "no": left}
                for name in ("no", "yes"):
                    child, some = sides[name]
                    waiting.append((child, some, one, name))
            elif self._is_inner(node):
                one["below"] = int(self.below[node])
        return nodes

    def _opened(self) -> set[int]:
        """The nodes whose questions are told."""
        open_: set[int] = set()
        waiting: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)]
        while waiting and len(open_) < QUESTIONS:
            _, _, node, level = heappop(waiting)
            if not self._is_inner(node) or level >= DEEPEST:
                continue
            open_.add(node)
            for child in (int(self.model.left_[node]), int(self.model.right_[node])):
                after = max(0, level + 2 - LEVELS)
                size = int(self.sizes[child])
                heappush(waiting, (min(after, 1), -size, child, level + 1))
        return open_

    def _node(self, node: int, rows: Rows) -> dict[str, Any]:
        told: dict[str, Any] = {"rows": int(self.sizes[node])}
        value = self.model.value_[node]
        if self.labels:
            told["shares"] = rounded(
                np.bincount(self.of.of, weights=value, minlength=self.of.n_groups)
            )
            told["answer"] = self.labels[int(value.argmax())]
            told["share"] = rounded(value.max())
        else:
            told["answer"] = float(f"{float(value):.12g}")
        if self.edges is not None and self.sample is not None and self.sample.y is not None:
            told["counts"] = np.histogram(self.sample.y[rows], self.edges)[0].tolist()
        return told

    def _is_inner(self, node: int) -> bool:
        return int(self.model.left_[node]) != node

    def _parted(self, node: int, rows: Rows) -> tuple[tuple[int, Rows], tuple[int, Rows]]:
        """The children, and the rows that come to each."""
        model = self.model
        above = np.zeros(len(rows), dtype=np.bool_)
        if self.sample is not None:
            above = self.sample.X[rows, model.feature_[node]] > model.threshold_[node]
        left, right = int(model.left_[node]), int(model.right_[node])
        return (left, rows[~above]), (right, rows[above])

    def _question(self, node: int) -> tuple[dict[str, Any], bool]:
        """What is asked, in the units of the table; and whether yes is the left."""
        j = int(self.model.feature_[node])
        threshold = float(self.model.threshold_[node])
        owner = self.owner[j]
        asked: dict[str, Any] = {"column": owner.name}
        encoder = owner.encoder
        if isinstance(encoder, CategoryEncoder):
            return asked | {"is": encoder.categories[j - owner.block.start]}, False
        if isinstance(encoder, TextEncoder):
            least = int(np.floor(threshold)) + 1
            word = encoder.words[j - owner.block.start]
            return asked | {"word": word, "times": least}, False
        own = float(owner.own(np.array([threshold]))[0])
        if isinstance(encoder, NumberEncoder) and encoder.truths and round(own, 9) == 0.5:
            return asked | {"is": True}, False
        return asked | {"most": float(f"{own:.12g}")}, True


def _edges(sample: Sample | None) -> FloatArray | None:
    """Of the bars of a histogram of the values that were kept; None where they do not differ."""
    if sample is None or sample.y is None or not len(sample.y):
        return None
    low, high = float(sample.y.min()), float(sample.y.max())
    if not 0.0 < high - low < np.inf:
        return None
    return np.linspace(low, high, BARS + 1)
