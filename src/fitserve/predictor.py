"""Where predictions run: what is short at once, the rest a block of rows at a time, in turn.

Threads of one process share one interpreter. So whatever takes longer than some milliseconds is
cut up, and of all that is so long one block runs at a time: those that ask for one row wait for
that at most, however many ask for a million.
"""

from collections.abc import Callable, Iterator
from threading import BoundedSemaphore, Event, Semaphore
from time import monotonic
from typing import TypeVar

from fitserve.errors import Overloaded, PredictionLimit
from fitserve.training.turns import Turns

SHORT = 2e7  # operations that are done at a stretch: some 20 ms
BLOCK = 1e7  # operations in one block of more
WAITING = 8  # long predictions at a time; the other threads go on serving

B = TypeVar("B")
T = TypeVar("T")


class Predictor:
    """Predicts for any number of threads, for each at most so many seconds."""

    def __init__(self, seconds: int = 30, waiting: Semaphore | None = None) -> None:
        self.seconds = seconds
        self._turns = Turns(1)
        self._waiting = waiting or BoundedSemaphore(WAITING)
        self._aborted = Event()

    def abort(self) -> None:
        """End what takes long."""
        self._aborted.set()

    def in_blocks(self, n_rows: int, cost: float, predict: Callable[[slice], T]) -> list[T]:
        """What `predict` makes of each block of rows, in their order.

        `cost` is roughly how many operations one row takes; blocks depend on it alone, and so do
        not differ from one time to the next. Raises `PredictionLimit` or `Overloaded`.
        """

        def blocks(step: int) -> Iterator[slice]:
            for start in range(0, n_rows, step):
                yield slice(start, min(start + step, n_rows))

        if n_rows * cost <= SHORT:
            return [predict(slice(0, n_rows))]
        return self.over(n_rows, cost, blocks, predict)

    def over(
        self,
        n_rows: int,
        cost: float,
        blocks: Callable[[int], Iterator[B]],
        predict: Callable[[B], T],
    ) -> list[T]:
        """The same of `blocks(step)`, which are made one at a time, and of which there are at
        most `n_rows` rows."""
        step = max(1, int(BLOCK / cost))
        if n_rows * cost <= SHORT:
            return [predict(block) for block in blocks(step)]
        if not self._waiting.acquire(blocking=False):
            raise Overloaded.by_predictions()
        try:
            return self._in_turn(n_rows, step, blocks(step), predict)
        finally:
            self._waiting.release()

    def _in_turn(
        self, n_rows: int, step: int, blocks: Iterator[B], predict: Callable[[B], T]
    ) -> list[T]:
        deadline = monotonic() + self.seconds
        done: list[T] = []

        def go_on() -> None:
            if self._aborted.is_set():
                raise Overloaded.by_stopping()
            if monotonic() > deadline:
                raise PredictionLimit.time(self.seconds, len(done) * step, n_rows)

        while len(done) * step < n_rows:
            with self._turns.turn(go_on):
                block = next(blocks, None)
                if block is None:  # there were fewer
                    break
                done.append(predict(block))
        return done
