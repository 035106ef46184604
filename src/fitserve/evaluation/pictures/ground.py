"""The ground of a plane: cells `(rows, columns)` that each hold the group answered there."""

import numpy as np

from fitserve.models.base import Codes

AROUND = 5
"""Cells on a side of the square that is looked at to smooth one."""
ROUGH = 3.5
"""A ground with borders so many times as long as its sides together is of specks and stripes."""


def ragged(cells: Codes) -> bool:
    """Whether specks and thin stripes would hide the shape of the whole."""
    borders = int((cells[1:] != cells[:-1]).sum() + (cells[:, 1:] != cells[:, :-1]).sum())
    return borders > ROUGH * sum(cells.shape)


def smoothed(cells: Codes, n_groups: int) -> Codes:
    """In each cell what is answered most often around it; ties stay what they are."""
    reach = AROUND // 2
    rows, columns = cells.shape
    counts = np.empty((n_groups, rows, columns))
    for group in range(n_groups):
        there = np.pad((cells == group).astype(np.float64), reach)
        sums = np.pad(there, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
        across = sums[AROUND:] - sums[:-AROUND]
        counts[group] = across[:, AROUND:] - across[:, :-AROUND]
    np.put_along_axis(
        counts, cells[None], np.take_along_axis(counts, cells[None], axis=0) + 0.5, axis=0
    )
    most: Codes = counts.argmax(axis=0)
    return most


def runs(cells: Codes) -> list[list[int]]:
    """Of each row `[group, cells, group, cells, ...]`, from left to right."""
    found = []
    for row in cells:
        starts = np.concatenate([[0], np.flatnonzero(row[1:] != row[:-1]) + 1])
        lengths = np.diff(np.append(starts, len(row)))
        found.append(np.column_stack([row[starts], lengths]).ravel().tolist())
    return found
