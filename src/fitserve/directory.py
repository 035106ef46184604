"""The ModelDirectory: reserve an id, train, publish; get, list, delete."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from time import perf_counter
from typing import Any, Literal, NamedTuple

from fitserve.errors import ModelExists, ModelTraining, UnknownModel, UnknownModelType, within
from fitserve.models.base import Model
from fitserve.validation import FloatArray

Status = Literal["training", "ready"]


class Key(NamedTuple):
    """A model's name; keys sort as models are listed."""

    model_type: str
    model_id: int


@dataclass(frozen=True)
class Training:
    """What `/register` asks for, checked: an untrained model and what it shall learn from."""

    key: Key
    model: Model
    X: FloatArray
    y: Any
    feature_names: list[str] | None


@dataclass
class Entry:
    """One id: reserved while its model trains, then the model and what is told of it."""

    key: Key
    status: Status = "training"
    created: str = field(default_factory=lambda: _now())
    description: dict[str, Any] = field(default_factory=dict)
    model: Model | None = None
    feature_names: list[str] | None = None

    def summary(self) -> dict[str, Any]:
        model_type, model_id = self.key
        return {
            "model_type": model_type,
            "model_id": model_id,
            "status": self.status,
            "created": self.created,
        }


class ModelDirectory:
    """Every model by key, in memory, for any number of threads.

    A key is reserved before its model trains, so that of two registrations one is refused at
    once, and a model can be seen only when it is whole.
    """

    def __init__(self, catalog: Mapping[str, type[Model]]) -> None:
        self.catalog = catalog
        self._entries: dict[Key, Entry] = {}
        self._lock = Lock()

    def type(self, model_type: str) -> type[Model]:
        found = self.catalog.get(model_type)
        if found is None:
            raise UnknownModelType(model_type, sorted(self.catalog))
        return found

    def register(self, training: Training) -> Entry:
        """Train, and publish the model under its key; whatever fails leaves the key free."""
        with self._reserved(training.key) as entry:
            started = perf_counter()
            with within("kwargs"):
                model = training.model.fit(training.X, training.y)
                seconds = perf_counter() - started
                score = model.score(training.X, training.y)
            entry.feature_names = training.feature_names
            entry.description = describe(model, training.feature_names, seconds, score)
            entry.model = model
            entry.status = "ready"  # last: a reader without the lock sees it whole or not at all
        return entry

    def get(self, model_type: str, model_id: int) -> tuple[Model, Entry]:
        """The trained model to predict with, and its entry."""
        entry = self.entry(model_type, model_id)
        if entry.status != "ready" or entry.model is None:
            raise ModelTraining(model_type, model_id)
        return entry.model, entry

    def entry(self, model_type: str, model_id: int) -> Entry:
        found = self._entries.get(Key(model_type, model_id))
        if found is None:
            self.type(model_type)
            raise UnknownModel(model_type, model_id)
        return found

    def ids(self, model_type: str) -> list[int]:
        """The ids of the ready models of a type, ascending."""
        self.type(model_type)
        with self._lock:
            entries = list(self._entries.values())
        return sorted(
            entry.key.model_id
            for entry in entries
            if entry.key.model_type == model_type and entry.status == "ready"
        )

    def page(
        self, model_type: str | None, after: Key | None, limit: int
    ) -> tuple[list[Entry], Key | None]:
        """Up to `limit` entries behind `after` in the order of keys, and where to go on."""
        if model_type is not None:
            self.type(model_type)
        with self._lock:
            keys = sorted(
                key
                for key in self._entries
                if (model_type is None or key.model_type == model_type)
                and (after is None or key > after)
            )
            entries = [self._entries[key] for key in keys[:limit]]
        return entries, entries[-1].key if len(keys) > limit else None

    def delete(self, model_type: str, model_id: int) -> None:
        with self._lock:
            entry = self.entry(model_type, model_id)
            if entry.status == "training":
                raise ModelTraining(model_type, model_id)
            del self._entries[entry.key]

    @contextmanager
    def _reserved(self, key: Key) -> Iterator[Entry]:
        entry = Entry(key)
        with self._lock:
            if key in self._entries:
                raise ModelExists(*key)
            self._entries[key] = entry
        try:
            yield entry
        finally:
            if entry.status != "ready":
                with self._lock:
                    del self._entries[key]


def describe(
    model: Model, feature_names: list[str] | None, seconds: float, score: float | None
) -> dict[str, Any]:
    """What is told of a trained model beside its key, status and time."""
    description: dict[str, Any] = {
        "task": model.task_,
        "n_samples": model.n_samples_,
        "n_features": model.n_features_in_,
        "feature_names": feature_names,
    }
    if model.classes_ is not None:
        description["classes"] = model.classes_.tolist()
    description["hyperparameters"] = model.hyperparameters()
    description["training"] = {
        "seconds": round(seconds, 6),
        "score": score,
        "metric": model.metric_name,
        "n_iter": model.n_iter_,
        "converged": model.converged_,
        "loss_curve": model.loss_curve_,
    }
    return description


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
