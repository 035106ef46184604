"""How a trained model does on rows that it is shown now."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from fitserve.data import arrays
from fitserve.data.arrays import FloatArray, Target, of_commas
from fitserve.data.as_sent import sent
from fitserve.data.json_table import as_text
from fitserve.data.names import instead_of
from fitserve.data.outliers import in_list
from fitserve.data.quoted import labels_as_text
from fitserve.data.unseen import around, peeled
from fitserve.errors import Advice, Fault, InvalidRequest, amended, clip, refuse
from fitserve.evaluation import metrics
from fitserve.evaluation.alone import of_one_row, of_unit
from fitserve.evaluation.report import (
    ClassificationReport,
    classification_report,
    regression_report,
)
from fitserve.models.base import Model

T = TypeVar("T")

_SEVERAL = 4  # rows from which on it is no chance that all predictions are of another size
_KINDS = {"i": "whole numbers", "f": "numbers", "b": "true and false", "O": "text"}


class Over(Protocol):
    """Goes through rows a block at a time: what each `(n, n_features)` answered, in order."""

    def __call__(self, ask: Callable[[FloatArray], T], /) -> list[T]: ...


@dataclass(frozen=True)
class Evaluation:
    metrics: dict[str, float | None]
    classes: ClassificationReport | None = None
    advice: Advice | None = None
    """Where labels come that the model does not know, or a figure is beyond float64."""


def truth(model: Model, y: object, n_rows: int | None = None) -> Target | None:
    """y as the model would predict it, or None for a model that has none.

    Raises `InvalidRequest` in y: it is missing or not wanted, of another length than there are
    rows, or of another kind than the model predicts.
    """
    if not model.supervised():
        if y is not None:
            raise InvalidRequest.at(
                ("y",), f"{model.model_type()} learned from X alone; leave y out", "no_y"
            )
        return None
    if y is None:
        such = json.dumps([1.5, 2.0] if model.classes_ is None else model.classes_[:2].tolist())
        said = f"y is needed: what is true of each row, to compare with, such as {clip(such, 60)}"
        raise InvalidRequest.at(("y",), said, "missing")
    target = labels(y)
    if n_rows is not None and len(target) != n_rows:
        rows = "is 1 row" if n_rows == 1 else f"are {n_rows} rows"
        said = f"y has {len(target)} values where there {rows}; give one for each"
        said += of_commas(target.tolist(), n_rows)
        raise InvalidRequest.at(("y",), said, "length")
    if model.classes_ is None:
        with amended(_as_rows):
            return arrays.values(target, ("y",))
    known, given = model.classes_.dtype.kind, target.dtype.kind
    if (known, given) == ("i", "f"):
        said = f"the labels of this model are the whole numbers {_named(model)}, and this is"
        otherwise = "write one of them, or leave the row out"
        refuse(
            Fault(("y", i), f"{said} {sent(target[i].item())}; {otherwise}", "label_type")
            for i in arrays.no_labels(target)
        )
    if known == "O" and given != "O":  # a column whose kind is category has texts for labels
        texts = np.array([as_text(label) for label in target.tolist()], dtype=object)
        if not set(model.classes_.tolist()).isdisjoint(texts.tolist()):
            return texts
    if known != given:
        said = (
            f"the labels of this model are {_KINDS[known]}, and y holds {_KINDS[given]}; "
            f"{_learned(model)}"
        )
        raise InvalidRequest.at(("y", 0), said, "label_type")
    if set(model.classes_.tolist()).isdisjoint(target.tolist()):
        first = target[0].item() if known != "O" else target[0]
        near = _meant(first, model.classes_.tolist()) if known == "O" else ""
        said = f"the model knows none of the labels in y, such as {sent(first)}; {near}"
        raise InvalidRequest.at(("y", 0), said + _learned(model), "unknown_label")
    return target


def _meant(label: str, classes: list[str]) -> str:
    """What to do where this label is nearly one of the classes, or ''."""
    wrong = around(label) if peeled(label) in classes else ""
    return f"{wrong}; " if wrong else instead_of(label, classes)


def labels(y: object) -> Target:
    """y as an array, for as many rows as it has values. Raises `InvalidRequest` in y."""
    if isinstance(y, (str, int, float)) and not labels_as_text(y):
        said = f"a list is needed, what is true of each row, not {sent(y)}; write {json.dumps([y])}"
        raise InvalidRequest.at(("y",), clip(said, 300), "list_type")
    with amended(_as_rows):
        return arrays.target(y, ("y",))


OF_BOTH = " of features and y"
"""Said of a row that is to be left out, where y stands apart from it."""


def _as_rows(fault: Fault) -> Fault:
    said = arrays.LEAVE_OUT.replace(" of X and y", OF_BOTH)
    return replace(fault, msg=fault.msg.replace(arrays.LEAVE_OUT, said))


def _learned(model: Model) -> str:
    return f"known are: {_named(model)}"


def _named(model: Model) -> str:
    assert model.classes_ is not None
    return clip(", ".join(map(str, model.classes_[:100])), 300)


def evaluate(
    model: Model, y: Target | None, over: Over, at: Callable[[int], str] = in_list
) -> Evaluation:
    """Every figure there is of a model's answers to some rows; y is their `truth`, and `at` tells
    where a row stands."""
    if y is None:
        far = _Farthest()
        figures = _without_y(model, lambda ask: over(lambda X: far.seen(X, ask)))
        return Evaluation(figures, advice=_beyond(figures, at(far.row)))
    if model.classes_ is None:
        predicted = np.concatenate(over(model.predict))
        figures = regression_report(y, predicted)
        return Evaluation(figures, advice=_misled(y, predicted, figures, at))

    def ask(X: FloatArray) -> tuple[Target, FloatArray | None]:
        return model.predict(X), model.predict_proba(X) if model.has_probabilities else None

    answers, probabilities = zip(*over(ask), strict=True)
    table = np.concatenate(probabilities) if model.has_probabilities else None
    report = classification_report(y, np.concatenate(answers), model.classes_, table)
    return Evaluation(report.metrics, report, _strange(model, report))


class _Farthest:
    """Which row, of blocks that come in order, holds the largest number."""

    def __init__(self) -> None:
        self.row, self._largest, self._rows = 0, -1.0, 0

    def seen(self, X: FloatArray, ask: Callable[[FloatArray], T]) -> T:
        row, column = divmod(int(np.abs(X).argmax()), X.shape[1])
        size = abs(float(X[row, column]))
        if size > self._largest:
            self.row, self._largest = self._rows + row, size
        self._rows += len(X)
        return ask(X)


def _misled(
    y: FloatArray,
    predicted: FloatArray,
    figures: Mapping[str, float | None],
    at: Callable[[int], str],
) -> Advice | None:
    """What makes the figures of a regression say nothing of most rows, or null: one row, another
    unit, or numbers that float64 does not hold."""
    undefined = {"r2"} if y.min() == y.max() else set()
    told = {name: one for name, one in figures.items() if name not in undefined}
    names, lost = "r2, rmse and mae", _null(told)
    for what, values in (("y", y), ("prediction", predicted)):
        for row, far in of_one_row(what, values):
            told_of = f"is why {lost}" if lost else f"decides {names} alone"
            mend = f"mend the row, or leave it out{OF_BOTH}"
            return Advice(f"{at(row)}: {far} {told_of}; {mend}.")
    for apart in of_unit(y, predicted) if lost or len(y) >= _SEVERAL else ():
        why = f" ({lost})" if lost else ""
        said = "send y in the unit that the model was trained on"
        return Advice(f"{apart}, so that {names} say nothing{why}; {said}.")
    off = np.abs(y / 2 - predicted / 2)  # by halves, since the difference may overflow
    return _beyond(told, at(int(off.argmax())))


def _null(figures: Mapping[str, float | None]) -> str:
    lost = [name for name, one in figures.items() if one is None]
    return f"{' and '.join(lost)} {'is' if len(lost) == 1 else 'are'} null" if lost else ""


def _beyond(figures: Mapping[str, float | None], row: str) -> Advice | None:
    """That figures are null since float64 does not hold them, most likely by this row."""
    lost = _null(figures)
    if not lost:
        return None
    return Advice(
        f"{lost}, as float64 does not hold what is computed: {row}, is too far off, so that a "
        "square overflows or all is lost in rounding; leave such rows out, or scale the columns "
        "(and a y of numbers) and train on that."
    )


def _strange(model: Model, report: ClassificationReport) -> Advice | None:
    """That the model does not know each of the labels that came."""
    assert model.classes_ is not None
    known = set(model.classes_.tolist())
    came = zip(report.labels, report.support, strict=True)
    strange = {label: n for label, n in came if n and label not in known}
    if not strange:
        return None
    named = clip(", ".join(map(str, strange)), 100)
    texts = [label for label in strange if isinstance(label, str) and peeled(label) in known]
    wrong = "".join(f"; {around(label)}" for label in texts[:1])
    return Advice(
        f"{sum(strange.values()):,} of {sum(report.support):,} rows count as predicted wrongly, as "
        f"the model does not know what is true of them: {named}{wrong}; {_learned(model)}."
    )


def score(model: Model, y: Target, over: Over) -> float | None:
    """`Model.score`, a block at a time."""
    predicted = np.concatenate(over(model.predict))
    if model.classes_ is None:
        return metrics.r2(y, predicted)
    return float(np.mean(predicted == y))


def _without_y(model: Model, over: Over) -> dict[str, float | None]:
    """Of kmeans the inertia, of gmm the mean log-likelihood, of pca the reconstruction error."""
    if model.task_ == "projection":

        def ask(X: FloatArray) -> tuple[int, float | None]:
            return len(X), metrics.reconstruction_error(X, model.reconstructed(model.predict(X)))

        return {"reconstruction_error": _mean(over(ask))}
    scores = over(lambda X: (len(X), model.score(X)))
    if model.metric_name == "inertia":
        there = [one for _, one in scores if one is not None]
        total = sum(there) if len(there) == len(scores) else math.inf
        return {"inertia": total if math.isfinite(total) else None}
    return {model.metric_name: _mean(scores)}


def _mean(parts: list[tuple[int, float | None]]) -> float | None:
    """Of means over so many rows each."""
    there = [(n, one) for n, one in parts if one is not None]
    if len(there) < len(parts):
        return None
    if len(there) == 1:
        return there[0][1]
    rows = sum(n for n, _ in there)
    mean = sum(one * (n / rows) for n, one in there)
    return mean if math.isfinite(mean) else None
