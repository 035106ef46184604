"""ModelDirectory under threads: one wins, nothing is seen half done."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from fitserve.directory import ModelDirectory, Training
from fitserve.errors import (
    FitserveError,
    InvalidRequest,
    ModelExists,
    ModelTraining,
    UnknownModel,
    UnknownModelType,
)
from fitserve.models.base import Model, hyperparameters
from fitserve.store import Key, MemoryStore, Record
from fitserve.validation import FloatArray


@hyperparameters
class Slow(Model):
    """Trains until it is told to stop, or fails."""

    tasks = ("clustering",)
    metric = "inertia"

    def _fit(self, X: FloatArray, y: None) -> None:
        STARTED.set()
        assert GO.wait(10)
        if X[0, 0] < 0:
            raise InvalidRequest.at(("X", 0, 0), "too cold")

    def _predict(self, X: FloatArray) -> Any:
        return np.zeros(len(X), dtype=np.intp)

    def _score(self, X: FloatArray, y: object) -> float:
        return 0.0


STARTED, GO = Event(), Event()
KEY = Key("slow", 1)


@pytest.fixture
def directory() -> ModelDirectory:
    STARTED.clear()
    GO.clear()
    made = ModelDirectory({"slow": Slow}, MemoryStore())
    made.open()
    return made


def training(x: float = 1.0) -> Training:
    return Training(KEY, Slow(), np.array([[x]]), None, None)


def in_background(call: Callable[[], Any]) -> tuple[Thread, list[Any]]:
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except FitserveError as error:
            outcome.append(error)

    thread = Thread(target=run)
    thread.start()
    assert STARTED.wait(10)
    return thread, outcome


def test_while_a_model_trains_its_id_is_taken_and_not_ready(directory: ModelDirectory) -> None:
    thread, outcome = in_background(lambda: directory.register(training()))
    with pytest.raises(ModelExists):
        directory.register(training())
    with pytest.raises(ModelTraining):
        directory.get(*KEY)
    assert directory.record(*KEY).status == "training"
    assert directory.ids("slow") == []
    GO.set()
    thread.join()
    assert isinstance(outcome[0], Record)
    assert directory.ids("slow") == [1]
    assert directory.get(*KEY).record.status == "ready"


def test_a_training_that_fails_leaves_nothing(directory: ModelDirectory) -> None:
    thread, outcome = in_background(lambda: directory.register(training(-1.0)))
    GO.set()
    thread.join()
    assert isinstance(outcome[0], InvalidRequest)
    assert outcome[0].faults[0].loc == ("kwargs", "X", 0, 0)
    with pytest.raises(UnknownModel):
        directory.record(*KEY)
    directory.register(training())


def test_any_fault_frees_the_id(directory: ModelDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Slow, X: FloatArray, y: None) -> None:
        raise MemoryError

    GO.set()
    monkeypatch.setattr(Slow, "_fit", broken)
    with pytest.raises(MemoryError):
        directory.register(training())
    monkeypatch.undo()
    directory.register(training())


def test_what_is_not_there_is_said(directory: ModelDirectory) -> None:
    for ask in (directory.get, directory.record, directory.delete):
        with pytest.raises(UnknownModel):
            ask("slow", 7)
        with pytest.raises(UnknownModelType):
            ask("nix", 7)
