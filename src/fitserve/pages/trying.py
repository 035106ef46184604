"""Trying a model out: a field for each column, what is made of them, and the answer in words."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from fitserve.api import asked
from fitserve.data import arrays
from fitserve.data.arrays import FloatArray
from fitserve.data.encoding import CategoryEncoder, Encoder, NumberEncoder, TextEncoder
from fitserve.evaluation.pictures.spread import likely_range
from fitserve.evaluation.pictures.subject import Sample
from fitserve.pages.drawing.wording import label, number, per_cent, short, signed
from fitserve.storage.cache import Loaded

MOST = 200
"""Columns; of more there is no form."""
OPEN = 30
"""Fields that are shown at once."""
OPTIONS, FEW = 2000, 20
"""Of more choices altogether, columns of more than so few are written instead of chosen."""
BARS = 8
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
        return f"{number(self.low)} to {number(self.high)}"

    def outside(self, value: Any) -> str | None:
        """That nothing like it was seen."""
        if not isinstance(value, int | float) or self.low is None or self.high is None:
            return None
        if self.low <= value <= self.high:
            return None
        return (
            f"{self.name}: {number(value)} lies outside {self.hint}: the model has seen nothing "
            "like it."
        )


class Bar(NamedTuple):
    label: str
    width: str
    """0 to 100, for an SVG."""
    words: str


@dataclass(frozen=True)
class Answer:
    says: str
    """What is predicted."""
    bars: list[Bar] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


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
    return {one.name: _value(one) for one in made}


def features(made: Sequence[Field], loaded: Loaded) -> Any:
    """What /predict is asked about."""
    row = cells(made)
    if loaded.columns is not None or loaded.feature_names is not None:
        return row
    return list(row.values())


def _value(one: Field) -> Any:
    if one.kind == "text":
        return one.value
    if not one.value:
        return None
    if one.kind == "number" and _NUMBER(one.value):
        value = float(one.value)
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return one.value


# ---- the answer ---------------------------------------------------------------------------------


def answer(
    told: Mapping[str, Any], made: Sequence[Field], loaded: Loaded, sample: Sample | None
) -> Answer:
    """The answer of /predict in words."""
    prediction, task = told["prediction"], loaded.model.task_
    notes = [said for one in made if (said := one.outside(_value(one))) is not None]
    bars = _bars(told.get("probabilities"))
    if task == "projection":
        facts = [(f"axis {j + 1}", number(one)) for j, one in enumerate(prediction)]
        return Answer("At these coordinates", [], facts, notes)
    if task == "clustering":
        bars = [Bar(f"group {one.label}", one.width, one.words) for one in bars]
        return Answer(f"group {prediction}", bars, _nearest(loaded, made), notes)
    if task == "regression":
        return Answer(number(prediction, 4), [], _range(prediction, sample), notes)
    return Answer(label(prediction), bars, [], notes)


def _bars(probabilities: Mapping[str, float] | None) -> list[Bar]:
    """The classes in their order; of many the likeliest, and the others together."""
    if probabilities is None:
        return []
    pairs = list(probabilities.items())
    if len(pairs) > BARS:
        pairs.sort(key=lambda pair: -pair[1])
        rest = sum(share for _, share in pairs[BARS - 1 :])
        pairs = [*pairs[: BARS - 1], (f"{len(probabilities) - BARS + 1} others", rest)]
    return [Bar(short(name), f"{100 * share:.1f}", per_cent(share)) for name, share in pairs]


def _range(prediction: float, sample: Sample | None) -> list[tuple[str, str]]:
    """Where the truth may lie."""
    if sample is None or sample.predicted is None or sample.y is None:
        return []
    spread = likely_range(prediction, sample.predicted, sample.y)
    if spread is None:
        return []
    said = (
        f"between {number(spread.least, 4)} and {number(spread.greatest, 4)} "
        f"({signed(spread.least - prediction)} to {signed(spread.greatest - prediction)}), of the "
        f"{spread.n_rows} whose answers were nearest to this one"
    )
    return [("Eight of ten held-out rows lay", said)]


def _nearest(loaded: Loaded, made: Sequence[Field]) -> list[tuple[str, str]]:
    """How far the centres of the groups are, the nearest first, where there are centres."""
    centres = vars(loaded.model).get("cluster_centers_")
    if centres is None:
        return []
    row = features(made, loaded)
    if loaded.columns is None:
        X, _ = arrays.features(
            row, loaded.model.n_features_in_, loaded.feature_names, ("features",)
        )
    else:
        X = next(asked.of_json(row, loaded.columns)[0].parts(1))
    far = np.sqrt(np.square(centres - X).sum(axis=1))
    order = np.argsort(far, kind="stable")[:BARS].tolist()
    return [(f"group {j}", f"{number(far[j])} away") for j in order if np.isfinite(far[j])]
