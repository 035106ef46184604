"""What the groups are: the means of the columns in each of them."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.cells import table_columns
from fitserve.evaluation.pictures.grouping import Grouping, grouping
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import Subject
from fitserve.models.base import Codes

ROWS = 12
"""Columns that are told: those that differ most between the groups."""
COLUMNS = 8
"""Groups: the largest."""


def picture(subject: Subject) -> dict[str, Any] | None:
    """For each of the `columns` of the matrix that differ most, of `n_columns`, in the order of
    the table where all are told: the means in each of `groups`, in the table's own units
    (`means`), and as deviations of all rows from the mean of all (`apart`); null where no row that
    was kept is of the group. Of a category and a word it is the share and the mean count.
    """
    found = grouping(subject)
    if found is None:
        return None
    sizes = np.array(found.sizes)
    groups = np.sort(np.argsort(-sizes, kind="stable")[:COLUMNS])
    member = (found.of == groups[:, None]).astype(np.float64)
    own = _own(subject, found.X)
    with np.errstate(all="ignore"):
        unit = np.abs(found.X).max(axis=0)
        Z = found.X / np.where(unit > 0.0, unit, 1.0)
        spread = Z.std(axis=0)
        Z = np.where(spread > 0.0, (Z - Z.mean(axis=0)) / spread, 0.0)
        count = member.sum(axis=1, keepdims=True)
        apart, means = member @ Z / count, member / count @ own
    different = _explained(Z, found)
    n_columns = Z.shape[1]
    chosen = np.argsort(-different, kind="stable")[:ROWS]
    if n_columns <= ROWS:
        chosen = np.sort(chosen)
    kinds = [
        "number" if one.is_number else "word" if one.is_text else "category"
        for one in table_columns(subject)
        for _ in range(*one.block.indices(n_columns))
    ]
    return {
        "groups": groups.tolist(),
        "marks": found.shown.of[groups].tolist(),
        "n_groups": len(sizes),
        "sizes": sizes[groups].tolist(),
        "n_rows": len(found.X),
        "n_columns": n_columns,
        "columns": [
            {
                "column": subject.names[j],
                "kind": kinds[j],
                "means": rounded(means[:, j]),
                "apart": rounded(apart[:, j]),
                "all": rounded((own[:, j] / len(own)).sum()),
            }
            for j in chosen.tolist()
        ],
    }


def _own(subject: Subject, X: FloatArray) -> FloatArray:
    """The rows in the table's units."""
    own = X.copy()
    with np.errstate(over="ignore"):
        for column in table_columns(subject):
            if column.is_number:
                own[:, column.block] = column.own(X[:, column.block])
    return own


def _explained(Z: FloatArray, found: Grouping) -> FloatArray:
    """Of each column, brought to one scale, the share of its variance that the groups explain."""
    of: Codes = found.of
    there = np.unique(of)
    member = (of == there[:, None]).astype(np.float64)
    count = member.sum(axis=1, keepdims=True)
    explained: FloatArray = ((member @ Z) ** 2 / count).sum(axis=0)
    return explained
