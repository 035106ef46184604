"""The form that tries a model out: a field for each column, and the row that they make."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.data.encoding import CategoryEncoder, Encoder, NumberEncoder, TextEncoder
from fitserve.evaluation.pictures.subject import Sample
from fitserve.pages.drawing.wording import told_apart
from fitserve.storage.cache import Loaded

MOST = 200
"""Columns; of more there is no form."""
OPEN = 30
"""Fields that are shown at once."""
OPTIONS, FEW = 2000, 20
"""Of more choices altogether, columns of more than so few are written instead of chosen."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?").fullmatch


@dataclass(frozen=True)
class Field:
    """One column, to be filled in."""

    name: str
    kind: str
    value: str
    options: Sequence[str] = ()
    low: float | None = None
    high: float | None = None
    """Of the rows that it was trained on."""
    may_be_empty: bool = False

    @property
    def hint(self) -> str:
        if self.low is None or self.high is None:
            return "words" if self.kind == "text" else ""
        return " to ".join(told_apart([self.low, self.high]))

    @property
    def cell(self) -> Any:
        """As JSON has it: what is no number stays as it was written."""
        if self.kind == "text":
            return self.value
        if not self.value:
            return None
        if self.kind == "number" and _NUMBER(self.value):
            value = float(self.value)
            return int(value) if value.is_integer() and abs(value) < 2**53 else value
        return self.value

    def outside(self) -> str | None:
        """That nothing like it was seen."""
        value = self.cell
        if not isinstance(value, int | float) or self.low is None or self.high is None:
            return None
        if self.low <= value <= self.high:
            return None
        said, low, high = told_apart([value, self.low, self.high])
        return (
            f"{self.name}: {said} lies outside {low} to {high}: the model has seen nothing like it."
        )


# ---- the form -----------------------------------------------------------------------------------


def fields(
    loaded: Loaded, sample: Callable[[], Sample | None], row: int | None = None
) -> list[Field]:
    """A field for each column, filled with its middle, or with a row of the sample; none where
    there are too many. The sample is asked for where it is needed: it may be large."""
    encoders = _encoders(loaded)
    if len(encoders) > MOST:
        return []
    described = loaded.record.description
    told = {one["name"]: one.get("summary") or {} for one in described.get("columns", ())}
    known = all(told.get(one.name) for one in encoders if one.kind == "number")
    kept = sample() if row is not None or not known else None
    is_whole = kept is not None and len(kept.rows) == described["n_samples"]
    made, start = [], 0
    for encoder in encoders:
        block = None if kept is None else kept.X[:, start : start + encoder.width]
        start += encoder.width
        made.append(_field(encoder, told.get(encoder.name) or {}, block, row, is_whole))
    if sum(len(one.options) for one in made) > OPTIONS:
        made = [replace(one, options=()) if len(one.options) > FEW else one for one in made]
    return made


def _encoders(loaded: Loaded) -> Sequence[Encoder]:
    if loaded.columns is not None:
        return loaded.columns.encoders
    width = loaded.model.n_features_in_
    names = loaded.feature_names or [str(j) for j in range(width)]
    return [NumberEncoder(name) for name in names]


def _field(
    encoder: Encoder,
    summary: Mapping[str, Any],
    block: FloatArray | None,
    row: int | None,
    is_whole: bool,
) -> Field:
    shown = None if row is None or block is None else _cell(encoder, block[row])
    fillable = encoder.fill is not None
    if isinstance(encoder, NumberEncoder):
        seen = None if block is None else block[:, 0] * encoder.scale + encoder.mean
        low, high = summary.get("min"), summary.get("max")
        middle = summary.get("median", encoder.fill)
        if seen is not None and low is None and is_whole:
            low, high = float(seen.min()), float(seen.max())
        if seen is not None and middle is None:
            middle = float(np.median(seen))
        value = written(0.0 if middle is None else middle) if shown is None else shown
        return Field(encoder.name, "number", value, (), low, high, fillable)
    if isinstance(encoder, CategoryEncoder):
        common = summary.get("values") or encoder.categories[:1] or [""]
        value = common[0] if shown is None else shown
        return Field(encoder.name, "category", value, encoder.categories, may_be_empty=fillable)
    common = summary.get("values") or [""]
    return Field(encoder.name, "text", common[0] if shown is None else shown, may_be_empty=fillable)


def _cell(encoder: Encoder, block: FloatArray) -> str:
    """What a row of the matrix was made of; of a text its words."""
    if isinstance(encoder, NumberEncoder):
        return written(float(block[0] * encoder.scale + encoder.mean))
    if isinstance(encoder, CategoryEncoder):
        return encoder.categories[int(block.argmax())] if block.any() else ""
    assert isinstance(encoder, TextEncoder)
    there = np.flatnonzero(block).tolist()
    return " ".join(encoder.words[j] for j in there for _ in range(int(block[j])))


def written(value: float) -> str:
    """A number for a field: to twelve digits, so that what was scaled comes back as it was."""
    return f"{value:.12g}"


# ---- what was filled in -------------------------------------------------------------------------


def filled(form: Mapping[str, str], made: Sequence[Field]) -> list[Field]:
    """The fields with what the form says."""
    return [replace(one, value=form.get(f"x{j}", one.value).strip()) for j, one in enumerate(made)]


def cells(made: Sequence[Field]) -> dict[str, Any]:
    """A row by its columns, as JSON has it: what is no number stays as it was written, and is
    refused with the words that /predict has for it."""
    return {one.name: one.cell for one in made}


def features(made: Sequence[Field], loaded: Loaded) -> Any:
    """What /predict is asked about."""
    row = cells(made)
    if loaded.columns is not None or loaded.feature_names is not None:
        return row
    return list(row.values())
