"""What the workers of one server tell each other: how many connections each has, and how many
bytes on disk. It is in memory that they share, and each writes its own row only."""

import mmap
from collections.abc import Callable, Iterator
from threading import Lock
from time import monotonic
from typing import Any

FRESH = 1.0  # seconds that a row counts after its worker's last sign of life
START = 5.0  # seconds that workers which start together wait for each other
STARTING = -1.0
RESERVE = 0.005  # seconds that a worker with too many leaves the next ones to others, ...
DEEP = 64  # ... unless more than so many wait
WELL, SOON = 1, 2  # how the server is to stop
_ROW = 3  # sign of life, connections, bytes
_ENDED, _STOPPED = 0, 1


class Shares:
    """The rows: made, given and freed by the process that starts the workers."""

    def __init__(self, workers: int) -> None:
        self.rows = 2 * workers + 8  # a reload has the old workers beside the new ones
        self._table: Any = memoryview(mmap.mmap(-1, 8 * _ROW * self.rows)).cast("d")
        self._taken: set[int] = set()
        self._signs = mmap.mmap(-1, 2)

    @property
    def ended(self) -> bool:
        """Whether a worker has ended the server, since none can use its store."""
        return self._signs[_ENDED] != 0

    def stop(self, graceful: bool) -> None:
        """Tell the workers to: whoever has only begun does not hear a signal yet."""
        self._signs[_STOPPED] = WELL if graceful else SOON

    def take(self) -> "Share":
        row = min(set(range(self.rows)) - self._taken, default=self.rows - 1)
        self._taken.add(row)
        share = Share(self._table, row, self._signs)
        share.tell(STARTING)
        share.live()
        return share

    def free(self, share: "Share") -> None:
        share.clear()
        self._taken.discard(share.row)


class Share:
    """One worker's row."""

    def __init__(self, table: Any, row: int, signs: mmap.mmap) -> None:
        self.row = row
        self._signs = signs
        self._table = table
        self._at = row * _ROW
        self._lock = Lock()
        self._leaving = 0.0
        """Since when those who wait are left to others, if they are."""

    def live(self) -> None:
        self._table[self._at] = monotonic()

    def tell(self, connections: float) -> None:
        self._table[self._at + 1] = connections

    def spool(self, more: int) -> None:
        """So many bytes more (or fewer) lie on this worker's account on disk."""
        with self._lock:
            self._table[self._at + 2] += more

    def end(self) -> None:
        """Have the server's exit code say that it had to end."""
        self._signs[_ENDED] = 1

    @property
    def stopped(self) -> int:
        """Whether the server is to stop: 0, `WELL` or `SOON`."""
        return self._signs[_STOPPED]

    def leave(self) -> None:
        """Count no more, whatever is still open."""
        self._table[self._at] = 0.0

    def clear(self) -> None:
        self._table[self._at : self._at + _ROW] = memoryview(bytes(8 * _ROW)).cast("d")

    @property
    def spooled(self) -> float:
        """By all workers together."""
        return float(sum(self._table[2::_ROW].tolist()))

    def awaited(self) -> bool:
        """Whether a worker that was started together with this one is not there yet."""
        return any(number == STARTING for number in self._others(START))

    def fair(self, connections: int) -> bool:
        """Whether a worker with so many may take one more. An eighth is no matter."""
        least = min((n for n in self._others(FRESH) if n != STARTING), default=None)
        return least is None or connections <= least + connections // 8

    def leaves(self, connections: int, waiting: Callable[[], int]) -> bool:
        """Whether a worker with so many leaves the next one to others. When nobody else has come
        for a while it takes all who are `waiting`, since whoever comes then waits behind them."""
        if self.fair(connections):
            self._leaving = 0.0
            return False
        now = monotonic()
        self._leaving = self._leaving or now
        return now < self._leaving + RESERVE and waiting() <= DEEP

    def nobody_waits(self) -> None:
        self._leaving = 0.0

    def _others(self, seconds: float) -> Iterator[float]:
        since = monotonic() - seconds
        rows = self._table.tolist()
        for at in range(0, len(rows), _ROW):
            if at != self._at and rows[at] > since:
                yield rows[at + 1]
