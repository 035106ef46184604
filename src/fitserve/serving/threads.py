"""Threads of which few work and the others stand in for whoever waits: they share one interpreter,
and the more of them want it at once, the longer each waits for it, and the loop too."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread, get_ident
from typing import Generic, TypeVar

AT_WORK = 4  # at once
PATIENCE = 0.05  # seconds at one job, after which a thread that does not compute waits
IDLE = 0.02  # of those seconds; who computes less than that part of them does not

Job = TypeVar("Job")


@dataclass
class _Stint:
    """One thread's, at one job."""

    since: float
    clock: int | None  # of the thread's own time at the processor, where the system has such
    used: float = 0.0  # of that, when the thread was last seen to compute ...
    seen: float = 0.0  # ... which was then

    def __post_init__(self) -> None:
        self._see(self.since)

    def waits(self, now: float) -> bool:
        """Whether the thread has hardly computed since this was asked, or its job began."""
        if now - self.seen < PATIENCE:
            return False
        before, used = self.seen, self.used
        self._see(now)
        return self.used - used <= IDLE * (now - before)

    def _see(self, now: float) -> None:
        self.seen = now
        if self.clock is not None:
            self.used = time.clock_gettime(self.clock)


class Threads(Generic[Job]):
    """What a pool is used for here, at less cost a job."""

    def __init__(
        self,
        number: int,
        work: Callable[[Job, float], None],
        at_work: int = AT_WORK,
        longest: float = PATIENCE,
        niceness: int = 0,
    ) -> None:
        """After the `longest` seconds at one job others stand in for whoever computes, too. Where
        the system schedules each thread, these come `niceness` behind the others."""
        self._work = work
        self._niceness = niceness
        self._longest = longest
        self._jobs: SimpleQueue[tuple[Job, float]] = SimpleQueue()
        self._turns: SimpleQueue[None] = SimpleQueue()  # each lets one more thread work
        self._at_work: dict[int, _Stint] = {}  # by thread
        for _ in range(at_work):
            self._turns.put(None)
        for _ in range(number):
            Thread(target=self._run, daemon=True).start()

    def give(self, job: Job) -> None:
        self._jobs.put((job, time.monotonic()))

    @property
    def busy(self) -> bool:
        """Whether somebody waits for a thread."""
        return not self._jobs.empty()

    @property
    def working(self) -> bool:
        """Whether a thread works."""
        return bool(self._at_work)

    def relieve(self) -> None:
        """Have others work in place of those that wait. To be called while it is busy."""
        now = time.monotonic()
        for thread, stint in list(self._at_work.items()):
            late = now - stint.since >= self._longest or stint.waits(now)
            if late and self._at_work.pop(thread, None) is not None:
                self._turns.put(None)

    def _run(self) -> None:
        me = get_ident()
        if self._niceness and sys.platform == "linux":  # elsewhere it would be the whole worker's
            os.nice(self._niceness)
        clock = _clock_of(me) if self._longest > PATIENCE else None  # nothing asks for it sooner
        while True:
            self._turns.get()
            mine = True
            while mine:
                job, given = self._jobs.get()
                self._at_work[me] = _Stint(time.monotonic(), clock)
                self._work(job, given)
                mine = self._at_work.pop(me, None) is not None


def _clock_of(thread: int) -> int | None:
    return time.pthread_getcpuclockid(thread) if hasattr(time, "pthread_getcpuclockid") else None
