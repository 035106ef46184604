"""Threads of which few work and the others stand in for whoever waits: they share one interpreter,
and the more of them want it at once, the longer each waits for it, and the loop too."""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread, get_ident
from typing import Generic, TypeVar

AT_WORK = 4  # at once
PATIENCE = 0.05  # seconds at one job, after which a thread is taken to wait for something
EVERY = 4  # of so many jobs one is of a client that was served just now, if both kinds wait

Job = TypeVar("Job")


class Threads(Generic[Job]):
    """What a pool is used for here, at less cost a job."""

    def __init__(self, number: int, work: Callable[[Job, float], None]) -> None:
        self._work = work
        self._jobs: SimpleQueue[tuple[Job, float]] = SimpleQueue()
        self._again: SimpleQueue[tuple[Job, float]] = SimpleQueue()
        self._given: SimpleQueue[None] = SimpleQueue()  # one for each job of either kind
        self._turns: SimpleQueue[None] = SimpleQueue()  # each lets one more thread work
        self._since: dict[int, float] = {}  # by thread at work, when it began
        self._turn = 0
        for _ in range(AT_WORK):
            self._turns.put(None)
        for _ in range(number):
            Thread(target=self._run, daemon=True).start()

    def give(self, job: Job, again: bool = False) -> None:
        """Whose client was served just now is served `again` after the others."""
        (self._again if again else self._jobs).put((job, time.monotonic()))
        self._given.put(None)

    @property
    def busy(self) -> bool:
        """Whether somebody waits for a thread."""
        return not self._given.empty()

    def relieve(self) -> None:
        """Have others work in place of those that wait. To be called while it is busy."""
        late = time.monotonic() - PATIENCE
        for thread, since in list(self._since.items()):
            if since < late and self._since.pop(thread, None) is not None:
                self._turns.put(None)

    def _run(self) -> None:
        me = get_ident()
        while True:
            self._turns.get()
            mine = True
            while mine:
                self._given.get()
                job, given = self._next()
                self._since[me] = time.monotonic()
                self._work(job, given)
                mine = self._since.pop(me, None) is not None

    def _next(self) -> tuple[Job, float]:
        self._turn = (self._turn + 1) % EVERY
        first, then = (self._jobs, self._again) if self._turn else (self._again, self._jobs)
        try:
            return first.get_nowait()
        except Empty:
            return then.get()
