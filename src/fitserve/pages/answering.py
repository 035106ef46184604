"""The answer of a model to one row, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from fitserve.api import asked
from fitserve.data.features import feature_rows
from fitserve.evaluation.pictures.spread import likely_range
from fitserve.evaluation.pictures.subject import Sample
from fitserve.pages.drawing.wording import label, number, per_cent, short, signed
from fitserve.pages.trying import Field, features
from fitserve.storage.cache import Loaded

BARS = 8


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


def answer(
    told: Mapping[str, Any], made: Sequence[Field], loaded: Loaded, sample: Sample | None
) -> Answer:
    """The answer of /predict in words."""
    prediction, task = told["prediction"], loaded.model.task_
    notes = [said for one in made if (said := one.outside()) is not None]
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
    """Where the truth may lie. Of an answer beyond all those of held-out rows they tell nothing."""
    if sample is None or sample.predicted is None or sample.y is None:
        return []
    if (
        not sample.predicted.min(initial=np.inf)
        <= prediction
        <= sample.predicted.max(initial=-np.inf)
    ):
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
        X, _ = feature_rows(row, loaded.model.n_features_in_, loaded.feature_names, ("features",))
    else:
        X = next(asked.of_json(row, loaded.columns)[0].parts(1))
    far = np.sqrt(np.square(centres - X).sum(axis=1))
    order = np.argsort(far, kind="stable")[:BARS].tolist()
    return [(f"group {j}", f"{number(far[j])} away") for j in order if np.isfinite(far[j])]
