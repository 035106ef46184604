"""Training apart: the same model, within limits, and gone when nobody wants it any more."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fitserve.data import arrays
from fitserve.errors import Busy, FitserveError, InvalidRequest, TrainingCancelled, TrainingLimit
from fitserve.models import catalog
from fitserve.models.base import Model, Task
from fitserve.models.hyperparameters import hyperparameters
from fitserve.processes import forking as processes
from fitserve.processes.forking import ForkServer
from fitserve.storage.store import Key, reservation
from fitserve.training import process, trainer
from fitserve.training.process import Limits
from fitserve.training.trainer import REQUESTS, Trainer
from fitserve.training.training import Ongoing, Trained, Training
from fitserve.training.turns import Turns
from tests.conftest import ROOT, needs_proc, until
from tests.models.data import kwargs_for, split_for
from tests.models.test_conformance import every_type, same

MODULE = "fitserve.training.process"
ENDLESS = {"learning_rate": 1e-6, "max_iter": 10**9, "tol": 0.0}


def training(model_type: str, X: Any, y: Any = None, **kwargs: Any) -> Training:
    model, X = catalog()[model_type].from_kwargs(kwargs), arrays.matrix(X, ("X",))
    y = None if y is None else arrays.target(y, ("y",))
    model.examine(X, y)
    return Training(Key(model_type, 1), model, X, y, None)


def endless() -> Training:
    return training("linear_regression", [[0.0], [1.0], [2.0]], [0, 1, 3], **ENDLESS)


def ongoing(what: Training) -> Ongoing:
    return Ongoing(reservation(what.key, what.beginning()))


@pytest.fixture(scope="module")
def forking() -> Iterator[ForkServer]:
    made = ForkServer(MODULE)
    yield made
    made.close()


@needs_proc
def test_what_is_forked_comes_behind_the_worker_whichever_thread_began_it() -> None:
    forking = ForkServer(MODULE)

    def begin_from_behind() -> None:
        os.nice(3)
        forking.fork(process.TASK, 60)[0].close()

    try:
        thread = threading.Thread(target=begin_from_behind)
        thread.start()
        thread.join(60)
        assert forking._process is not None
        own, its = (os.getpriority(os.PRIO_PROCESS, of) for of in (0, forking._process.pid))
        assert its == min(own + processes.NICE, 19)
    finally:
        forking.close()


def run(forking: ForkServer, what: Training, seconds: int = 20, memory_mb: int = 2048) -> Trained:
    return process.train(forking, what, ongoing(what), Limits(seconds, memory_mb))


@pytest.fixture
def background() -> Iterator[Callable[..., Future[Trained]]]:
    with ThreadPoolExecutor(16) as pool:
        yield pool.submit


def trainers(forking: ForkServer) -> list[int]:
    assert forking._process is not None
    server = forking._process.pid
    return [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split()]


def begun_anew(forking: ForkServer) -> None:
    """It is there, and has nobody to train."""
    run(forking, training("pca", [[1.0], [2.0]]))
    until(lambda: not trainers(forking))


@every_type
def test_a_process_of_its_own_trains_the_same_bits(
    forking: ForkServer, cls: type[Model], task: Task
) -> None:
    split = split_for(task)
    y = split.y.tolist() if cls.supervised() else None
    what = training(cls.model_type(), split.X, y, **kwargs_for(cls, task))
    here, there = what.model.fit(what.X, what.y), run(forking, what)
    for name, value in here.state().items():
        assert same(there.model.state()[name], value), name
    assert there.score == here.score(what.X, what.y)
    assert there.seconds > 0.0


@pytest.mark.parametrize("labels", [["ä", "b"], [True, False], [-(2**63), 2**63 - 1]])
def test_labels_come_through(forking: ForkServer, labels: list[Any]) -> None:
    done = run(forking, training("knn", [[0.0], [9.0]], labels, n_neighbors=1))
    assert done.model.predict([[1.0], [8.0]]).tolist() == labels


def test_what_cannot_be_learned_is_refused_where_it_lies(forking: ForkServer) -> None:
    with pytest.raises(InvalidRequest) as caught:
        run(forking, training("kmeans", [[1.0]] * 5, n_clusters=3))
    assert caught.value.faults[0].loc == ("kwargs", "n_clusters")


def test_progress_and_loss_can_be_watched(
    forking: ForkServer, background: Callable[..., Future[Trained]]
) -> None:
    what = endless()
    watched = ongoing(what)
    running = background(process.train, forking, what, watched, Limits(20))
    first = until(lambda: watched.now().description["progress"])
    told = until(lambda: (now := watched.now().description)["progress"] > first and now)
    assert 0.0 < told["progress"] < 1.0
    assert told["loss"] > 0.0
    until(lambda: len(watched.now().description["losses"]) > 5)
    losses = watched.now().description["losses"]
    assert [one[0] for one in losses] == sorted({one[0] for one in losses})
    watched.end(TrainingCancelled(*what.key))
    with pytest.raises(TrainingCancelled):
        running.result(20)
    until(lambda: not trainers(forking))


def test_time_has_a_limit(forking: ForkServer) -> None:
    with pytest.raises(TrainingLimit, match=r"1 seconds.*FITSERVE_TRAINING_SECONDS"):
        run(forking, endless(), seconds=1)


def greedy() -> Training:
    """Small to send, and more to learn than 64 MiB hold."""
    rng = np.random.default_rng(0)
    y = (np.arange(20_000) % 1000).tolist()  # whose first scores are 160 MB
    return training("logistic_regression", rng.normal(size=(20_000, 5)), y)


def test_memory_has_a_limit(forking: ForkServer) -> None:
    assert greedy().model.least_memory() < 64 * 2**20
    with pytest.raises(TrainingLimit, match=r"more than.*64 MiB.*FITSERVE_TRAINING_MEMORY_MB"):
        run(forking, greedy(), memory_mb=64)


def test_what_was_learned_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    forking = altered("a.LARGEST = 0", monkeypatch)
    with pytest.raises(TrainingLimit, match="0 MiB that a model may take"):
        run(forking, training("pca", [[1.0], [2.0]]))
    forking.close()


def altered(change: str, monkeypatch: pytest.MonkeyPatch) -> ForkServer:
    """A forking process whose module is changed before it begins."""
    program = f"import fitserve.training.process as a; {change}; a.main()"
    popen = subprocess.Popen

    def start(command: list[str], **more: Any) -> subprocess.Popen[bytes]:
        return popen([sys.executable, "-c", program, command[-1]], **more)

    monkeypatch.setattr(subprocess, "Popen", start)
    return ForkServer(MODULE)


def test_what_cannot_fit_is_refused_at_once() -> None:
    what = training("gmm", np.ones((2, 3000)) * [[1.0], [2.0]])
    made = Trainer(Limits(memory_mb=64), 1)
    with pytest.raises(TrainingLimit, match=r"at least 137 MiB"):
        made.train(what, ongoing(what))
    with made.turn() as turn, pytest.raises(TrainingLimit, match=r"at least 137 MiB"):
        made.train_in_turn(what, ongoing(what), turn)
    assert made._server._process is None


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_dies_is_as_one_over_its_limit(
    forking: ForkServer, background: Callable[..., Future[Trained]], how: signal.Signals
) -> None:
    begun_anew(forking)
    what = endless()
    watched = ongoing(what)
    running = background(process.train, forking, what, watched, Limits(20))
    until(lambda: watched.now().description["progress"])
    os.kill(trainers(forking)[0], how)
    with pytest.raises(TrainingLimit, match="killed or crashed"):
        running.result(20)
    run(forking, training("pca", [[1.0], [2.0]]))


@needs_proc
def test_a_stop_that_reaches_every_process_leaves_trainers_alone(
    forking: ForkServer, background: Callable[..., Future[Trained]]
) -> None:
    begun_anew(forking)
    running = background(run, forking, endless(), 2)
    pid = until(lambda: trainers(forking))[0]
    assert forking._process is not None
    for sent in (signal.SIGTERM, signal.SIGINT):
        os.kill(pid, sent)
        os.kill(forking._process.pid, sent)
    with pytest.raises(TrainingLimit, match="longer than"):
        running.result(20)


def test_the_forking_process_comes_back(forking: ForkServer) -> None:
    run(forking, training("pca", [[1.0], [2.0]]))
    assert forking._process is not None
    before = forking._process
    before.kill()
    before.wait()
    run(forking, training("pca", [[1.0], [2.0]]))
    assert forking._process is not before


@needs_proc
@needs_proc
def test_a_forking_process_that_is_stopped_is_replaced_at_once(
    forking: ForkServer,
    background: Callable[..., Future[Trained]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is given the time of one that runs, not that of one that starts."""
    begun_anew(forking)
    assert forking._process is not None
    stopped = forking._process.pid
    os.kill(stopped, signal.SIGSTOP)
    until(lambda: "T" in Path(f"/proc/{stopped}/stat").read_text().rpartition(")")[2].split()[0])
    monkeypatch.setattr(processes, "START", 3600)
    background(run, forking, training("pca", [[1.0], [2.0]])).result(20)
    assert forking._process.pid != stopped
    assert not Path(f"/proc/{stopped}").exists()


def test_an_idle_forking_process_ends_and_one_that_waits_for_a_trainer_does_not(
    background: Callable[..., Future[Trained]], monkeypatch: pytest.MonkeyPatch
) -> None:
    forking = altered("a.forking.IDLE = 0.3", monkeypatch)
    running = background(run, forking, endless(), 3)
    time.sleep(2.0)
    assert forking._process is not None
    assert forking._process.poll() is None
    with pytest.raises(TrainingLimit, match="longer than"):
        running.result(20)
    assert forking._process.wait(20) == 0
    run(forking, training("pca", [[1.0], [2.0]]))
    forking._process.wait(20)
    forking.close()


@needs_proc
@pytest.mark.parametrize("first", ["worker", "forking process"])
def test_when_the_worker_is_killed_its_trainers_go_with_it(first: str) -> None:
    program = (
        "from tests.training.test_trainer import *; forking = ForkServer(MODULE);"
        "from threading import Thread; Thread(target=run, args=(forking, silent())).start();"
        "pids = until(lambda: forking._process and trainers(forking));"
        "time.sleep(1); print(*pids, forking._process.pid, flush=True)"
    )
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        pids = worker.stdout.readline().split()
        assert len(pids) == 2
        assert all(map(_runs, pids))
        if first == "forking process":
            os.kill(int(pids[1]), signal.SIGKILL)
            assert _runs(pids[0])
        worker.kill()
    until(lambda: not any(map(_runs, pids)), 10.0)


def silent() -> Training:
    """Some minutes without a report."""
    X = np.random.default_rng(0).normal(size=(5000, 100))
    return training("knn", X, (np.arange(5000) % 2).tolist(), n_neighbors=5000, p=3.0)


def _runs(pid: str) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@hyperparameters
class Stranger(Model):
    """A type that the other process does not know."""

    tasks = ("clustering",)

    def _fit(self, X: Any, y: None) -> None: ...

    def _predict(self, X: Any) -> Any: ...


def test_a_fault_of_our_own_is_told_as_one(capfd: pytest.CaptureFixture[str]) -> None:
    model, X = Stranger(), np.ones((1, 1))
    model.examine(X)
    forking = ForkServer(MODULE)
    with pytest.raises(FitserveError, match="server's log") as caught:
        run(forking, Training(Key("stranger", 1), model, X, None, None))
    forking.close()
    assert type(caught.value) is FitserveError
    assert "KeyError" in capfd.readouterr().err


# --------------------------------------------------------------------------- where it runs


def test_what_is_small_is_trained_in_place() -> None:
    made = Trainer(Limits(), 1)
    for cls in catalog().values():
        split = split_for(cls.tasks[0])
        y = split.y.tolist() if cls.supervised() else None
        what = training(cls.model_type(), split.X, y, **kwargs_for(cls, cls.tasks[0]))
        made.train(what, ongoing(what))
    assert made._server._process is None


def test_what_only_looked_small_is_begun_anew_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    split = split_for("classification")
    what = training("logistic_regression", split.X, split.y.tolist())
    expected = training("logistic_regression", split.X, split.y.tolist()).model.fit(what.X, what.y)
    monkeypatch.setattr(trainer, "PATIENCE", -1.0)
    made = Trainer(Limits(), 1)
    done = made.train(what, ongoing(what))
    assert made._server._process is not None
    assert done.model.state().keys() == expected.state().keys()
    assert all(same(done.model.state()[name], value) for name, value in expected.state().items())
    made.close()


@pytest.mark.parametrize(
    ("model_type", "n", "p", "kwargs"),
    [
        ("knn", 20_000, 20, {}),
        ("knn", 8000, 1, {"n_neighbors": 4000}),
        ("gauss_naive_bayes", 1_000_000, 1, {}),
        ("decision_tree", 1_000_000, 1, {}),
        ("gmm", 20_000, 1, {"n_components": 100}),
        ("gmm", 2000, 20, {"n_components": 50}),
        ("gmm", 5, 1000, {"n_components": 2}),
        ("kmeans", 2000, 20, {"n_clusters": 500}),
        ("pca", 2000, 500, {}),
        ("decision_tree", 5000, 50, {}),
        ("linear_regression", 20_000, 50, {}),
    ],
)
def test_what_is_large_is_not_even_begun_in_place(
    model_type: str, n: int, p: int, kwargs: dict[str, Any]
) -> None:
    X = np.random.default_rng(0).normal(size=(n, p))
    y = (np.arange(n) % 2).tolist() if catalog()[model_type].supervised() else None
    assert training(model_type, X, y, **kwargs).model.stretch() > trainer.SMALL


def test_a_turn_comes_in_the_order_of_asking() -> None:
    turns, order = Turns(1), []
    asked = [threading.Event() for _ in range(3)]

    def wait(n: int) -> None:
        with turns.turn(asked[n].set):
            order.append(n)

    threads = [threading.Thread(target=wait, args=(n,)) for n in range(3)]
    with turns.turn():
        for thread, event in zip(threads, asked, strict=True):
            thread.start()
            event.wait(10)
    with turns.turn():  # whoever gave it back has to wait for those before
        assert order == [0, 1, 2]
    for thread in threads:
        thread.join()


def test_who_gives_up_waiting_lets_the_next_come() -> None:
    turns = Turns(1)

    def give_up() -> None:
        raise TrainingCancelled("knn", 1)

    with turns.turn(), pytest.raises(TrainingCancelled), turns.turn(give_up):
        raise AssertionError
    with turns.turn():
        pass


def test_without_a_process_to_train_in_the_server_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(self: ForkServer, task: str, patience: int) -> None:
        raise BlockingIOError

    monkeypatch.setattr(ForkServer, "fork", none_left)
    with pytest.raises(Busy, match="no process"):
        Trainer(Limits(), 1).train(endless(), ongoing(endless()))


def test_requests_that_wait_for_a_process_are_few(
    background: Callable[..., Future[Trained]],
) -> None:
    made = Trainer(Limits(20), 1)
    several = [ongoing(endless()) for _ in range(REQUESTS)]
    running = [background(made.train, endless(), one) for one in several]
    until(lambda: not made._requests._value)
    with pytest.raises(Busy) as caught:
        made.train(endless(), ongoing(endless()))
    assert caught.value.retry_after
    made.wind_down()
    until(lambda: sum(one.done() for one in running) == REQUESTS - 1)
    for one in several:
        one.end(TrainingCancelled("linear_regression", 1))
    ends = [type(one.exception(20)) for one in running]
    assert sorted(ends, key=str) == [Busy] * (REQUESTS - 1) + [TrainingCancelled]
    with pytest.raises(Busy, match="stopping"):
        made.train(endless(), ongoing(endless()))
    made.close()


@needs_proc
def test_a_process_that_is_stopped_is_over_its_time(
    forking: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_anew(forking)
    fork = forking.fork

    def stopped(task: str, patience: int) -> tuple[Connection, int]:
        connection, pid = fork(task, patience)
        os.kill(pid, signal.SIGSTOP)
        return connection, pid

    monkeypatch.setattr(forking, "fork", stopped)
    large = np.random.default_rng(0).normal(size=(50_000, 40))  # more than a socket holds
    for what in (training("pca", large, n_components=40), endless()):
        with pytest.raises(TrainingLimit, match="longer than"):
            run(forking, what, 1)
    until(lambda: not trainers(forking))
