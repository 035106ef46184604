"""The ModelDirectory: reserve an id, train, publish; get, list, delete.

The store is the truth; models in memory are the hot path. A model in memory is served without
a question as long as the store's epoch is the one in which it was last checked; one thread
watches the epoch, so that what was deleted elsewhere stops being served here within a second.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from time import monotonic, perf_counter
from typing import Any

from fitserve.cache import Loaded, ModelCache
from fitserve.errors import (
    ModelTraining,
    ModelUnreadable,
    StoreUnavailable,
    UnknownModel,
    UnknownModelType,
    within,
)
from fitserve.models.base import Model
from fitserve.store import MAX_MODEL_ID, RESERVED_FOR, Key, Record, Store
from fitserve.validation import FloatArray

log = logging.getLogger(__name__)

LOOK_EVERY = 0.4  # seconds between looks at the store's epoch
RENEW_EVERY = RESERVED_FOR / 5
LONGEST_PAUSE = 5.0  # seconds between looks at a store that cannot be reached


@dataclass(frozen=True)
class Training:
    """What `/register` asks for, checked: an untrained model and what it shall learn from."""

    key: Key
    model: Model
    X: FloatArray
    y: Any
    feature_names: list[str] | None


class ModelDirectory:
    """Every model by key, for any number of threads."""

    def __init__(
        self, catalog: Mapping[str, type[Model]], store: Store, cache_bytes: int = 2**29
    ) -> None:
        self.catalog = catalog
        self.ready = False
        """The store has been usable at least once."""
        self.reachable = False
        """The store was usable when last looked at."""
        self._store = store
        self._cache = ModelCache(cache_bytes)
        self._epoch: str | None = None
        self._reserved: set[str] = set()
        self._loading: dict[Key, Lock] = {}
        self._stopped = Event()

    # ------------------------------------------------------------------------------ models

    def type(self, model_type: str) -> type[Model]:
        found = self.catalog.get(model_type)
        if found is None:
            raise UnknownModelType(model_type, sorted(self.catalog))
        return found

    def register(self, training: Training) -> Record:
        """Train, and publish the model under its key; whatever fails leaves the key free."""
        with self._reservation(training.key) as reserved:
            started = perf_counter()
            with within("kwargs"):
                model = training.model.fit(training.X, training.y)
                seconds = perf_counter() - started
                score = model.score(training.X, training.y)
            description = describe(model, training.feature_names, seconds, score)
            epoch = self._epoch
            record = self._store.publish(replace(reserved, description=description), model.state())
        self._cache.put(Loaded(record, model, epoch))
        return record

    def get(self, model_type: str, model_id: int) -> Loaded:
        """The trained model to predict with."""
        key = Key(model_type, model_id)
        loaded = self._cache.get(key)
        if loaded is not None and loaded.epoch == self._epoch:
            return loaded
        self._possible(model_type, model_id)
        with self._loading.setdefault(key, Lock()):  # many may ask for one model at once
            try:
                return self._checked(key)
            finally:
                self._loading.pop(key, None)

    def record(self, model_type: str, model_id: int) -> Record:
        """What is told of a model, in whatever state it is."""
        found = self._store.find(self._possible(model_type, model_id))
        if found is None:
            raise UnknownModel(model_type, model_id)
        return found

    def ids(self, model_type: str) -> list[int]:
        """The ids of the ready models of a type, ascending."""
        self.type(model_type)
        return self._store.ids(model_type)

    def page(
        self, model_type: str | None, after: Key | None, limit: int
    ) -> tuple[list[Record], Key | None]:
        """Up to `limit` records behind `after` in the order of keys, and where to go on."""
        if model_type is not None:
            self.type(model_type)
        records = self._store.page(model_type, after, limit + 1)
        return records[:limit], records[limit - 1].key if len(records) > limit else None

    def delete(self, model_type: str, model_id: int) -> None:
        key = self._possible(model_type, model_id)
        if not self._store.delete(key):
            raise UnknownModel(model_type, model_id)
        self._cache.drop(key)

    # ------------------------------------------------------------------------------- store

    def open(self) -> None:
        """Make the store ready, and watch it from a thread of its own until `close`."""
        self._look()
        Thread(target=self._watch, name="fitserve-watch", daemon=True).start()

    def close(self) -> None:
        self._stopped.set()

    def _watch(self) -> None:
        pause, renewed = LOOK_EVERY, monotonic()
        while not self._stopped.wait(pause):
            self._look()
            pause = LOOK_EVERY if self.reachable else min(pause * 2, LONGEST_PAUSE)
            if self._reserved and monotonic() - renewed > RENEW_EVERY:
                renewed = monotonic()
                try:
                    self._store.renew(list(self._reserved))
                except StoreUnavailable:
                    log.warning("Reservations could not be renewed")

    def _look(self) -> None:
        """See whether the store is there, and what its epoch is."""
        try:
            if not self.ready:
                self._store.prepare()
            self._epoch = self._store.epoch()
        except StoreUnavailable:
            if self.reachable or not self.ready:
                log.error("The store is unreachable; trying again until it is there")
            self.reachable = False
        else:
            if self.ready and not self.reachable:
                log.info("The store is there again")
            self.ready = self.reachable = True

    @contextmanager
    def _reservation(self, key: Key) -> Iterator[Record]:
        reserved = self._store.reserve(key)
        self._reserved.add(reserved.token)
        try:
            yield reserved
        except BaseException:
            try:
                self._store.release(reserved)
            except StoreUnavailable:
                log.warning("The reservation of %s %d is left to expire", *key)
            raise
        finally:
            self._reserved.discard(reserved.token)

    def _possible(self, model_type: str, model_id: int) -> Key:
        """The key, if a model can have it: a store need not hold the ids that none can."""
        self.type(model_type)
        if model_id > MAX_MODEL_ID:
            raise UnknownModel(model_type, model_id)
        return Key(model_type, model_id)

    def _checked(self, key: Key) -> Loaded:
        """The model as the store has it now, loaded if the one in memory is not that."""
        epoch = self._epoch
        loaded = self._cache.get(key)
        if loaded is not None and loaded.epoch == epoch:
            return loaded
        if loaded is not None:
            try:
                current = self._store.find(key)
            except StoreUnavailable:
                return loaded  # better than nothing; it was right when last checked
            if current is not None and current.token == loaded.record.token:
                loaded.epoch = epoch
                return loaded
            self._cache.drop(key)
        stored = self._store.load(key)
        if stored is None:
            if self._store.find(key) is not None:
                raise ModelTraining(*key)
            raise UnknownModel(*key)
        record, state = stored
        try:
            model = self.catalog[key.model_type].restored(
                record.description["hyperparameters"], state
            )
        except (ValueError, KeyError) as error:
            log.error("The %s model with id %d does not fit this program: %s", *key, error)
            raise ModelUnreadable(*key) from error
        loaded = Loaded(record, model, epoch)
        self._cache.put(loaded)
        return loaded


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
