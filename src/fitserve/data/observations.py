"""What is worth knowing of a table that can be learned from as it is."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray, Target
from fitserve.data.columns import Columns
from fitserve.data.learning import Examined
from fitserve.data.table import Table
from fitserve.data.titles import has_values
from fitserve.data.unseen import bare, to_mend
from fitserve.errors import Advice, clip

FEW = 5  # rows of a class that are few
APART = 50.0  # times by which the spread of columns may differ
_STARTS = {float(first + one) for first in (0, *(10**n for n in range(2, 13))) for one in (0, 1)}
_IS_ID = re.compile(r"(?:.*[\W_])?(?:id|idx|index|rownum|row|key|no|nr)", re.IGNORECASE).fullmatch
NAMED = 5  # columns or classes that one sentence names


def of_columns(X: FloatArray, columns: Columns, *, apart: float = APART) -> Iterator[Advice]:
    """Columns that tell nothing, or the same; and those that spread `apart` times
    as far as others, from where on the model suffers. X is `(n_rows, n_encoded)`."""
    if len(X) < 2:
        return
    least, greatest = X.min(axis=0), X.max(axis=0)
    blocks = [slice(*ends) for ends in pairwise(columns.starts)]
    constant = [
        name
        for name, block in zip(columns.names, blocks, strict=True)
        if (least[block] == greatest[block]).all()
    ]
    if constant:
        yield Advice(
            f"{listed(map(column, constant))}: the same in every row, which tells nothing; leave "
            "it out.",
            {"drop": constant},
        )
    index = [
        encoder.name
        for encoder, block in zip(columns.encoders, blocks, strict=True)
        if encoder.kind == "number" and encoder.plain and _counts(X[:, block.start], encoder.name)
    ]
    if index:
        yield Advice(
            f"{listed(map(column, index))}: counts the rows, which tells nothing of a row to "
            "come; leave it out.",
            {"drop": index},
        )
    twins = [
        (name, other) for name, other in _same(X, columns.names, blocks) if name not in constant
    ]
    if twins:
        pairs = [f"{column(other)} as {column(name)}" for name, other in twins]
        yield Advice(
            f"{listed(pairs)}: the same in every row; leave one of them out.",
            {"drop": [other for _, other in twins]},
        )
    if apart < np.inf:
        yield from _of_scale(X, columns, greatest > least, apart)


def reach(X: FloatArray) -> float:
    """How far the column that reaches the farthest does, from its middle."""
    return float((X.max(axis=0) / 2 - X.min(axis=0) / 2).max())


def of_reach(reach: float, why: str | None, *, counting: bool) -> Iterator[Advice]:
    """Columns that all lie so near to their middle that the model learns nothing of them, and why,
    if something does that. Where they count something, no number may get below 0."""
    if why is not None:
        factor = 10.0 ** min(-floor(log10(reach)), 308)
        mend = f"multiply all columns by {factor:g}" if counting else "set standardize to true"
        yield Advice(
            f"No column reaches farther than {reach:.2g} from its middle, where {why}; {mend}.",
            {} if counting else {"standardize": True},
        )


def of_rows(table: Examined) -> Iterator[Advice]:
    """Rows that are not learned from."""
    if table.left_out:
        yield Advice(
            f"{table.left_out:,} of {table.left_out + table.table.n_rows:,} rows have an empty "
            "cell and were left out (missing=drop).",
            {"missing": "impute"} if any(table.gaps.values()) else {},
        )


def of_names(names: Sequence[str], number: Callable[[str], float | None]) -> Iterator[Advice]:
    """A first line that may be a row; names that count from 0, as those of pandas, are none."""
    if has_values(names, number) and list(names) != list(map(str, range(len(names)))):
        yield Advice(
            f"The first line, {clip(', '.join(names), 100)}, was taken for names of columns; if it "
            "holds values, they were not learned.",
            {"header": False},
        )


def of_line_breaks(table: Table) -> Iterator[Advice]:
    """The one cell in which a line ends, as where a quote was not closed."""
    found = [
        (name, code)
        for name, cells in table.columns.items()
        for code, text in enumerate(cells.texts)
        if "\n" in text.strip()
    ]
    for name, code in found if len(found) == 1 else ():
        rows = np.flatnonzero(table.columns[name].codes == code)
        if len(rows) == 1:
            line = table.place(int(rows[0]), name)[1]
            yield Advice(
                f"{column(name)} in line {line}: a line break stands in this cell, and in no "
                "other; if a quote was not closed there, it took in the lines below."
            )


def of_unseen(table: Table) -> Iterator[Advice]:
    """A cell of each column that begins or ends with what is no part of its text."""
    for name, cells in table.columns.items():
        for text, said in islice(to_mend(cells.texts), 1):
            for row in np.flatnonzero(cells.codes == cells.texts.index(text))[:1].tolist():
                at = f"line {table.place(row, name)[1]}" if table.in_csv else f"row {row}"
                wrong, _, mend = said.partition("; ")
                yield Advice(f"{column(name)} in {at}: {wrong}, and was learned with it; {mend}.")


def of_na_values(examined: Examined, words: Sequence[str]) -> Iterator[Advice]:
    """A word for what is missing that may be several, of which cells hold one; none is missing."""
    for word in words if not any(examined.gaps.values()) else ():
        parts = [part.strip() for part in re.split("[;|]", word)]
        for name, cells in examined.table.columns.items():
            there = [part for part in parts if part and part in cells.texts]
            if len(parts) > 1 and there:
                yield Advice(
                    f"{column(name)}: {clip(there[0], 40)!r} was taken for a value, and "
                    f"{clip(word, 40)!r} in na_values for one word; if it is what is missing, "
                    "write a comma between two.",
                    {
                        "na_values": [*(one for one in words if one != word), *filter(None, parts)],
                        "missing": "impute",
                    },
                )
                return


def of_classes(labels: list[object], codes: NDArray[np.intp]) -> Iterator[Advice]:
    """Classes that differ by how they are written alone, or have too few rows to be learned."""
    yield from of_spellings(labels, "classes")
    counts = np.bincount(codes, minlength=len(labels))
    few = [
        called(str(label), "class")
        for label, count in zip(labels, counts.tolist(), strict=True)
        if count < FEW
    ]
    if len(few) * 2 > len(labels) and len(labels) > 2:
        yield Advice(
            f"There are {len(labels):,} classes in {len(codes):,} rows, and {len(few):,} of them "
            f"have fewer than {FEW}; that is far too few to learn them from."
        )
    elif few:
        yield Advice(
            f"{listed(few)}: fewer than {FEW} rows are of this class, too few to learn it from."
        )


def of_spellings(texts: Iterable[object], what: str, where: str = "") -> Iterator[Advice]:
    """Classes, or categories of the column that `where` begins with, that differ by how they are
    written alone."""
    written: dict[str, list[str]] = {}
    for text in texts:
        if isinstance(text, str):
            written.setdefault(" ".join(bare(text).split()).casefold(), []).append(text)
    several = [found for found in written.values() if len(found) > 1]
    if several:
        shown = all(bare(text) == text for found in several for text in found)
        differ = "spaces or capital letters" if shown else "what does not show"
        yield Advice(
            f"{where}{listed(' and '.join(map(repr, found)) for found in several)}: these are "
            f"{what} of their own, and differ in {differ} alone. If they are meant to be one, "
            "write them alike."
        )


def of_quantity(y: Target) -> Iterator[Advice]:
    """Numbers to learn that are all one."""
    if len(y) > 1 and (y == y[0]).all():
        yield Advice(
            f"y is {clip(y[0], 40)} in every row, and so the model answers that whatever it is "
            "asked; give rows with other values too, or choose another column to learn."
        )


def _counts(column: FloatArray, name: str) -> bool:
    """Whether it counts from 0 or 1 on, or from the like of 100 or 1001, in any order; from where
    it may, if its name is that of an id."""
    start = column.min()
    if len(column) < 10 or column.max() != start + len(column) - 1:
        return False
    if not (start in _STARTS or _IS_ID(name)):
        return False
    return bool((np.sort(column) == np.arange(start, start + len(column))).all())


def _same(X: FloatArray, names: list[str], blocks: list[slice]) -> Iterator[tuple[str, str]]:
    """Columns that are the same as one before, and that one."""
    seen: dict[tuple[int, bytes], str] = {}
    for name, block in zip(names, blocks, strict=True):
        start = X[:100, block].tobytes()  # most differ in their first rows
        first = seen.setdefault((block.stop - block.start, start), name)
        if first is not name and np.array_equal(X[:, blocks[names.index(first)]], X[:, block]):
            yield first, name


def _of_scale(
    X: FloatArray, columns: Columns, varies: NDArray[np.bool_], apart: float
) -> Iterator[Advice]:
    numbers = [
        start
        for encoder, start in zip(columns.encoders, columns.starts, strict=False)
        if encoder.kind == "number" and varies[start]
    ]
    spread = {j: float(np.std(X[:, j] / (np.abs(X[:, j]).max() or 1.0))) for j in numbers}
    spread = {j: value * float(np.abs(X[:, j]).max()) for j, value in spread.items()}
    others = len(columns.encoders) > len([e for e in columns.encoders if e.kind == "number"])
    if not spread or (len(spread) < 2 and not others):
        return
    wide, narrow = max(spread, key=spread.__getitem__), min(spread, key=spread.__getitem__)
    least, name = spread[narrow], column(columns.owner(narrow))
    if others and least > 0.5:  # what a column of zeros and ones spreads at most
        least, name = 0.5, "the columns of categories"
    if spread[wide] > apart * least:
        times = spread[wide] / least if least else 1e308
        many = f"{times:,.0f}" if times < 1e6 else f"{min(times, 1e308):.0e}"
        yield Advice(
            f"{column(columns.owner(wide))} spreads {many} times as far as "
            f"{name}, and so decides nearly alone; bring the columns to one scale.",
            {"standardize": True},
        )


def called(name: str, what: str) -> str:
    """A name as it stands in a sentence: what is no word is told what it is of."""
    short = clip(name, 40)
    return short if re.match(r"[^\W\d]", short) else f"{what} {short}"


def column(name: str) -> str:
    return called(name, "column")


def listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
