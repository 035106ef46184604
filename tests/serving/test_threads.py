"""Who works, and who stands in."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from fitserve.serving import threads
from fitserve.serving.threads import AT_WORK, Threads
from tests.conftest import until

Jobs = Threads[str]


class Work:
    """Jobs that are at work until they are let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._gates: dict[str, threading.Event] = {}

    def __call__(self, job: str, _given: float) -> None:
        gate = self._gates.setdefault(job, threading.Event())
        self.begun.append(job)
        gate.wait()

    def let_go(self, job: str) -> None:
        self._gates.setdefault(job, threading.Event()).set()

    def are_begun(self, number: int) -> None:
        until(lambda: len(self.begun) == number)


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    yield made
    for job in list(made.begun):
        made.let_go(job)


@pytest.fixture
def waiting(work: Work, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """As many at work as may be, and one that waits."""
    monkeypatch.setattr(threads, "PATIENCE", 1000.0)
    jobs = Jobs(2 * AT_WORK, work, longest=1000.0)
    for number in range(AT_WORK):
        jobs.give(f"at work {number}")
    work.are_begun(AT_WORK)
    jobs.give("waits")
    return jobs


def test_few_work_at_once(work: Work, waiting: Jobs) -> None:
    waiting.relieve()  # nobody has been at it for long
    time.sleep(0.05)
    assert waiting.busy
    assert len(work.begun) == AT_WORK
    work.let_go("at work 0")
    work.are_begun(AT_WORK + 1)
    assert not waiting.busy


def test_others_stand_in_for_those_that_wait(
    work: Work, waiting: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 0.0)
    waiting.relieve()
    work.are_begun(AT_WORK + 1)
    for number in range(1, AT_WORK):
        waiting.give(f"{number} more")
    work.are_begun(2 * AT_WORK)  # one for each that waits

    monkeypatch.setattr(threads, "PATIENCE", 1000.0)
    for number in range(AT_WORK):
        work.let_go(f"at work {number}")
    waiting.give("one too many")  # who comes back from waiting stands in for others now
    waiting.relieve()
    time.sleep(0.05)
    assert waiting.busy
    work.let_go("waits")
    work.are_begun(2 * AT_WORK + 1)


def test_all_of_them_may_wait_and_come_back(
    work: Work, waiting: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 0.0)
    for number in range(AT_WORK):
        waiting.give(f"{number} more")
    waiting.relieve()
    work.are_begun(2 * AT_WORK)
    waiting.relieve()
    assert waiting.busy  # there is no thread left
    for job in list(work.begun):
        work.let_go(job)
    work.are_begun(2 * AT_WORK + 1)
    work.let_go(work.begun[-1])
    waiting.give("after all that")
    work.are_begun(2 * AT_WORK + 2)


class Clocks:
    """Time as it is told to the threads: on the wall, and at the processor."""

    def __init__(self) -> None:
        self.now, self.used = 100.0, 0.0

    def pass_by(self, seconds: float, computing: float) -> None:
        self.now += seconds
        self.used += computing


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    made = Clocks()
    told = SimpleNamespace(
        monotonic=lambda: made.now,
        clock_gettime=lambda _: made.used,
        pthread_getcpuclockid=lambda thread: thread,
    )
    monkeypatch.setattr(threads, "time", told)
    return made


def test_who_computes_is_not_taken_to_wait(work: Work, clocks: Clocks) -> None:
    jobs = _one_at_work(work, longest=1000.0)
    for _ in range(3):
        clocks.pass_by(2 * threads.PATIENCE, computing=threads.PATIENCE)
        jobs.relieve()
        time.sleep(0.02)
        assert jobs.busy
    clocks.pass_by(2 * threads.PATIENCE, computing=0.0)
    jobs.relieve()
    work.are_begun(2)


def test_who_computes_for_long_is_relieved_too(work: Work, clocks: Clocks) -> None:
    jobs = _one_at_work(work, longest=1.0)
    clocks.pass_by(1.0, computing=1.0)
    jobs.relieve()
    work.are_begun(2)


def _one_at_work(work: Work, longest: float) -> Jobs:
    """And one that waits for it."""
    jobs = Jobs(2, work, at_work=1, longest=longest)
    jobs.give("computes")
    work.are_begun(1)
    jobs.give("next")
    return jobs


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority each")
def test_some_come_behind_the_others() -> None:
    found: SimpleQueue[tuple[str, int]] = SimpleQueue()

    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, 0)

    before = priority()
    for niceness in (0, 2):
        Jobs(1, lambda job, _: found.put((job, priority())), niceness=niceness).give(str(niceness))
        assert found.get(timeout=60) == (str(niceness), min(before + niceness, 19))
    assert priority() == before
