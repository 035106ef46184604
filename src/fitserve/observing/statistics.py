"""How many inferences each model made, and how long they took: of all workers together.

The numbers are in memory that the workers share, a table for each, and whoever is asked adds them
up. A table outlives its worker, and the worker in its place goes on from there. It holds the
models that were asked last; of one that was deleted the numbers count no more.
"""

import mmap
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from time import perf_counter_ns, time
from typing import Any

import numpy as np

from fitserve.storage.store import Key, Record

MODELS = 1000
"""Of each worker, those that it counts."""
STAGES = ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output")

_TYPE, _ID, _TOKEN, _LAST, _ROWS, _ANSWERS, _STAGES = range(7)
_WIDTH = _STAGES + 2 * len(STAGES)

_Registration = tuple[Key, float]
"""A model, and a number that tells it from others that had its key."""


class Tables:
    """All tables: made by the process that starts the workers."""

    def __init__(self, tables: int = 1) -> None:
        self._memory = mmap.mmap(-1, 8 * _WIDTH * MODELS * tables)
        self._numbers = np.frombuffer(self._memory).reshape(tables, MODELS, _WIDTH)

    def table(self, number: int) -> "Table":
        return Table(self, self._numbers[number])

    def rows(self) -> Iterator[list[float]]:
        """The rows of all that are in use."""
        for table in self._numbers:
            if table[0, _TYPE]:  # to read all would take the memory of those that are not
                yield from table[table[:, _TYPE] > 0].tolist()


class Table:
    """One worker's."""

    def __init__(self, of: Tables, rows: Any) -> None:
        self.of, self.rows = of, rows


class Times:
    """Where the time of one inference goes. What is in none of the stages was waited."""

    def __init__(self, begun: int) -> None:
        self._begun = begun
        self.rows = 0
        """How many were predicted."""
        self._spent = dict.fromkeys(("compute_input", "compute_infer", "compute_output"), 0)

    def read(self) -> None:
        """All that was asked is read."""
        self._spent["compute_input"] = perf_counter_ns() - self._begun

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = perf_counter_ns()
        yield
        self._spent[name] += perf_counter_ns() - begun

    def stages(self, failed: bool) -> dict[str, int]:
        """Nanoseconds of each stage that it counts for."""
        total = perf_counter_ns() - self._begun
        if failed:
            return {"fail": total}
        waited = total - sum(self._spent.values())
        return {"success": total, "queue": waited, **self._spent}


class Statistics:
    """What is counted, for any number of threads; `join` makes the workers of one server count
    together."""

    def __init__(self, model_types: Iterable[str]) -> None:
        self._types = sorted(model_types)
        self._lock = Lock()
        self.join(Tables().table(0))

    def join(self, table: Table) -> None:
        """Count in this table, and go on from what is there."""
        with self._lock:
            self._table = table
            found = enumerate(table.rows.tolist())
            self._at = OrderedDict((self._whose(row), at) for at, row in found if row[_TYPE])

    @contextmanager
    def inference(self, record: Record, begun: int) -> Iterator[Times]:
        """Count what is done inside as an inference of this model, or as a failed one; it began
        at `begun`, by `perf_counter_ns`."""
        times = Times(begun)
        try:
            yield times
        except Exception:
            self._count(record, times, failed=True)
            raise
        self._count(record, times, failed=False)

    def _count(self, record: Record, times: Times, failed: bool) -> None:
        one = (record.key, _number(record.token))
        stages = times.stages(failed)
        with self._lock:
            row = self._row(one)
            row[_LAST] = round(time() * 1000)
            if not failed:
                row[_ROWS] += times.rows
                row[_ANSWERS] += 1
            for name, spent in stages.items():
                at = _STAGES + 2 * STAGES.index(name)
                row[at] += 1
                row[at + 1] += spent

    def _row(self, one: _Registration) -> Any:
        at = self._at.get(one)
        if at is not None:
            self._at.move_to_end(one)
            return self._table.rows[at]
        at = len(self._at) if len(self._at) < MODELS else self._at.popitem(last=False)[1]
        self._at[one] = at
        key, token = one
        row = self._table.rows[at]
        row[:] = 0.0
        row[_ID], row[_TOKEN] = key.model_id, token
        row[_TYPE] = self._types.index(key.model_type) + 1
        return row

    def _whose(self, row: list[float]) -> _Registration:
        return Key(self._types[int(row[_TYPE]) - 1], int(row[_ID])), row[_TOKEN]

    # what is told

    def counted(self, model_type: str | None = None) -> list[Key]:
        """The models that were asked, ascending; some may not be there any more."""
        keys = {self._whose(row)[0] for row in self._table.of.rows()}
        return sorted(key for key in keys if model_type in (None, key.model_type))

    def told(self, tokens: Mapping[Key, str]) -> dict[str, Any]:
        """The statistics of these models, as Triton's extension has them."""
        sums = {(key, _number(token)): [0.0] * _WIDTH for key, token in tokens.items()}
        for row in self._table.of.rows():
            found = sums.get(self._whose(row))
            if found is not None:
                last = max(found[_LAST], row[_LAST])
                found[:] = [one + other for one, other in zip(found, row, strict=True)]
                found[_LAST] = last
        return {"model_stats": [_told(key, numbers) for (key, _), numbers in sums.items()]}


def _told(key: Key, numbers: list[float]) -> dict[str, Any]:
    pairs = zip(numbers[_STAGES::2], numbers[_STAGES + 1 :: 2], strict=True)
    stages = {
        name: {"count": int(count), "ns": int(ns)}
        for name, (count, ns) in zip(STAGES, pairs, strict=True)
    }
    nothing = {"count": 0, "ns": 0}
    return {
        "name": key.model_type,
        "version": str(key.model_id),
        "last_inference": int(numbers[_LAST]),
        "inference_count": int(numbers[_ROWS]),
        "execution_count": int(numbers[_ANSWERS]),
        "inference_stats": stages | {"cache_hit": nothing, "cache_miss": nothing},
        "batch_stats": [],
    }


def _number(token: str) -> float:
    """A token as a number that a float holds exactly."""
    return float(int(token[:12], 16))
