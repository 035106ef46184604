"""Tables and numbers as a person reads them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import combining, east_asian_width

GAP = "  "


def shown(value: Any) -> str:
    """A cell: numbers short, and of text nothing that a terminal would obey."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False)
    return printable(str(value))


def printable(text: str) -> str:
    """The text in one line, with an escape for whatever has no form of its own."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def width(text: str) -> int:
    """How many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    wide = sum(east_asian_width(sign) in ("W", "F") for sign in text)
    return len(text) + wide - sum(bool(combining(sign)) for sign in text)


def table(
    heads: Sequence[str], rows: Iterable[Sequence[Any]], most: int | None = None, last: int = 1
) -> str:
    """Aligned columns under their heads, numbers to the right; no wider than `most`, if that is
    given: columns before the `last` ones make room, and a column of dots stands for them."""
    body = [list(row) for row in rows]
    columns = [_column(head, [row[j] for row in body]) for j, head in enumerate(heads)]
    if most is not None:
        columns = _fitting(columns, most, len(columns) - last)
    return "".join(f"{GAP.join(cells).rstrip()}\n" for cells in zip(*columns, strict=True))


def pairs(facts: Iterable[tuple[str, Any]], indent: str = "") -> str:
    """A fact in each line, its name before it."""
    known = [(name, shown(value)) for name, value in facts]
    wide = max((width(name) for name, _ in known), default=0)
    return "".join(f"{indent}{name.ljust(wide)}{GAP}{value}\n" for name, value in known)


def _column(head: str, values: Sequence[Any]) -> list[str]:
    cells = [printable(head), *map(shown, values)]
    wide = max(map(width, cells))
    numbers = [value for value in values if value is not None]
    right = bool(numbers) and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in numbers
    )
    padding = [" " * (wide - width(cell)) for cell in cells]
    return [pad + cell if right else cell + pad for cell, pad in zip(cells, padding, strict=True)]


def _fitting(columns: list[list[str]], most: int, end: int) -> list[list[str]]:
    """The columns, fewer before `end` where they are wider than `most`, but for the first."""
    start = end
    while start > 1 and _line(_without(columns, start, end)) > most:
        start -= 1
    return _without(columns, start, end)


def _without(columns: list[list[str]], start: int, end: int) -> list[list[str]]:
    dots = [["…"] * len(columns[0])] if start < end else []
    return [*columns[:start], *dots, *columns[end:]]


def _line(columns: list[list[str]]) -> int:
    """How wide a line is."""
    return sum(width(cells[0]) for cells in columns) + len(GAP) * (len(columns) - 1)
