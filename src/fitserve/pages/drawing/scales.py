"""From numbers to places: scales, and the axes that name them."""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.wording import told_apart

MOST = sys.float_info.max
GAP = 4.0  # units between two words


@dataclass(frozen=True)
class Scale:
    """`low` to `high` lie at `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(
        cls, values: Sequence[float], start: float, end: float, margin: float = 0.0
    ) -> "Scale":
        """From the least to the greatest, and beyond by this share of the range; of one value
        there is room on both sides."""
        low, high = max(min(values), -MOST), min(max(values), MOST)
        room = margin * high - margin * low if high > low else abs(high) or 1.0
        return cls(max(low - room, -MOST), min(high + room, MOST), start, end)

    def __call__(self, value: float) -> float:
        if self.low == self.high:
            return (self.start + self.end) / 2
        # by halves, since the range of finite numbers may not be finite
        whole = self.high / 2 - self.low / 2
        if not whole:  # the halves of the smallest numbers there are
            return self.start if value == self.low else self.end
        share = (value / 2 - self.low / 2) / whole
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers within, about so many: steps of 1, 2 or 5 times a power of ten."""
        rough = (self.high / 2 - self.low / 2) / about * 2
        if not 1e-300 < rough < 1e300:
            return [self.low, self.high]
        power = 10.0 ** math.floor(math.log10(rough))
        fitting = [power * one for one in (0.5, 1, 2, 5, 10)]
        at = next(k for k in range(1, 5) if fitting[k] >= rough * 0.999)
        first, last = self._within(fitting[at])
        if first == last:  # one number tells no scale
            at -= 1
            first, last = self._within(fitting[at])
        step = fitting[at]
        if last - first > 4 * about:  # numbers that differ in their last digits alone
            return [self.low, self.high]
        ticks = [float(f"{k * step:.12g}") for k in range(first, last + 1)]
        return [tick for tick in ticks if abs(tick) <= MOST]

    def _within(self, step: float) -> tuple[int, int]:
        """The first and the last multiple of a step."""
        return math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)


@dataclass(frozen=True)
class Axes:
    """Two scales at right angles: a light grid, numbers beside it, a name at the end of each."""

    x: Scale
    y: Scale

    def drawn(
        self,
        x_name: str,
        y_name: str,
        *,
        x_words: Callable[[float], str] | None = None,
        y_words: Callable[[float], str] | None = None,
        x_ticks: Sequence[float] | None = None,
        y_ticks: Sequence[float] | None = None,
    ) -> Markup:
        x, y = self.x, self.y
        across = x.ticks() if x_ticks is None else x_ticks
        up = y.ticks() if y_ticks is None else y_ticks
        low, left = svg.fixed(y.start), svg.fixed(x.start)
        grid = [f"M{svg.fixed(x(v))} {low}V{svg.fixed(y.end)}" for v in across]
        grid += [f"M{left} {svg.fixed(y(v))}H{svg.fixed(x.end)}" for v in up]
        parts = [svg.path("".join(grid), "grid")]
        parts.append(below(x, y.start + 17, across, x_words))
        parts += [_beside(x.start - 7, y(v) + 4, words) for v, words in _words(up, y_words)]
        parts.append(svg.text(x.end, y.start + 35, f"{x_name} →", "lb end", 50))
        if y_name:
            parts.append(svg.text(2, 14, f"↑ {y_name}", "lb", 50))
        return Markup("").join(parts)


def _words(ticks: Sequence[float], words: Callable[[float], str] | None) -> list[tuple[float, str]]:
    return list(zip(ticks, map(words, ticks) if words else told_apart(ticks), strict=True))


def below(
    x: Scale,
    y: float,
    ticks: Sequence[float],
    words: Callable[[float], str] | None = None,
    width: float = 400.0,
) -> Markup:
    """The numbers under an axis of a picture so wide, none over another: where they are long,
    every second one."""
    told = [(*_inside(x(v), one, width), one) for v, one in _words(ticks, words)]
    ends = [svg.reach(at, one, css) for at, css, one in told]
    if any(one[1] > other[0] - GAP for one, other in pairwise(ends)):
        return below(x, y, ticks[::2], words, width)
    return Markup("").join(svg.text(at, y, one, css) for at, css, one in told)


def _inside(at: float, words: str, width: float) -> tuple[float, str]:
    """Where words stand whose middle would be there, and how: at the edge where they would be
    cut."""
    left, right = svg.reach(at, words, "mid")
    if left < 0.0:
        return 1.0, "tk"
    return (width - 1.0, "tk end") if right > width else (at, "tk mid")


def _beside(x: float, y: float, words: str) -> Markup:
    """Words that end there; long ones begin at the edge of the picture, or they would be cut."""
    if svg.reach(x, words, "end")[0] < 4.0:
        return svg.text(1, y, words, "tk halo")
    return svg.text(x, y, words, "tk end")
