"""How times, durations and counts are written on pages; numbers as in `drawing/wording.py`."""

import math
from datetime import UTC, datetime

from fitserve.pages.drawing.wording import number


def moment(value: str) -> str:
    """A time of RFC 3339 for people, in UTC."""
    at = datetime.fromisoformat(value)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def short_moment(value: str) -> str:
    """The same where there is little room."""
    at = datetime.fromisoformat(value)
    return f"{at.day} {at:%b, %H:%M}"


def duration(seconds: float) -> str:
    """0.4 ms, 12 s, 3 min, 2 h."""
    if seconds < 1.0:
        return f"{number(seconds * 1000.0, 2)} ms"
    if seconds < 120.0:
        return f"{number(seconds, 2) if seconds < 10.0 else round(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < 7200.0 else f"{round(seconds / 3600)} h"


def since(value: str) -> float:
    """Seconds from a time of RFC 3339 until now."""
    return max((datetime.now(UTC) - datetime.fromisoformat(value)).total_seconds(), 0.0)


def count(n: int, one: str, many: str = "") -> str:
    """1 row, 3 rows."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def size(n_bytes: int) -> str:
    """64 MiB, 15 kB."""
    if n_bytes >= 2**20:
        return f"{number(n_bytes / 2**20)} MiB"
    return f"{max(1, round(n_bytes / 1000))} kB"


def first_sentence(text: str) -> str:
    """Up to its first full stop that ends one."""
    return text.partition(". ")[0].removesuffix(".") + "."


def from_centre(inertia: float, n_rows: int) -> float:
    """How far a row lies from the centre of its group (root of the mean square), which unlike the
    inertia does not grow with the rows."""
    return math.sqrt(inertia / n_rows)
