"""Where a training runs: what is small in place, the rest apart, a few at a time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import BoundedSemaphore, Event, Semaphore
from time import thread_time

from fitserve.errors import Busy, TooMany, TrainingLimit
from fitserve.processes.forking import ForkServer
from fitserve.training import process
from fitserve.training.lanes import GivesWay, Lanes, Turn
from fitserve.training.process import Limits
from fitserve.training.training import Ongoing, Trained, Training, trained

SMALL = 4e6  # operations that may be done in place at a stretch: some 20 ms
PATIENCE = 0.05  # seconds of work after which a process of its own is worth its start
REQUESTS = 8  # that may wait for a process at once; the other threads go on serving


class Trainer:
    """Trains for any number of threads, at most `slots` apart at a time, and as many that take
    long."""

    def __init__(
        self,
        limits: Limits,
        slots: int,
        waiting: Semaphore | None = None,
        server: ForkServer | None = None,
    ) -> None:
        self.limits = limits
        self.slots = slots
        self._lanes = Lanes(slots)
        self._requests = BoundedSemaphore(REQUESTS)
        self._waiting = waiting or BoundedSemaphore(REQUESTS)
        self._server = server or ForkServer("fitserve.training.process")
        self._winding_down = Event()

    @property
    def winding_down(self) -> bool:
        return self._winding_down.is_set()

    def wind_down(self) -> None:
        """Begin nothing new; what is under way goes on."""
        self._winding_down.set()

    def close(self) -> None:
        self.wind_down()
        self._server.close()

    def refuse_what_cannot_fit(self, training: Training) -> None:
        rows, columns = training.X.shape
        if rows * columns > self.limits.cells:
            raise TooMany.cells(rows, columns, self.limits.cells)
        needed = training.least_memory() // 2**20
        if needed > self.limits.memory_mb:
            raise TrainingLimit.memory(self.limits.memory_mb, needed)

    def train(self, training: Training, ongoing: Ongoing) -> Trained:
        """Train while the caller waits: its turn, too, if it takes a process.

        Raises `InvalidRequest`, `TrainingLimit`, `Busy`, or why `ongoing` was ended.
        """
        self.refuse_what_cannot_fit(training)
        done = _in_place(training, ongoing)
        if done is not None:
            return done

        def go_on() -> None:
            self._go_on(ongoing)

        with self._room(), training.as_asked():
            with self._lanes.turn(go_on) as turn, suppress(GivesWay):
                return self._apart(training, ongoing, turn.go_on)
            with self._lanes.long_turn(go_on):
                return self._apart(training, ongoing)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn to train what is queued."""
        with self._lanes.turn() as turn:
            yield turn

    def train_in_turn(self, training: Training, ongoing: Ongoing, turn: Turn) -> Trained:
        """Train inside of `turn`. Raises `GivesWay`, too."""
        self.refuse_what_cannot_fit(training)
        done = _in_place(training, ongoing)
        if done is not None:
            return done
        with training.as_asked():
            return self._apart(training, ongoing, turn.go_on)

    def _apart(
        self, training: Training, ongoing: Ongoing, go_on: Callable[[], None] = lambda: None
    ) -> Trained:
        return process.train(self._server, training, ongoing, self.limits, go_on)

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Room for a request to wait in."""
        with ExitStack() as held:
            for room in (self._requests, self._waiting):
                if not room.acquire(blocking=False):
                    raise Busy.full(
                        "As many requests wait for their trainings already as may take of this "
                        "server; with the header 'Prefer: respond-async' a training queues."
                    )
                held.callback(room.release)
            yield

    def _go_on(self, ongoing: Ongoing) -> None:
        ongoing.go_on()
        if self.winding_down:
            raise Busy.stopping()


class _TakesLong(Exception):
    """What looked small is not."""


def _in_place(training: Training, ongoing: Ongoing) -> Trained | None:
    """Train by this thread; None if that would take, or took, too long."""
    if training.stretch() > SMALL:
        return None
    started = thread_time()

    def watch(progress: float, loss: float | None) -> None:
        ongoing.watch(progress, loss)
        if thread_time() - started > PATIENCE:
            raise _TakesLong

    try:
        with training.as_asked():
            return trained(
                training.model, training.X, training.y, watch, training.plan, training.source
            )
    except (_TakesLong, MemoryError):  # a process of its own has a limit of memory, and says so
        return None
