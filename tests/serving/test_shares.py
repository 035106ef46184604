"""What workers tell each other, without workers."""

import pytest

from fitserve.serving import shares
from fitserve.serving.shares import DEEP, FRESH, RESERVE, START, Shares


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(shares, "monotonic", lambda: now[0])
    return now


def test_who_has_more_than_an_eighth_too_many_yields(clock: list[float]) -> None:
    table = Shares(2)
    one, other = table.take(), table.take()
    assert one.awaited()  # the other has not begun
    assert one.fair(50)  # and so does not count
    other.tell(16)
    assert not one.awaited()
    assert one.fair(16)
    assert one.fair(18)
    assert not one.fair(19)
    table.free(other)
    assert one.fair(50)


def test_the_next_ones_are_left_to_others_for_a_while_and_then_all_are_taken(
    clock: list[float],
) -> None:
    table = Shares(2)
    one, other = table.take(), table.take()
    other.tell(8)
    assert not one.leaves(9, lambda: 1)  # no matter
    assert one.leaves(11, lambda: 3)
    clock[0] += RESERVE / 2
    assert one.leaves(11, lambda: DEEP)
    assert not one.leaves(11, lambda: DEEP + 1)
    clock[0] += RESERVE
    assert not one.leaves(11, lambda: 3)
    assert not one.leaves(12, lambda: 2)
    one.nobody_waits()
    assert one.leaves(13, lambda: 1)  # anew for who comes next
    clock[0] += RESERVE
    other.tell(13)
    assert not one.leaves(13, lambda: 1)
    other.tell(8)
    assert one.leaves(14, lambda: 1)


def test_who_gives_no_sign_of_life_does_not_count(clock: list[float]) -> None:
    table = Shares(2)
    one, other = table.take(), table.take()
    other.tell(0)
    assert not one.fair(5)
    clock[0] += FRESH
    assert one.fair(5)
    other.live()
    assert not one.fair(5)
    other.leave()
    assert one.fair(5)
    table.take()
    assert one.awaited()
    clock[0] += START
    assert not one.awaited()


def test_what_is_on_disk_is_counted_for_all_and_forgotten_with_its_worker() -> None:
    table = Shares(2)
    one, other = table.take(), table.take()
    one.spool(700)
    other.spool(500)
    other.spool(-100)
    assert one.spooled == other.spooled == 1100
    table.free(other)
    assert one.spooled == 700
