"""A training: what is asked for, how it is getting on, what it comes to."""

import math
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from fitserve.data.arrays import FloatArray, Target
from fitserve.errors import FitserveError, within
from fitserve.models.base import Model, Watch
from fitserve.storage.store import Key, Record, State


@dataclass(frozen=True)
class Training:
    """What `/register` asks for, checked: an examined model and what it shall learn from."""

    key: Key
    model: Model
    X: FloatArray
    y: Target | None
    feature_names: list[str] | None

    def data(self) -> State:
        """What is learned from, as a store keeps it and another process takes it."""
        return {"X": self.X, "y": self.y}

    def description(self) -> dict[str, Any]:
        """What is told of the model beside its key, status and time, before it is trained."""
        model = self.model
        told: dict[str, Any] = {
            "task": model.task_,
            "n_samples": model.n_samples_,
            "n_features": model.n_features_in_,
            "feature_names": self.feature_names,
        }
        if model.classes_ is not None:
            told["classes"] = model.classes_.tolist()
        told["hyperparameters"] = model.hyperparameters()
        told["advice"] = [advice.told() for advice in model.advice()]
        return told

    def beginning(self, started: str | None = None) -> dict[str, Any]:
        """What is told of it when it begins, or waits to."""
        told = self.description() | {"started": started}
        return told | {"progress": 0.0, "loss": None} if self.model.iterates else told


@dataclass(frozen=True)
class Trained:
    model: Model
    seconds: float
    score: float | None

    def description(self) -> dict[str, Any]:
        """What there is to tell of the training, now that it is done."""
        return {
            "seconds": round(self.seconds, 6),
            "score": self.score,
            "metric": self.model.metric_name,
            "n_iter": self.model.n_iter_,
            "converged": self.model.converged_,
            "loss_curve": self.model.loss_curve_,
        }


def trained(model: Model, X: FloatArray, y: Target | None, watch: Watch) -> Trained:
    """Train the model, here and now."""
    started = perf_counter()
    with within("kwargs"):
        model.fit(X, y, watch=watch)
        seconds = perf_counter() - started
        return Trained(model, seconds, model.score(X, y))


class Ongoing:
    """A training under way. Others read how far it is, and may end it; it looks now and then."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._progress: dict[str, float | None] = {}
        self._end: FitserveError | None = None

    def watch(self, progress: float, loss: float | None) -> None:
        if loss is None or not math.isfinite(loss):
            loss = self._progress.get("loss")
        self._progress = {"progress": progress, "loss": loss}

    def now(self) -> Record:
        """The record as it is to be told now."""
        return replace(self.record, description=self.record.description | self._progress)

    def end(self, why: FitserveError) -> None:
        self._end = why

    def go_on(self) -> None:
        """Raises why it shall not."""
        if self._end is not None:
            raise self._end
