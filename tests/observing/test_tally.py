"""Numbers that several processes count together."""

import os
from concurrent.futures import ThreadPoolExecutor

from fitserve.observing.tally import Tallies


def test_rows_are_added_up() -> None:
    table = Tallies(3)
    first, second = table.row(0), table.row(2)
    first.add([(5, 1.0), (6, 0.5)])
    second.add([(5, 2.0)])
    assert first.total()[5:7] == second.total()[5:7] == [3.0, 0.5]


def test_threads_lose_nothing() -> None:
    tally = Tallies().row(0)

    def count(_: int) -> None:
        for _ in range(1000):
            tally.add([(1, 1.0)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))
    assert tally.total()[1] == 8000


def test_what_a_process_has_counted_that_died_stays_and_its_successor_goes_on() -> None:
    table = Tallies(2)
    table.row(0).add([(7, 1.0)])
    for _ in range(2):
        child = os.fork()
        if child == 0:
            table.row(1).add([(7, 10.0)])
            os.kill(os.getpid(), 9)
        os.waitpid(child, 0)
    assert table.row(0).total()[7] == 21


def test_what_was_counted_before_moves_along() -> None:
    table = Tallies(2)
    alone = Tallies().row(0)
    alone.add([(3, 4.0)])
    table.row(1).add([(3, 1.0)])
    alone.move(table.row(0))
    alone.add([(3, 1.0)])
    assert alone.total()[3] == table.row(1).total()[3] == 6
