"""Small data that every type of a task can learn, made anew from a seed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.models.base import Model, Task


@dataclass
class Split:
    """Training and held-out rows of one problem; y is the truth, also where a type takes none."""

    X: FloatArray
    y: Any
    X_new: FloatArray
    y_new: Any


def counts_of_three_classes(seed: int = 0, n: int = 180) -> Split:
    """Counts whose rates differ between three classes: for any classifier or clustering."""
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    rates = np.ones((3, 6))
    for k in range(3):
        rates[k, 2 * k : 2 * k + 2] = 20.0
    X = rng.poisson(rates[y]).astype(np.float64)
    return Split(X[: n // 2], y[: n // 2], X[n // 2 :], y[n // 2 :])


def noisy_line(seed: int = 0, n: int = 300) -> Split:
    """A linear function of two columns with a little noise: for any regression."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1.0, 1.0, size=(n, 2))
    y = 3.0 * X[:, 0] - 2.0 * X[:, 1] + 0.5 + rng.normal(scale=0.05, size=n)
    return Split(X[: n // 2], y[: n // 2], X[n // 2 :], y[n // 2 :])


def split_for(task: Task, seed: int = 0) -> Split:
    return noisy_line(seed) if task == "regression" else counts_of_three_classes(seed)


def kwargs_for(cls: type[Model], task: Task) -> dict[str, Any]:
    """The hyperparameters that say what the data cannot: into how many parts."""
    known = cls.from_kwargs({}).hyperparameters()
    if task == "clustering":
        return {name: 3 for name in ("n_clusters", "n_components") if name in known}
    return {"n_components": 2} if task == "projection" else {}


def trained(cls: type[Model], task: Task, **hyperparameters: Any) -> Model:
    split = split_for(task)
    model = cls.from_kwargs(kwargs_for(cls, task) | hyperparameters)
    return model.fit(split.X, split.y if cls.supervised() else None)
