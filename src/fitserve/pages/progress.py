"""How far a training is, for people."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from markupsafe import Markup

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.wording import number, per_cent
from fitserve.pages.words import duration, since

SURE = 0.03
"""Share of a training after which the rest of its time can be guessed."""


LEFT, RIGHT, TOP, BOTTOM = 56, 386, 24, 150
FEW = 3  # losses of which no curve is drawn


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


def losses(described: Mapping[str, Any]) -> Markup | None:
    """The loss so far, along how far the training was; None before there is a curve."""
    points = [(float(x), float(y)) for x, y in described.get("losses") or ()]
    if len(points) < FEW:
        return None
    across = Scale.over([x for x, _ in points], LEFT, RIGHT)
    up = Scale.over([y for _, y in points], BOTTOM, TOP, 0.06)
    first, last = (number(points[at][1]) for at in (0, -1))
    drawn = [
        Axes(across, up).drawn("share of the training", "loss", x_words=per_cent),
        svg.line([(across(x), up(y)) for x, y in points], "curve"),
        svg.path(f"M{svg.fixed(across(points[-1][0]))} {svg.fixed(up(points[-1][1]))}h0", "dot"),
    ]
    said = f"The loss so far: from {first} to {last}"
    return svg.svg("losses", (400, 190), said, drawn)
