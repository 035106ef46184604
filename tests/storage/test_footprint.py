"""The cache counts what its models really take, measured by what Python allocates for them."""

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from fitserve.directory import ModelDirectory
from fitserve.models import catalog
from fitserve.storage.database import SqlStore
from fitserve.storage.footprint import footprint
from fitserve.storage.store import Key
from fitserve.training.process import Limits
from fitserve.training.trainer import Trainer
from fitserve.training.training import Training

MODELS, ROUNDS = 8, 3  # of which the middle one counts: what else this process allocates is in one
RNG = np.random.default_rng(0)
COUNTS = RNG.integers(0, 50, size=(600, 6)).astype(np.float64)


def text_labels(n: int) -> Any:
    return np.array([f"a label of some length {i % n}" for i in range(600)], dtype=object)


CASES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    name: (name, COUNTS[:, 0] if cls.tasks == ("regression",) else COUNTS[:, 0] > 25.0, {})
    for name, cls in catalog().items()
} | {
    "many text labels": ("gauss_naive_bayes", text_labels(300), {}),
    "many numbers to label": ("knn", np.arange(600) // 2, {"task": "classification"}),
    "neighbours of many": ("knn", COUNTS[:, 0] > 25.0, {"p": 1.5}),
    "a large tree": ("decision_tree", RNG.normal(size=600), {}),
    "long hyperparameters": ("multi_naive_bayes", text_labels(300), {"class_prior": [0.5] * 300}),
    "many losses": ("svm", COUNTS[:, 0] > 25.0, {"learning_rate": 1e-12, "tol": 1e-300}),
}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[list[ModelDirectory]]:
    """Two workers' over one store."""
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    made = [ModelDirectory(catalog(), SqlStore(url), Trainer(Limits(), 1)) for _ in range(2)]
    for one in made:
        one._look()
    yield made
    tracemalloc.stop()
    for one in made:
        one.close()


@pytest.mark.parametrize("case", CASES)
def test_what_is_counted_is_what_is_held(case: str, opened: list[ModelDirectory]) -> None:
    model_type, y, hyperparameters = CASES[case]
    cls = catalog()[model_type]
    one, other = opened
    names = [f"column {j}" for j in range(COUNTS.shape[1])]
    for model_id in range(1 + ROUNDS * MODELS):
        model = cls.from_kwargs(hyperparameters)
        target = y if cls.supervised() else None
        model.examine(COUNTS, target)
        one.register(Training(Key(model_type, model_id), model, COUNTS, target, names))

    def use(model_id: int) -> None:
        loaded = other.get(model_type, model_id)
        for rows in (COUNTS[:1], COUNTS[:100]):  # what is derived for one row, and for many
            loaded.model.predict(rows)

    def taken(model_ids: range) -> tuple[int, int]:
        """Bytes that Python holds, and that the cache counts, once these were asked."""
        for model_id in model_ids:
            use(model_id)
        other._tidy()
        gc.collect()
        return tracemalloc.get_traced_memory()[0], other._cache.size

    tracemalloc.start()
    before = taken(range(1))  # what is made once for all
    ratios = []
    for first in range(1, 1 + ROUNDS * MODELS, MODELS):
        after = taken(range(first, first + MODELS))
        ratios.append((after[0] - before[0]) / (after[1] - before[1]))
        before = after
    assert 1 / 1.3 < median(ratios) < 1.3, ratios


def test_each_thing_is_counted_once() -> None:
    text = "x" * 1000
    assert 1000 < footprint([text, text, {text: text}]) < 2000
    array = np.zeros(1000)
    assert 8000 < footprint([array, array[:10], array.reshape(10, 100)]) < 9000
    circle: list[Any] = []
    circle.append(circle)
    assert footprint(circle) < 200
