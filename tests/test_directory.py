"""ModelDirectory under threads: one wins, nothing is seen half done."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from fitserve.data.arrays import FloatArray
from fitserve.directory import ModelDirectory
from fitserve.errors import (
    FitserveError,
    InvalidRequest,
    ModelExists,
    ModelTraining,
    StoreUnavailable,
    TrainingCancelled,
    TrainingFailed,
    UnknownModel,
    UnknownModelType,
)
from fitserve.models.base import Model
from fitserve.models.hyperparameters import hyperparameters
from fitserve.storage.database import SqlStore
from fitserve.storage.memory import MemoryStore
from fitserve.storage.store import MAX_MODEL_ID, Key, Record
from fitserve.training import queue
from fitserve.training.process import Limits
from fitserve.training.trainer import Trainer
from fitserve.training.training import Training


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
def directory() -> Iterator[ModelDirectory]:
    STARTED.clear()
    GO.clear()
    made = ModelDirectory({"slow": Slow}, MemoryStore(), Trainer(Limits(), 1))
    made.open()
    yield made
    GO.set()
    made.close()


def training(x: float = 1.0) -> Training:
    model, X = Slow(), np.array([[x]])
    model.examine(X)
    return Training(KEY, model, X, None, None)


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
        raise ZeroDivisionError

    GO.set()
    monkeypatch.setattr(Slow, "_fit", broken)
    with pytest.raises(ZeroDivisionError):
        directory.register(training())
    monkeypatch.undo()
    directory.register(training())


def ended(directory: ModelDirectory) -> Record:
    """The record of a queued training that has come to its end."""
    deadline = time.monotonic() + 10
    while (record := directory.record(*KEY)).status == "training":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return record


def test_what_is_queued_is_trained(directory: ModelDirectory) -> None:
    queued = directory.enqueue(training())
    assert queued.status == "training"
    assert STARTED.wait(10)
    with pytest.raises(ModelExists):
        directory.enqueue(training())
    with pytest.raises(ModelTraining):
        directory.get(*KEY)
    GO.set()
    assert ended(directory).description["training"]["metric"] == "inertia"
    assert directory.get(*KEY).record.status == "ready"


def test_what_is_queued_and_fails_tells_why_and_may_be_registered_again(
    directory: ModelDirectory,
) -> None:
    GO.set()
    directory.enqueue(training(-1.0))
    failed = ended(directory)
    assert failed.status == "failed"
    assert failed.description["problem"]["errors"][0]["loc"] == ["kwargs", "X", 0, 0]
    assert failed.description["hyperparameters"] == {"random_state": 0}
    with pytest.raises(TrainingFailed):
        directory.get(*KEY)
    directory.register(training())
    assert directory.record(*KEY).status == "ready"


def test_a_fault_of_our_own_fails_one_training_and_no_other(
    directory: ModelDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Slow, X: FloatArray, y: None) -> None:
        raise ZeroDivisionError("the reason")

    GO.set()
    monkeypatch.setattr(Slow, "_fit", broken)
    directory.enqueue(training())
    problem = ended(directory).description["problem"]
    assert problem["status"] == 500
    assert "reason" not in str(problem)
    assert "the reason" in caplog.text
    monkeypatch.undo()
    directory.delete(*KEY)
    directory.enqueue(training())
    assert ended(directory).status == "ready"


def test_a_fault_in_the_store_does_not_end_the_training_of_others(
    directory: ModelDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: MemoryStore, model_types: Any) -> None:
        monkeypatch.undo()
        raise ZeroDivisionError("the reason")

    GO.set()
    monkeypatch.setattr(MemoryStore, "claim", broken)
    directory.enqueue(training())
    assert ended(directory).status == "ready"
    assert "the reason" in caplog.text


def test_what_was_trained_is_published_when_the_store_is_there_again(
    directory: ModelDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, away = MemoryStore.publish, [True, True]

    def sometimes(self: MemoryStore, *what: Any) -> Record:
        if away:
            away.pop()
            raise StoreUnavailable
        return publish(self, *what)

    monkeypatch.setattr(queue, "PUBLISH_EVERY", 0.01)
    monkeypatch.setattr(MemoryStore, "publish", sometimes)
    GO.set()
    directory.enqueue(training())
    assert ended(directory).status == "ready"
    assert not away


def test_a_deletion_leaves_the_registration_after_it_alone(
    directory: ModelDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete, begun = MemoryStore.delete, []

    def and_register_again(self: MemoryStore, key: Key) -> bool:
        done = delete(self, key)
        begun.append(in_background(lambda: directory.register(training())))
        return done

    GO.set()
    directory.register(training())
    STARTED.clear()
    GO.clear()
    monkeypatch.setattr(MemoryStore, "delete", and_register_again)
    directory.delete(*KEY)
    GO.set()
    thread, outcome = begun[0]
    thread.join()
    assert isinstance(outcome[0], Record)
    assert next(iter(directory._queue.of(KEY)), None) is None


def test_a_queue_that_waited_for_its_turn_in_a_stop_is_left_alone(
    directory: ModelDirectory,
) -> None:
    GO.set()
    with directory._trainer.turn():
        directory.enqueue(training())
        time.sleep(0.1)
        directory.wind_down()
    deadline = time.monotonic() + 10
    while directory.training:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert directory.record(*KEY).status == "training"
    assert not STARTED.is_set()


def test_a_model_deleted_while_it_trains_is_cancelled(directory: ModelDirectory) -> None:
    thread, outcome = in_background(lambda: directory.register(training()))
    (ongoing,) = directory._queue.of(KEY)
    directory.delete(*KEY)
    with pytest.raises(TrainingCancelled):
        ongoing.go_on()
    with pytest.raises(UnknownModel):
        directory.record(*KEY)
    GO.set()
    thread.join()
    assert isinstance(outcome[0], TrainingCancelled)
    with pytest.raises(UnknownModel):
        directory.get(*KEY)
    directory.register(training())


def test_what_the_store_knows_no_more_is_ended(directory: ModelDirectory) -> None:
    """As when another machine deletes it."""
    thread, outcome = in_background(lambda: directory.register(training()))
    ongoing = next(iter(directory._queue._ongoing.values()))
    directory._store.delete(KEY)
    deadline = time.monotonic() + 10
    while ongoing._end is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    GO.set()
    thread.join()
    assert isinstance(outcome[0], TrainingCancelled)


def test_a_training_lost_twice_is_not_tried_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    store = SqlStore(url)
    store.prepare()
    store.reserve(KEY, training().description(), training().data())
    with sqlite3.connect(tmp_path / "store.sqlite3") as connection:
        connection.execute("UPDATE trainings SET attempts = 2")
    connection.close()
    made = ModelDirectory({"slow": Slow}, store, Trainer(Limits(), 1))
    made.open()
    problem = ended(made).description["problem"]
    assert problem["type"] == "/problems/training-lost"
    made.close()


def test_after_winding_down_what_is_queued_stays_queued(directory: ModelDirectory) -> None:
    GO.set()
    directory.wind_down()
    deadline = time.monotonic() + 10
    while directory.training:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    directory.enqueue(training())
    time.sleep(0.2)
    assert not STARTED.is_set()
    assert directory.record(*KEY).status == "training"


def test_what_is_not_there_is_said(directory: ModelDirectory) -> None:
    for ask in (directory.get, directory.record, directory.delete):
        with pytest.raises(UnknownModel):
            ask("slow", 7)
        with pytest.raises(UnknownModelType):
            ask("nix", 7)


@pytest.mark.parametrize(
    ("ready", "training", "failed", "free"),
    [
        ([], [], [], 1),
        ([], [1, 2, 4], [], 3),
        ([0], [], [], 1),
        ([1, 2], [3, 4], [], 5),
        ([3], [], [], 4),
        ([3], [4], [5], 5),
        ([MAX_MODEL_ID], [], [], 1),
        ([1, MAX_MODEL_ID], [2], [], 3),
    ],
)
def test_an_id_is_free_behind_those_that_are_taken(
    directory: ModelDirectory,
    monkeypatch: pytest.MonkeyPatch,
    ready: list[int],
    training: list[int],
    failed: list[int],
    free: int,
) -> None:
    monkeypatch.setattr("fitserve.directory._PAGE", 2)
    store = directory._store
    for model_id in ready + training + failed:
        record = store.reserve(Key("slow", model_id), {})
        if model_id in ready:
            store.publish(record, {})
        elif model_id in failed:
            store.fail(record.failed(TrainingFailed("slow", model_id)))
    assert directory.free_id("slow") == free
