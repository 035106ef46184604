"""The rows that were kept as people sent them: by columns of the table, in their own units."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.data.encoding import CategoryEncoder, Encoder, NumberEncoder
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import Subject

EXACT = 12
"""Digits of a cell: what standardizing and back leaves of it."""


@dataclass(frozen=True)
class TableColumn:
    """One column of the table, and the columns of the matrix that were made of it."""

    name: str
    block: slice
    encoder: Encoder | None
    """None where it came as it is."""

    @property
    def is_text(self) -> bool:
        return self.encoder is not None and self.encoder.kind == "text"

    @property
    def is_number(self) -> bool:
        return self.encoder is None or self.encoder.kind == "number"

    def cells(self, X: FloatArray) -> list[Any]:
        """What stood there, of encoded rows; of a gap what filled it. Of a text None, as of what
        is none of the categories."""
        block = X[:, self.block]
        if isinstance(self.encoder, CategoryEncoder):
            found = block.argmax(axis=1) if block.shape[1] else np.zeros(len(X), dtype=np.intp)
            names = self.encoder.categories
            there = (block != 0.0).any(axis=1)
            return [
                names[j] if one else None
                for j, one in zip(found.tolist(), there.tolist(), strict=True)
            ]
        if self.is_text:
            return [None] * len(X)
        values = self.own(block[:, 0])
        if isinstance(self.encoder, NumberEncoder) and self.encoder.truths:
            return [bool(value) if value in (0.0, 1.0) else value for value in values.tolist()]
        cells: list[Any] = rounded(values, EXACT)
        return cells

    def own(self, values: FloatArray) -> FloatArray:
        """Numbers of the matrix's column in the table's units."""
        return values * self.unit + self.zero

    @property
    def unit(self) -> float:
        """What one of the matrix's column is in the table's."""
        return self.encoder.scale if isinstance(self.encoder, NumberEncoder) else 1.0

    @property
    def zero(self) -> float:
        return self.encoder.mean if isinstance(self.encoder, NumberEncoder) else 0.0


def table_columns(subject: Subject) -> list[TableColumn]:
    """In the order of the table."""
    columns = subject.columns
    if columns is None:
        return [TableColumn(name, slice(j, j + 1), None) for j, name in enumerate(subject.names)]
    return [
        TableColumn(encoder.name, slice(start, start + encoder.width), encoder)
        for encoder, start in zip(columns.encoders, columns.starts, strict=False)
    ]


def ranked(subject: Subject) -> list[TableColumn]:
    """The columns by importance, where that is known; else by how far what was answered, or is
    true, parts with them: the largest correlation ratio of their blocks."""
    columns = table_columns(subject)
    found = subject.described.get("training", {}).get("importance")
    if found:
        worth = {one["column"]: one["mean"] or 0.0 for one in found}
        return sorted(columns, key=lambda column: -worth.get(column.name, 0.0))
    sample = subject.sample
    if sample is None or sample.y is None:
        return columns
    part = _parting(sample.X, sample.y if sample.predicted is None else sample.predicted)
    return sorted(columns, key=lambda column: -float(part[column.block].max(initial=0.0)))


def _parting(X: FloatArray, y: Any) -> FloatArray:
    """Of each column of X the share of its variance that y explains: of classes by their means, of
    values by a straight line. 0 where it does not vary."""
    with np.errstate(all="ignore"):
        size = np.abs(X).max(axis=0)
        rows = X / np.where(size > 0.0, size, 1.0)
        rows = rows - rows.mean(axis=0)
        total = np.einsum("ij,ij->j", rows, rows)
        if y.dtype.kind == "f":
            level = y / (np.abs(y).max() or 1.0)
            level = level - level.mean()
            explained = (level @ rows) ** 2 / (level @ level)
        else:
            member = (y == np.unique(y)[:, None]).astype(np.float64)
            explained = ((member @ rows) ** 2 / member.sum(axis=1)[:, None]).sum(axis=0)
        share: FloatArray = np.nan_to_num(explained / total, posinf=0.0)
    return share
