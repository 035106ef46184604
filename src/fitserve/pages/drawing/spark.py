"""A column in a small picture: 18 bars of how often each value occurs, or the most frequent."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing.svg import fixed, path
from fitserve.pages.drawing.wording import number, told_apart

WIDTH, HEIGHT = 120.0, 30.0
_LEAST = 1.0  # so that what is there at all is seen
_ROWS = 3  # bars of texts that have room


def spark(name: str, summary: Mapping[str, Any]) -> Markup:
    """Of a column's summary, as a description tells it: `counts`, and `values` of texts."""
    draw = _across if "values" in summary else _up
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}: {}">{}</svg>'
    ).format(fixed(WIDTH), fixed(HEIGHT), name, words(summary), draw(summary["counts"]))


def words(summary: Mapping[str, Any]) -> str:
    """The same in words."""
    if "values" in summary:
        pairs = zip(summary["values"], summary["counts"], strict=True)
        return ", ".join(f"{value} {count}" for value, count in pairs) or "no value"
    if summary["min"] == summary["max"]:
        return f"{number(summary['min'])} everywhere"
    low, middle, high = told_apart([summary["min"], summary["median"], summary["max"]])
    return f"{low} to {high}, median {middle}"


def _up(counts: Sequence[int]) -> Markup:
    most, step = max([*counts, 1]), WIDTH / max(len(counts), 1)
    bars = [
        f"M{fixed(j * step)} 30v{fixed(-max(_LEAST, 28.0 * count / most))}h{fixed(step - 1)}V30z"
        for j, count in enumerate(counts)
        if count
    ]
    return path("".join(bars), "bars")


def _across(counts: Sequence[int]) -> Markup:
    most = max([*counts, 1])
    bars = [
        f"M0 {fixed(9 * j + 0.5)}h{fixed(max(_LEAST, WIDTH * count / most))}v7.5H0z"
        for j, count in enumerate(counts[:_ROWS])
    ]
    return path("".join(bars), "bars")
