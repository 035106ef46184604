"""The columns of a table as they were understood, a part of them at a time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import numpy as np
from markupsafe import Markup

from fitserve.data.arrays import Target
from fitserve.data.csv import CsvFile
from fitserve.data.options import KINDS
from fitserve.data.records import records
from fitserve.data.summaries import frequency_summary, number_summary
from fitserve.errors import InvalidRequest, clip
from fitserve.models.base import natural_task
from fitserve.pages.drawing.spark import spark, words
from fitserve.pages.drawing.wording import label
from fitserve.pages.registering.settings import Settings
from fitserve.training.training import Training

A_PAGE = 30
FIRST = 4  # cells of a column that are shown
LONGEST = 24  # characters of a cell
CALLED = {"number": "number", "category": "category", "text": "text (words)"}


@dataclass(frozen=True)
class Column:
    name: str
    at: int
    """Which of the file it is."""
    use: str
    """`used`, `left out` or `answer`."""
    kinds: Sequence[tuple[str, str, bool]]
    """What it may be read as: value, what that is called, whether it is so."""
    kind: str | None
    """What it was read as, if that is known."""
    summary: Mapping[str, Any] | None
    first: Sequence[str]
    missing: int | None
    becomes: int | None
    """Columns of the matrix that are made of it."""
    wrong: Sequence[str] = ()
    """What is wrong with it."""

    @property
    def picture(self) -> Markup | str:
        return "" if self.summary is None else spark(self.name, self.summary)

    @property
    def words(self) -> str:
        return "" if self.summary is None else words(self.summary)


@dataclass(frozen=True)
class Part:
    """Those columns of a table that are shown at once."""

    columns: Sequence[Column]
    page: int
    """From 1 on."""
    pages: int
    find: str
    found: int
    """Columns whose names hold what is looked for."""
    total: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.columns)


def part_of(
    file: CsvFile,
    settings: Settings,
    training: Training | None,
    wrong: Mapping[str, Sequence[str]],
    page: int,
    find: str,
) -> Part:
    """The columns on this page of those whose names hold `find`; of several pages the first
    begins with the answer, and with those that are wrong. `training` is what became of them,
    unless something is wrong."""
    names = [name for name in file.names if find.lower() in name.lower()]
    pages = max(1, -(-len(names) // A_PAGE))
    if pages > 1:
        names.sort(key=lambda name: (name != settings.column, name not in wrong))
    page = min(max(page, 1), pages)
    shown = names[(page - 1) * A_PAGE : page * A_PAGE]
    known = _known(training)
    cells = _first_cells(file)
    columns = [
        _column(file, settings, name, known.get(name, {}), cells, wrong.get(name, ()))
        for name in shown
    ]
    return Part(columns, page, pages, find, len(names), len(file.names))


def _column(
    file: CsvFile,
    settings: Settings,
    name: str,
    known: Mapping[str, Any],
    cells: Sequence[Sequence[str]],
    wrong: Sequence[str],
) -> Column:
    answer = name == settings.column
    left_out = name in settings.drop
    said, kind = settings.kinds.get(name, ""), known.get("kind")
    there = [one for one in KINDS if not (answer and one == "text")]
    as_found = CALLED[kind] if kind and not said and not answer else "as its cells are"
    kinds = [("", as_found, not said)]
    kinds += [(one, CALLED[one], one == said) for one in there if said or answer or one != kind]
    at = file.at[name]
    return Column(
        name,
        at,
        "answer" if answer else "left out" if left_out else "used",
        kinds,
        kind,
        known.get("summary"),
        [_cell(file, row[at]) for row in cells if at < len(row)],
        known.get("missing"),
        known.get("becomes"),
        wrong,
    )


def _cell(file: CsvFile, text: str) -> str:
    return "(empty)" if file.dialect.is_missing(text) else clip(text.strip(), LONGEST)


def _known(training: Training | None) -> dict[str, dict[str, Any]]:
    """What was understood of each column, by name."""
    if training is None or training.table is None:
        return {}
    columns = training.table.columns
    known = {
        one["name"]: one | {"becomes": end - start}
        for one, (start, end) in zip(
            training.table.described, pairwise(columns.starts), strict=True
        )
    }
    if columns.target is not None and training.y is not None:
        known[columns.target] = _answer(training.y)
    return known


def _answer(y: Target) -> dict[str, Any]:
    if natural_task(y) == "regression":
        return {"kind": "numbers", "missing": 0, "summary": number_summary(y.astype(np.float64))}
    counts = Counter(map(label, y.tolist()))
    kind = f"labels, {len(counts)} different"
    return {"kind": kind, "missing": 0, "summary": frequency_summary(counts)}


def _first_cells(file: CsvFile) -> list[list[str]]:
    found = islice(records(file.body, file.delimiter, file.start), FIRST)
    cells: list[list[str]] = []
    with suppress(InvalidRequest):  # what stands before a fault is shown
        cells.extend(record.cells for record in found)
    return cells
