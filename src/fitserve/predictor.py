"""Where predictions run: what is short at once, the rest a block of rows at a time, in turn.

Threads of one process share one interpreter. So whatever takes longer than some milliseconds is
cut up, and of all that is so long one block runs at a time: those that ask for one row wait for
that at most, however many ask for a million.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Event, Semaphore
from time import monotonic
from typing import TypeVar

from fitserve.errors import Overloaded, PredictionLimit, TooMany
from fitserve.training.turns import Turns

SHORT = 2e7  # operations that are done at a stretch: some 20 ms
BLOCK = 5e6  # operations in one block of more
WAITING = 8  # long predictions at a time; the other threads go on serving

B = TypeVar("B")
T = TypeVar("T")


class Predictor:
    """Predicts for any number of threads, for each at most so many seconds."""

    def __init__(
        self, seconds: int = 30, waiting: Semaphore | None = None, most_rows: int | None = None
    ) -> None:
        self.seconds = seconds
        self.most_rows = most_rows
        """In one request; of CSV its lines count."""
        self._turns = Turns(1)
        self._waiting = waiting or BoundedSemaphore(WAITING)
        self._aborted = Event()
        self._gone: Callable[[], bool] = bool

    def while_wanted(self, gone: Callable[[], bool]) -> "Predictor":
        """The same, for a client that may be gone: what takes long is ended then."""
        made = Predictor.__new__(Predictor)
        vars(made).update(vars(self), _gone=gone)
        return made

    def abort(self) -> None:
        """End what takes long."""
        self._aborted.set()

    def in_blocks(self, n_rows: int, cost: float, predict: Callable[[slice], T]) -> list[T]:
        """What `predict` makes of each block of rows, in their order.

        `cost` is roughly how many operations one row takes; blocks depend on it alone, and so do
        not differ from one time to the next. Raises `PredictionLimit` or `Overloaded`.
        """
        if n_rows * cost <= SHORT:
            return [predict(slice(0, n_rows))]
        return self.over(n_rows, cost, slices(n_rows), predict)

    def over(
        self,
        n_rows: int,
        cost: float,
        blocks: Callable[[int], Iterator[B]],
        predict: Callable[[B], T],
    ) -> list[T]:
        """The same of `blocks(step)`, which are made one at a time, and of which there are at
        most `n_rows` rows. Raises `TooMany`, too."""
        if self.most_rows is not None and n_rows > self.most_rows:
            raise TooMany.rows(n_rows, self.most_rows)
        if n_rows * cost <= SHORT:
            return [predict(block) for block in blocks(_step(cost))]
        with self.at_length(n_rows, cost) as work:
            return work.over(blocks, predict)

    @contextmanager
    def at_length(self, n_rows: int, cost: float, times: int = 1) -> Iterator["Work"]:
        """Room for what goes through at most `n_rows` rows so many times, all in one limit.

        Raises `Overloaded`.
        """
        if not self._waiting.acquire(blocking=False):
            raise Overloaded.by_predictions()
        try:
            yield Work(self._turns, self._go_on, self.seconds, n_rows, cost, times)
        finally:
            self._waiting.release()

    def _go_on(self) -> None:
        if self._aborted.is_set():
            raise Overloaded.by_stopping()
        if self._gone():
            raise Overloaded.by_leaving()


class Work:
    """What takes long, block by block: of all such, one block is done at a time."""

    def __init__(
        self,
        turns: Turns,
        wanted: Callable[[], None],
        seconds: int,
        n_rows: int,
        cost: float,
        times: int,
    ) -> None:
        self._turns, self._wanted = turns, wanted
        self._seconds, self._deadline = seconds, monotonic() + seconds
        self._n_rows, self._cost, self._times = n_rows, cost, times
        self._done = 0

    def over(self, blocks: Callable[[int], Iterator[B]], predict: Callable[[B], T]) -> list[T]:
        """Go through the rows once. Raises `PredictionLimit` or `Overloaded`."""
        return self.through(self._n_rows, self._cost, blocks, predict)

    def through(
        self,
        n_rows: int,
        cost: float,
        blocks: Callable[[int], Iterator[B]],
        predict: Callable[[B], T],
    ) -> list[T]:
        """Go through other rows, in the same limit, of which one takes `cost` operations."""
        step = _step(cost)
        parts = blocks(step)
        answers: list[T] = []
        while len(answers) * step < n_rows:
            with self._turns.turn(self._go_on):
                block = next(parts, None)
                if block is None:  # there were fewer
                    break
                answers.append(predict(block))
            self._done += step
        return answers

    def _go_on(self) -> None:
        self._wanted()
        if monotonic() > self._deadline:
            done = min(self._done // self._times, self._n_rows)
            raise PredictionLimit.time(self._seconds, done, self._n_rows)


def slices(n_rows: int) -> Callable[[int], Iterator[slice]]:
    """The rows as slices of so many each, as `blocks` are wanted here."""

    def blocks(step: int) -> Iterator[slice]:
        for start in range(0, n_rows, step):
            yield slice(start, min(start + step, n_rows))

    return blocks


def _step(cost: float) -> int:
    """How many rows make a block, one taking so many operations."""
    return max(1, int(BLOCK / cost))
