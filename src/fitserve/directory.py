"""The ModelDirectory: reserve an id, train, publish; get, list, delete.

The store is the truth; models in memory are the hot path. A model in memory is served without
a question as long as the store's epoch is the one in which it was last checked; one thread
watches the epoch, so that what was deleted elsewhere stops being served here within a second.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

from fitserve.data import limits
from fitserve.data.columns import Columns
from fitserve.data.names import meant
from fitserve.data.shell import unexpanded
from fitserve.errors import (
    ModelExists,
    ModelTraining,
    ModelUnreadable,
    StoreTooNew,
    StoreUnavailable,
    TooManyTrainings,
    TrainingCancelled,
    TrainingFailed,
    UnknownModel,
    UnknownModelType,
)
from fitserve.evaluation.pictures.subject import Sample
from fitserve.gallery import Gallery
from fitserve.models.base import Model
from fitserve.models.theirs import nearest
from fitserve.observing.metrics import Metrics, Stored
from fitserve.predictor import Predictor
from fitserve.storage.cache import Loaded, ModelCache
from fitserve.storage.store import (
    MAX_MODEL_ID,
    QUEUED,
    Condition,
    Key,
    Latest,
    Record,
    Store,
    moment,
)
from fitserve.training.queue import TrainingQueue
from fitserve.training.trainer import Trainer
from fitserve.training.training import Trained, Training

log = logging.getLogger(__name__)

LOOK_EVERY = 0.3  # seconds between looks at the store's epoch
FRESH = 0.5  # seconds for which what was seen then is relied on; then whoever asks looks
REPORT_EVERY = 1.0  # seconds between reports of how trainings go on
LONGEST_PAUSE = 5.0  # seconds between looks at a store that cannot be reached
CLOSING = 2.0  # seconds for a look to end
_PAGE = 1000  # records that are read at a time


class ModelDirectory:
    """Every model by key, for any number of threads."""

    def __init__(
        self,
        catalog: Mapping[str, type[Model]],
        store: Store,
        trainer: Trainer,
        cache_bytes: int = 2**29,
        predictor: Predictor | None = None,
        client_trainings: int = QUEUED,
    ) -> None:
        self.metrics = Metrics(catalog)
        self.client_trainings = client_trainings
        """How many trainings one client may have, queued or waited for, and under way."""
        self.catalog = catalog
        self.predictor = predictor or Predictor()
        self.ready = False
        """The store has been usable at least once."""
        self.reachable = False
        """The store was usable when last looked at."""
        self.condition: Condition = "ok"
        """Whether the store could be written, too, when last looked at."""
        self.outdated: StoreTooNew | None = None
        """Why this program can serve no longer, where a newer one has led the store on."""
        self._store = store
        self._trainer = trainer
        self._cache = ModelCache(cache_bytes)
        self._gallery = Gallery(store.sample)
        self._epoch: str | None = None
        self._looked = -FRESH
        self._looking = Lock()
        self._queue = TrainingQueue(catalog, store, trainer, self._publish, self.metrics)
        self._loading: dict[Key, Lock] = {}
        self._stopped = Event()
        self._watcher: Thread | None = None

    # ------------------------------------------------------------------------------ models

    def type(self, model_type: str) -> type[Model]:
        found = self.catalog.get(model_type)
        if found is None:
            known = sorted(self.catalog)
            near, like = meant(model_type, known), nearest(model_type, known)
            said = "".join(f"write {one}, if that is meant" for one in near)
            if like and like != near:
                said = f"write {' or '.join(like)}, which is nearest to it"
            raise UnknownModelType(model_type, known, unexpanded(model_type) or said)
        return found

    @property
    def limits(self) -> dict[str, int]:
        """What a model may be made of at most, by name."""
        given = self._trainer.limits
        return limits.PUBLISHED | {"cells": given.cells, "memory_mb": given.memory_mb}

    @property
    def training_seconds(self) -> int:
        """Longest that one training may take."""
        return self._trainer.limits.seconds

    def register(self, training: Training, client: str = "") -> Record:
        """Train, and publish the model under its key; whatever fails leaves the key free."""
        self._trainer.refuse_what_cannot_fit(training)
        if self._queue.waited_for(client) >= self.client_trainings:
            raise TooManyTrainings(self.client_trainings)
        reserved = self._store.reserve(training.key, training.beginning(moment()))
        try:
            with self._queue.under_way(reserved, client) as ongoing:
                return self._publish(reserved, training, self._trainer.train(training, ongoing))
        except BaseException:
            self._queue.settle(self._store.release, reserved)
            raise

    def enqueue(self, training: Training, client: str = "") -> Record:
        """Take the key, and leave it to whoever of all workers and machines has time to train."""
        self._trainer.refuse_what_cannot_fit(training)
        record = self._store.reserve(
            training.key, training.beginning(), training.queued(), client, self.client_trainings
        )
        self._queue.look()
        return record

    def rehearse(self, training: Training) -> dict[str, Any]:
        """What would be told of the training, were it asked for; or why it would be refused."""
        self._trainer.refuse_what_cannot_fit(training)
        found = self._store.find(training.key)
        if found is not None and found.status != "failed":
            raise ModelExists(*training.key)
        return training.rehearsal()

    def get(self, model_type: str, model_id: int) -> Loaded:
        """The trained model to predict with."""
        key = Key(model_type, model_id)
        if self.reachable and monotonic() - self._looked > FRESH:
            self._look_too()
        loaded = self._cache.get(key)
        if loaded is not None and loaded.epoch == self._epoch:
            self.metrics.looked_for(hit=True)
            return loaded
        self._possible(model_type, model_id)
        self.metrics.looked_for(hit=False)
        with self._loading.setdefault(key, Lock()):  # many may ask for one model at once
            try:
                return self._checked(key)
            finally:
                self._loading.pop(key, None)

    def version(self, model_type: str, model_id: int | None) -> Loaded:
        """The same; without an id the model with the highest one."""
        if model_id is None:
            self.type(model_type)
            model_id = self._store.newest(model_type)
        if model_id is None:
            raise UnknownModel.none_ready(model_type)
        return self.get(model_type, model_id)

    def pictures(
        self, model_type: str, model_id: int, gone: Callable[[], bool] = bool
    ) -> dict[str, Any]:
        """The numbers of its pictures, as `evaluation.pictures` has them, for a client that may
        be gone."""
        loaded = self.get(model_type, model_id)
        return self._gallery.pictures(loaded, self.predictor.while_wanted(gone))

    def sample(self, loaded: Loaded) -> Sample | None:
        """The rows that were kept with the model; None where there are none, or the store that
        has them is out of reach."""
        with suppress(StoreUnavailable):
            state = self._store.sample(loaded.record)
            return Sample.restored(state) if state else None
        return None

    def record(self, model_type: str, model_id: int) -> Record:
        """What is told of a model, in whatever state it is; of one that waits its place, too."""
        key = self._possible(model_type, model_id)
        found = self._store.find(key)
        if found is None:
            raise UnknownModel(model_type, model_id)
        if found.status == "training" and found.description.get("started") is None:
            line = self._store.line()
            if key in line:
                return replace(
                    found, description=found.description | {"place": line.index(key) + 1}
                )
        return found

    def ids(self, model_type: str) -> list[int]:
        """The ids of the ready models of a type, ascending."""
        self.type(model_type)
        return self._store.ids(model_type)

    def free_id(self, model_type: str) -> int:
        """An id from 1 on that no model of the type has: behind the highest that is ready, as
        long as there are such."""
        self.type(model_type)
        for behind in (self._store.newest(model_type) or 0, 0):
            free = behind + 1
            for record in self._behind(model_type, Key(model_type, behind)):
                if record.key.model_id > free or record.status == "failed":
                    break
                free += 1
            if free <= MAX_MODEL_ID:
                return free
        raise AssertionError("there are more ids than a store has models")

    def everything(self) -> Iterator[Record]:
        """All records in the order of their keys, their descriptions left out."""
        return self._behind(None, None)

    def _behind(self, model_type: str | None, after: Key | None) -> Iterator[Record]:
        while records := self._store.page(model_type, after, _PAGE):
            yield from records
            after = records[-1].key

    def tokens(self, keys: Collection[Key]) -> Mapping[Key, str]:
        """What tells each of these models, as far as they are ready, from others of its key."""
        return self._store.tokens(keys)

    def page(
        self, model_type: str | None, after: Key | None, limit: int
    ) -> tuple[list[Record], Key | None]:
        """Up to `limit` records behind `after` in the order of keys, fewer where their
        descriptions are long, and where to go on."""
        if model_type is not None:
            self.type(model_type)
        records = self._store.page(model_type, after, limit + 1)
        page = self._store.described(records[:limit])
        return page, page[-1].key if len(records) > len(page) else None

    def latest(
        self,
        words: Sequence[str] = (),
        model_type: str | None = None,
        skip: int = 0,
        limit: int = 50,
    ) -> Latest:
        """The newest records that all of the words name, of one type or of any."""
        return self._store.latest(words, model_type, skip, limit)

    def stored(self) -> Stored | None:
        """What the store has; None where it cannot be reached."""
        if not self.reachable:
            return None
        with suppress(StoreUnavailable):
            found = self._store.counts()
            models = {name: found.get(name, 0) for name in self.catalog}
            return Stored(models, len(self._store.line()))
        return None

    def delete(self, model_type: str, model_id: int) -> None:
        """Free the key: of a model, of a failure, or of a training, which so is cancelled."""
        key = self._possible(model_type, model_id)
        ongoing = self._queue.of(key)  # before: the key may be another's right after
        if not self._store.delete(key):
            raise UnknownModel(model_type, model_id)
        self._cache.drop(key)
        for one in ongoing:
            one.end(TrainingCancelled(*key))

    # ---------------------------------------------------------------------------- training

    @property
    def training(self) -> bool:
        """Whether something that was queued is still being trained here, after `wind_down`."""
        return self._queue.busy

    def wind_down(self) -> None:
        """Begin no more trainings, neither those queued nor those that requests wait for."""
        self._queue.wind_down()

    def abort(self) -> None:
        """End what is being trained, and long predictions: what was queued is put back."""
        self._queue.abort()
        self.predictor.abort()

    def _publish(self, reserved: Record, training: Training, done: Trained) -> Record:
        description = training.ending(done)
        training.name_features(done.model)
        epoch = self._epoch
        record = self._store.publish(
            replace(reserved, description=description), training.state(done), training.sample(done)
        )
        columns = None if training.table is None else training.table.columns
        self._cache.put(Loaded(record, done.model, epoch, columns))
        return record

    # ------------------------------------------------------------------------------- store

    def open(self) -> None:
        """Make the store ready, and watch it from a thread of its own until `close`; train what
        is queued. Raises `StoreTooNew`."""
        self._look()
        self._watcher = Thread(target=self._watch, name="fitserve-watch", daemon=True)
        self._watcher.start()
        self._queue.start()

    def close(self) -> None:
        self.predictor.abort()
        self._queue.close()
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join(CLOSING)
        self._store.close()

    def _watch(self) -> None:
        pause, reported = LOOK_EVERY, monotonic()
        while not self._stopped.wait(pause):
            try:
                with self._looking:
                    self._look()
                self._tidy()
                if monotonic() - reported >= REPORT_EVERY:
                    reported = monotonic()
                    self._queue.report()
            except StoreTooNew as newer:
                self.outdated = newer
                return
            except Exception:  # or nobody would watch any more
                log.exception("A fault in watching the store")
            pause = LOOK_EVERY if self.reachable else min(pause * 2, LONGEST_PAUSE)

    def _look(self) -> None:
        """See whether the store is there, and what its epoch is."""
        begun = monotonic()
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
            self._looked = begun

    def _look_too(self) -> None:
        """Look because the watch is late, as it may be where the processor is busy; unless it is
        looking right now and the store is slow: then what is in memory goes on answering."""
        if self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()

    def _tidy(self) -> None:
        """Let go of models that were deleted elsewhere, and of what there is no room for."""
        self._cache.measure()
        if not self.reachable:
            return
        self.condition = self._store.condition()
        with suppress(StoreUnavailable):
            self._cache.sweep(self._epoch, self._store.tokens)

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
            found = self._store.find(key)
            if found is None:
                raise UnknownModel(*key)
            raise TrainingFailed(*key) if found.status == "failed" else ModelTraining(*key)
        record, state = stored
        learned = dict(state)
        of_columns = learned.pop("columns", None)
        try:
            columns = None if of_columns is None else Columns.restored(of_columns)
            model = self.catalog[key.model_type].restored(
                record.description["hyperparameters"], learned
            )
        except (ValueError, KeyError, TypeError) as error:
            log.error("The %s model with id %d does not fit this program: %s", *key, error)
            raise ModelUnreadable(*key) from error
        loaded = Loaded(record, model, epoch, columns)
        self._cache.put(loaded)
        return loaded
