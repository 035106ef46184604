"""What a dry run says that training will take, against what it takes."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from fitserve.evaluation.plan import Plan
from fitserve.models import catalog
from fitserve.models.base import Model
from fitserve.processes.forking import ForkServer
from fitserve.storage.store import Key, reservation
from fitserve.training import process
from fitserve.training.process import Limits
from fitserve.training.training import Ongoing, Training
from tests.conftest import needs_proc

pytestmark = needs_proc
STEPS = {"svm": 10, "perceptron": 6, "logistic_regression": 10, "gmm": 3, "kmeans": 5}


CASES = [(cls, Plan()) for cls in catalog().values()]
CASES += [(cls, Plan(cv=3)) for cls in catalog().values() if cls.supervised()]


@pytest.fixture(scope="module")
def forking() -> Iterator[ForkServer]:
    made = ForkServer("fitserve.training.process")
    yield made
    made.close()


def taken(forking: ForkServer, training: Training) -> float:
    """MiB by which the process that trains it grows at most."""
    grown, done = [0], Event()
    fork = forking.fork

    def watched(task: str, patience: int) -> Any:
        connection, pid = fork(task, patience)
        before = memory(pid, "VmRSS")
        Thread(target=watch, args=(pid, before), daemon=True).start()
        return connection, pid

    def watch(pid: int, before: int) -> None:
        while not done.is_set():
            try:
                grown.append(memory(pid, "VmHWM") - before)
            except (OSError, StopIteration):  # it has ended
                return
            time.sleep(0.001)

    forking.fork = watched  # type: ignore[method-assign]
    try:
        ongoing = Ongoing(reservation(training.key, training.beginning()))
        process.train(forking, training, ongoing, Limits(60, 4096))
    finally:
        done.set()
        forking.fork = fork  # type: ignore[method-assign]
    return max(grown) / 1024


def memory(pid: int, name: str) -> int:
    """KiB, as Linux counts them."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(name))


@pytest.mark.parametrize(("cls", "plan"), CASES, ids=lambda one: getattr(one, "__name__", str(one)))
def test_it_is_enough_and_at_most_four_times_as_much(
    forking: ForkServer, cls: type[Model], plan: Plan
) -> None:
    rng = np.random.default_rng(0)
    X = np.abs(rng.normal(size=(25_000, 24)))
    y = None
    if cls.supervised():
        y = X @ np.ones(24) if cls.tasks[0] == "regression" else rng.integers(4, size=len(X))
    steps = STEPS.get(cls.model_type())
    told = {} if steps is None else {"max_iter": steps}
    if cls.model_type() == "knn" and plan.n_folds:
        X, y = X[:8000], None if y is None else y[:8000]
    model = cls.from_kwargs(
        told | ({"max_depth": 8} if cls.model_type() == "decision_tree" else {})
    )
    model.examine(X, y)
    training = Training(Key(cls.model_type(), 1), model, X, y, None, plan)
    took, said = taken(forking, training), training.estimate()["memory_mb"]
    assert took <= said <= 4.0 * took
    assert training.least_memory() / 2**20 <= said
