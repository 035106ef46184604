"""Numbers, labels and names as a page writes them."""

import math
from collections.abc import Sequence
from typing import Any

MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
BEYOND = "beyond float64"
LONGEST = 28  # characters of a name in a picture


def number(value: float | None, digits: int = 3) -> str:
    """To so many digits, whole ones to all of theirs: 12.3, 4050, −0.00012, 1.5e+07. None is what
    JSON has of a number that is not finite."""
    if value is None or not math.isfinite(value):
        return BEYOND
    if value == 0:
        return "0"
    size = abs(value)
    if value == int(value) and size < 1e6:
        said = f"{int(size)}"
    elif 1e-4 <= size < 1e6:
        said = f"{size:.{digits}g}" if size < 10**digits else f"{size:.0f}"
    else:
        said = f"{size:.{digits}g}"
    return f"{MINUS}{said}" if value < 0 else said


def told_apart(values: Sequence[float]) -> list[str]:
    """Numbers with as many digits as it takes to tell them apart: 146.8 and 147.2, 2007.5."""
    for digits in range(3, 13):
        said = [number(value, digits) for value in values]
        if len(set(said)) == len(set(values)):
            break
    if all(abs(value) < 1e15 and value == int(value) for value in values):
        plain = [f"{value + 0.0:.0f}".replace("-", MINUS) for value in values]
        if max(map(len, plain), default=0) <= max(map(len, said), default=0):
            return plain
    return said


def signed(value: float | None, digits: int = 3) -> str:
    """With a sign, which zero has not."""
    told = number(value, digits)
    return f"+{told}" if value is not None and 0 < value < math.inf else told


def aligned(value: float, largest: float, digits: int = 3) -> str:
    """With a sign, and as many decimals as make so many digits of the `largest` beside it."""
    if not 1e-4 <= largest < 1e6:
        return signed(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(largest)))
    said = f"{value:+.{decimals}f}"
    return said[1:] if float(said) == 0.0 else said.replace("-", MINUS)


def per_cent(share: float) -> str:
    """Whole per cent, above 99 with one decimal; never 100 or 0 where it is not."""
    value = 100.0 * share
    if 99.0 < value < 100.0:
        return f"{min(value, 99.9):.1f}{NARROW}%"
    if 0.0 < value < 0.5:
        return f"under 1{NARROW}%"
    return f"{number(round(value))}{NARROW}%"


def label(value: Any) -> str:
    """A class as it is written in JSON, text without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def column(name: str) -> str:
    """The name of a column, which is its number where it has no other."""
    return f"column {name}" if name.isdecimal() else name


def short(name: str, longest: int = LONGEST) -> str:
    """A name, shortened in the middle where it is long."""
    if len(name) <= longest:
        return name
    head = (longest - 1) // 2
    return f"{name[: longest - 1 - head]}\N{HORIZONTAL ELLIPSIS}{name[-head:]}"


def listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
