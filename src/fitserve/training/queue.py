"""What is being trained in this process: for requests that wait, and from the store's queue."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from threading import Event, Thread

from fitserve.errors import (
    FAULT,
    Busy,
    FitserveError,
    ModelExists,
    StoreUnavailable,
    TrainingCancelled,
    TrainingLost,
)
from fitserve.models.base import Model
from fitserve.observing.metrics import Metrics
from fitserve.storage.store import Claimed, Key, Record, Store, lost, moment
from fitserve.training.lanes import GivesWay, Turn
from fitserve.training.outcomes import told
from fitserve.training.trainer import Trainer
from fitserve.training.training import Ongoing, Trained, Training

log = logging.getLogger(__name__)

CLAIM_EVERY = 1.0  # seconds between looks for what others have queued
PUBLISH_EVERY = 1.0  # seconds between attempts to publish when the store is away
PUBLISH_FOR = 60.0  # seconds after which it is left to be trained anew
CLOSING = 2.0  # seconds for what is under way to end
ATTEMPTS = 2  # at a queued training; then it is what kills whoever tries


class TrainingQueue:
    """Trains what is queued, and keeps in touch with the store about all that is under way: how
    far it is, that it goes on, and whether it was cancelled elsewhere."""

    def __init__(
        self,
        catalog: Mapping[str, type[Model]],
        store: Store,
        trainer: Trainer,
        publish: Callable[[Record, Training, Trained], object],
        metrics: Metrics,
    ) -> None:
        self._metrics = metrics
        self._catalog = catalog
        self._store = store
        self._trainer = trainer
        self._publish = publish
        self._ongoing: dict[str, Ongoing] = {}
        self._queued = Event()
        self._threads: list[Thread] = []

    # ------------------------------------------------------------------------ what goes on

    @contextmanager
    def under_way(self, record: Record, client: str | None = None) -> Iterator[Ongoing]:
        """What goes on, and is told of it; for a client, if one waits for it."""
        ongoing = self._ongoing[record.token] = Ongoing(record, client)
        try:
            with told(record.key, self._metrics):
                yield ongoing
        finally:
            del self._ongoing[record.token]

    def report(self) -> None:
        """Tell the store that trainings go on, and how; end those that it knows no more."""
        ongoing = list(self._ongoing.values())
        if not ongoing:
            return
        try:
            # To be killed in a stop that takes too long is not the fault of a training.
            held = self._store.renew(
                [one.now() for one in ongoing], excused=self._trainer.winding_down
            )
            for one in ongoing:
                if one.record.token not in held:
                    key = one.record.key
                    one.end(lost(key, gone=self._store.find(key) is None))
        except StoreUnavailable:
            log.warning("How trainings go on could not be told")

    def settle(self, settle: Callable[[Record], None], record: Record) -> None:
        """Tell the store what became of a training; while it is away, that is for it to notice."""
        try:
            settle(record)
        except StoreUnavailable:
            log.warning("What is held of %s %d is left to expire", *record.key)

    def waited_for(self, client: str) -> int:
        """How many trainings of the client's are waited for here."""
        return sum(one.client == client for one in list(self._ongoing.values()))

    def of(self, key: Key) -> list[Ongoing]:
        return [one for one in list(self._ongoing.values()) if one.record.key == key]

    # ---------------------------------------------------------------------------- the queue

    def start(self) -> None:
        """Train what is queued, in threads of its own, until `wind_down`."""
        # One for each turn, short and long, and one that waits: only what waits is given way to.
        for _ in range(2 * self._trainer.slots + 1):
            thread = Thread(target=self._train_queued, name="fitserve-train", daemon=True)
            thread.start()
            self._threads.append(thread)

    def look(self) -> None:
        """There is something in the queue."""
        self._queued.set()

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wind_down(self) -> None:
        self._trainer.wind_down()
        self._queued.set()

    def abort(self) -> None:
        self.wind_down()
        for ongoing in list(self._ongoing.values()):
            ongoing.end(Busy.stopping())

    def close(self) -> None:
        self.abort()
        for thread in self._threads:
            thread.join(CLOSING)
        self._trainer.close()

    def _train_queued(self) -> None:
        """Train what is queued, by us or by others, one after another."""
        while not self._trainer.winding_down:
            self._queued.clear()
            try:
                more = self._train_next()
            except StoreUnavailable:
                more = False
            except Exception:  # or this thread would end, and nobody train any more
                log.exception("A fault in training what is queued")
                more = False
            if not more:
                self._queued.wait(CLAIM_EVERY)

    def _train_next(self) -> bool:
        """Train what is next in the line; False if there should be a pause before the next."""
        if not self._store.waits(self._catalog):  # only who has something to train waits for a turn
            return False
        with self._trainer.turn() as turn:
            claimed = None if self._trainer.winding_down else self._store.claim(self._catalog)
            return claimed is not None and self._train(claimed, turn)

    def _train(self, claimed: Claimed, turn: Turn) -> bool:
        """Train it, whatever comes of that; False if there should be a pause before the next."""
        record = claimed.record
        try:
            if claimed.attempt > ATTEMPTS:
                log.warning("The training of %s %d has ended who trained it, twice", *record.key)
                raise TrainingLost
            training = self._restored(claimed)
            record = replace(record, description=training.beginning())
            with self.under_way(
                replace(record, description=training.beginning(moment()))
            ) as ongoing:
                done = self._trainer.train_in_turn(training, ongoing, turn)
                self._publish_patiently(record, training, done, ongoing)
        except GivesWay:
            self.settle(self._store.put_last, record)
        except Busy:  # or there is no process to train in: then this has been an attempt
            if self._trainer.winding_down:
                self.settle(self._store.put_back, record)
            return False
        except StoreUnavailable:
            log.warning("The training of %s %d could not be published", *record.key)
            return False
        except (TrainingCancelled, ModelExists):  # it is not ours any more
            pass
        except FitserveError as error:
            self.settle(self._store.fail, record.failed(error))
        except Exception:  # a fault of ours, and no reason to leave the caller waiting
            log.exception("A fault in training %s %d", *record.key)
            self.settle(self._store.fail, record.failed(FitserveError(FAULT)))
        return True

    def _publish_patiently(
        self, record: Record, training: Training, done: Trained, ongoing: Ongoing
    ) -> None:
        """Publish what took long to train, though the store be away for a while."""
        deadline = time.monotonic() + PUBLISH_FOR
        while True:
            try:
                self._publish(record, training, done)
                return
            except StoreUnavailable:
                if time.monotonic() > deadline or self._trainer.winding_down:
                    raise
            time.sleep(PUBLISH_EVERY)
            ongoing.go_on()

    def _restored(self, claimed: Claimed) -> Training:
        key, told = claimed.record.key, claimed.record.description
        type_ = self._catalog[key.model_type]
        if not told["hyperparameters"].keys() <= {field.name for field in fields(type_)}:
            # A newer program queued it, and will claim it when our claim has expired.
            raise Busy("This training has hyperparameters that are unknown to this program.")
        return Training.restored(key, type_, told, claimed.data)
