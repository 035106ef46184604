"""How far a training is, for people."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fitserve.pages.words import duration, since

SURE = 0.03
"""Share of a training after which the rest of its time can be guessed."""


class Progress(NamedTuple):
    """Of a training that is not yet done."""

    place: int | None
    """How manyth of those that wait; None of one under way."""
    percent: int | None
    """None where it does not tell."""
    for_: str | None
    """How long it has been under way."""
    left: str | None

    @property
    def words(self) -> str:
        if self.place is not None:
            return "Waits"
        return "Training" if self.percent is None else f"Training {self.percent} %"


def progress(described: Mapping[str, Any]) -> Progress:
    """Of what is told of a training, as at GET /models/TYPE/ID."""
    started, done = described.get("started"), described.get("progress")
    if started is None:
        return Progress(described.get("place") or 0, None, None, None)
    passed = since(started)
    percent = None if done is None else int(100 * done)
    left = duration(passed * (1 - done) / done) if done is not None and done > SURE else None
    return Progress(None, percent, duration(passed), left)
