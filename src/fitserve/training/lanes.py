"""Turns to train in a process: some for what takes short, some for what takes long.

Nobody knows beforehand how long a training takes. So each begins among the short ones, and after
its share of time goes over to the long ones, if those have a turn left. If they have not, and
others wait, it has to give way: it is ended, and begins anew later. So what takes seconds waits
for seconds, whatever else was asked for.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from fitserve.training.turns import Turns

SHARE = 10.0  # seconds that a training may take among the short ones while others wait


class GivesWay(Exception):
    """The training has had its share, and others wait."""


class Turn:
    """A turn that was had among the short ones."""

    def __init__(self, short: Turns, long: Turns) -> None:
        self._short, self._long = short, long
        self._begun = monotonic()
        self._of = short

    def go_on(self) -> None:
        """Raises `GivesWay`."""
        if self._of is self._long or monotonic() - self._begun < SHARE:
            return
        if self._long.take_free():
            self._of = self._long
            self._short.give()
        elif self._short.wanted:
            raise GivesWay

    def end(self) -> None:
        self._of.give()


class Lanes:
    """So many turns for the short ones, and as many for the long ones."""

    def __init__(self, slots: int) -> None:
        self._short, self._long = Turns(slots), Turns(slots)

    @contextmanager
    def turn(self, go_on: Callable[[], None] = lambda: None) -> Iterator[Turn]:
        """Wait for a turn among the short ones, and have it; `go_on` may raise meanwhile."""
        self._short.take(go_on)
        turn = Turn(self._short, self._long)
        try:
            yield turn
        finally:
            turn.end()

    @contextmanager
    def long_turn(self, go_on: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for a turn among the long ones, and have it."""
        with self._long.turn(go_on):
            yield
