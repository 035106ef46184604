"""The ground of a plane: areas of one answer each, and a thin border between them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.svg import fixed

Span = tuple[int, int, int]
"""A group, and the first and the last but one of the cells that have it in a row."""


def drawn(ground: dict[str, Any], left: float, right: float, bottom: float, top: float) -> Markup:
    """`ground` as `evaluation/pictures/regions.py` tells it, in this box."""
    width = (right - left) / ground["columns"]
    height = (top - bottom) / ground["rows"]
    rows = [_spans(runs) for runs in ground["runs"]]

    def x(column: int) -> str:
        return fixed(left + column * width)

    def y(row: int) -> str:
        return fixed(bottom + row * height)

    areas: dict[int, list[str]] = {}
    for (group, start, end), first, last in _stacked(rows):
        areas.setdefault(group, []).append(f"M{x(start)} {y(first)}H{x(end)}V{y(last)}H{x(start)}z")
    borders = [
        f"M{x(column)} {y(first)}V{y(last)}"
        for column, first, last in _stacked([_seams(row) for row in rows])
    ]
    for row in range(1, len(rows)):
        borders += [
            f"M{x(start)} {y(row)}H{x(end)}" for start, end in _steps(rows[row - 1], rows[row])
        ]
    parts = [svg.path("".join(areas[group]), f"rg f{group}") for group in sorted(areas)]
    return Markup("").join([*parts, svg.path("".join(borders), "edgeline")])


def _spans(runs: Sequence[int]) -> list[Span]:
    found, start = [], 0
    for group, cells in zip(runs[::2], runs[1::2], strict=True):
        found.append((group, start, start + cells))
        start += cells
    return found


def _seams(row: list[Span]) -> list[int]:
    """Where one answer ends and another begins."""
    return [start for _, start, _ in row[1:]]


def _stacked(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, int, int]]:
    """What is the same in rows above each other, once, with the first row and the one behind the
    last."""
    found, since = [], dict[Any, int]()
    for row, things in enumerate([*rows, []]):
        here = set(things)
        found += [(one, first, row) for one, first in since.items() if one not in here]
        since = {one: since.get(one, row) for one in things}
    return found


def _steps(below: list[Span], above: list[Span]) -> list[tuple[int, int]]:
    """The stretches of columns in which two rows have different answers."""
    found: list[tuple[int, int]] = []
    edges = sorted({start for _, start, _ in [*below, *above]} | {below[-1][2]})
    for start, end in pairwise(edges):
        if _at(below, start) != _at(above, start):
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
    return found


def _at(row: list[Span], column: int) -> int:
    return next(group for group, start, end in row if start <= column < end)
