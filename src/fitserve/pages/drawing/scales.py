"""From numbers to places: scales, and the axes that name them."""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.wording import told_apart

MOST = sys.float_info.max


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
        low, high = min(values), max(values)
        room = margin * (high - low) if high > low else abs(high) or 1.0
        return cls(max(low - room, -MOST), min(high + room, MOST), start, end)

    def __call__(self, value: float) -> float:
        if self.low == self.high:
            return (self.start + self.end) / 2
        # by halves, since the range of finite numbers may not be finite
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers within, about so many: steps of 1, 2 or 5 times a power of ten."""
        rough = (self.high / 2 - self.low / 2) / about * 2
        if not 1e-300 < rough < 1e300:
            return [self.low, self.high]
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        if last - first > 4 * about:  # numbers that differ in their last digits alone
            return [self.low, self.high]
        ticks = [float(f"{k * step:.12g}") for k in range(first, last + 1)]
        return [tick for tick in ticks if abs(tick) <= MOST]


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
        said = _words(across, x_words), _words(up, y_words)
        parts += [svg.text(x(v), y.start + 17, words, "tk mid") for v, words in said[0]]
        parts += [svg.text(x.start - 7, y(v) + 4, words, "tk end") for v, words in said[1]]
        parts.append(svg.text(x.end, y.start + 35, f"{x_name} →", "lb end", 50))
        if y_name:
            parts.append(svg.text(2, 14, f"↑ {y_name}", "lb", 50))
        return Markup("").join(parts)


def _words(ticks: Sequence[float], words: Callable[[float], str] | None) -> list[tuple[float, str]]:
    return list(zip(ticks, map(words, ticks) if words else told_apart(ticks), strict=True))
