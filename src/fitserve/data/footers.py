"""The lines at the end of a CSV that are no rows: a rule, a total, an average."""

import re
from collections.abc import Sequence

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.data.table import MISSING, NUMBER, Table

_MOST = 3  # lines at the end that are looked at
_RULE = re.compile(r"[-–—=_*~]{2,}").fullmatch
is_sum = re.compile(
    r"(?:(?:grand|sub|sum|over)[ -]?)?totals?:?|sums?:?|(?:gesamt)?summen?:?|(?:ins)?gesamt:?"
    r"|somme:?|suma:?|totale:?",
    re.IGNORECASE,
).fullmatch
is_other = re.compile(
    r"(?:averages?|avg|means?|medians?|all|overall|count|min(?:imum)?|max(?:imum)?|std|sd"
    r"|mittel(?:wert)?|durchschnitt|moyenne|media|promedio)[.:]?",
    re.IGNORECASE,
).fullmatch


def footers(table: Table, names: Sequence[str]) -> list[int]:
    """Which rows at the end hold rules alone, or a word for a summary among numbers."""
    found: list[int] = []
    for row in range(table.n_rows - 1, max(0, table.n_rows - 1 - _MOST), -1):
        if not _is_one(table, row, names):
            break
        found.insert(0, row)
    return found


@np.errstate(over="ignore", invalid="ignore")
def summed_up(numbers: Sequence[FloatArray], last: int) -> int:
    """How many columns sum up in the last row what is above it, 0 where one does not. Gaps are no
    numbers, and columns of nothing but zeros sum up nothing."""
    sums = [(one[last], np.nansum(one[:last])) for one in numbers if not np.isnan(one[last])]
    if not all(np.isclose(one, total, atol=0.0) for one, total in sums):
        return 0
    return sum(bool(total) for _, total in sums)


def _is_one(table: Table, row: int, names: Sequence[str]) -> bool:
    texts: list[str | None] = []
    for name in names:
        column = table.columns[name]
        code = NUMBER if column.codes is None else int(column.codes[row])
        text = column.texts[code].strip() if code >= 0 else None
        if text is not None and column.values is not None and (is_sum(text) or is_other(text)):
            return True
        if code != MISSING:
            texts.append(text)
    return bool(texts) and all(text is not None and _RULE(text) for text in texts)
