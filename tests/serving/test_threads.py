"""Who works, who stands in, and whose turn it is."""

import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from fitserve.serving import threads
from fitserve.serving.threads import AT_WORK, EVERY, Threads
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
    jobs = Jobs(2 * AT_WORK, work)
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


@pytest.mark.parametrize(
    ("given", "order"),
    [
        (["a", "b", "c"], ["a", "b", "c"]),
        (["a again", "b"], ["b", "a again"]),
        (["a again", "b again", "c"], ["c", "a again", "b again"]),
    ],
)
def test_who_was_served_just_now_comes_after_the_others(given: list[str], order: list[str]) -> None:
    assert _order(given)[: len(order)] == order


def test_who_was_served_just_now_is_served_all_the_same() -> None:
    taken = _order(["again"] + ["first"] * 3 * EVERY)
    assert "again" in taken[:EVERY]


def _order(given: list[str]) -> list[str]:
    """As one thread takes them, which is busy while they are given."""
    taken: SimpleQueue[str] = SimpleQueue()
    gate = threading.Event()

    def work(job: str, _given: float) -> None:
        if job == "gate":
            assert gate.wait(20)
        else:
            taken.put(job)

    jobs: Threads[str] = Threads(1, work)
    jobs.give("gate")
    until(lambda: not jobs.busy)
    for job in given:
        jobs.give(job, again=job.endswith("again"))
    gate.set()
    return [taken.get(timeout=20) for _ in given]
