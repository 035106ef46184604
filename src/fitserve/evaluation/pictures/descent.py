"""A decision tree from its root downwards: how many rows come to each node, and what follows it."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.subject import Subject
from fitserve.models.base import Codes
from fitserve.models.decision_tree import DecisionTree


def cost(model: DecisionTree) -> float:
    """Roughly how many operations the rest here takes: it goes level by level."""
    return 20.0 * len(model.left_) + 2e4 * model.depth_


def questions(model: DecisionTree) -> Codes:
    """Of each node how many there are from it downwards, `(n_nodes,)`; 0 of a leaf."""
    left, right = model.left_, model.right_
    count = np.zeros(len(left), dtype=np.intp)
    nodes = np.zeros(1, dtype=np.intp)
    levels = []
    while len(nodes):
        inner = nodes[left[nodes] != nodes]  # a leaf leads to itself
        levels.append(inner)
        nodes = np.concatenate([left[inner], right[inner]])
    for inner in reversed(levels):
        count[inner] = 1 + count[left[inner]] + count[right[inner]]
    return count


def rows_of(subject: Subject) -> Any:
    """How many rows it was trained on come to each node, `(n_nodes,)`; of a model of a version
    before, how many of those that were kept. None where none were."""
    model, sample = subject.model, subject.sample
    assert isinstance(model, DecisionTree)
    sizes = vars(model).get("node_samples_")
    if sizes is not None or sample is None:
        return sizes
    return _walked(model, sample.X)


def _walked(model: DecisionTree, X: FloatArray) -> Codes:
    node = np.zeros(len(X), dtype=np.intp)
    sizes = np.bincount(node, minlength=len(model.left_))
    for _ in range(model.depth_):
        rows = np.flatnonzero(model.left_[node] != node)
        at = node[rows]
        above = X[rows, model.feature_[at]] > model.threshold_[at]
        node[rows] = np.where(above, model.right_[at], model.left_[at])
        sizes += np.bincount(node[rows], minlength=len(sizes))
    return sizes
