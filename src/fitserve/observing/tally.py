"""Numbers that the workers of one server count together.

They are in memory that the workers share, a row for each, and whoever is asked adds the rows up.
A row outlives its worker: what one has counted that was killed stays counted, and the worker in
its place goes on from there. (Not prometheus_client's files, one a process: they would pile up
with every worker that is replaced, and on a disk that is full they end the worker that writes.)
"""

import mmap
from collections.abc import Iterable
from threading import Lock

import numpy as np

WIDTH = 2**16
"""Numbers in a row; memory is only taken for those that are used."""
_IN_USE = 0  # the number that says that a row has a worker, or had one


class Tallies:
    """All rows: made by the process that starts the workers."""

    def __init__(self, rows: int = 1) -> None:
        self._memory = mmap.mmap(-1, 8 * WIDTH * rows)

    def row(self, number: int) -> "Tally":
        at = 8 * WIDTH * number
        return Tally(self, memoryview(self._memory)[at : at + 8 * WIDTH].cast("d"))

    def total(self) -> list[float]:
        rows = np.frombuffer(self._memory).reshape(-1, WIDTH)
        used = [row for row in rows if row[_IN_USE]]  # to read the others would take their memory
        return [float(number) for number in np.sum(used, axis=0)]


class Tally:
    """One worker's row, for any number of its threads."""

    def __init__(self, of: Tallies, row: "memoryview[float]") -> None:
        self._of, self._row = of, row
        self._lock = Lock()
        row[_IN_USE] = 1.0

    def add(self, changes: Iterable[tuple[int, float]]) -> None:
        """Add each amount to the number at its place (1 to `WIDTH` - 1)."""
        with self._lock:
            for place, amount in changes:
                self._row[place] += amount

    def move(self, other: "Tally") -> None:
        """Count in the other's row from now on, and there too what was counted before."""
        with self._lock:
            for place, amount in enumerate(self._row[1:].tolist(), 1):
                if amount:
                    other._row[place] += amount
            self._of, self._row = other._of, other._row

    def total(self) -> list[float]:
        """The sum of all workers' rows."""
        return self._of.total()
