"""Loaded models, the least recently used thrown out first when they take too much memory."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import numpy as np

from fitserve.models.base import Model
from fitserve.storage.store import Key, Record

OVERHEAD = 4096  # bytes of a model beside its arrays, roughly


@dataclass
class Loaded:
    """A model in memory, and the epoch of the store in which it was last known to be the one."""

    record: Record
    model: Model
    epoch: str | None

    def __post_init__(self) -> None:
        """What predictions cost: operations that a row takes, and the length of the labels."""
        self.row_cost = self.model.row_cost()
        labels = self.model.classes_
        lengths = [] if labels is None else [len(str(label)) for label in labels.tolist()]
        self.n_labels, self.labels_length = len(lengths), sum(lengths)
        self.longest_label = max(lengths, default=0)

    @property
    def feature_names(self) -> list[str] | None:
        names: list[str] | None = self.record.description["feature_names"]
        return names


class ModelCache:
    """At most `capacity` bytes of models, and at least the one used last."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size = 0
        self._loaded: OrderedDict[Key, tuple[Loaded, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Loaded | None:
        with self._lock:
            found = self._loaded.get(key)
            if found is None:
                return None
            self._loaded.move_to_end(key)
            return found[0]

    def put(self, loaded: Loaded) -> None:
        size = _size(loaded.model)
        with self._lock:
            self._forget(loaded.record.key)
            self._loaded[loaded.record.key] = loaded, size
            self.size += size
            while self.size > self.capacity and len(self._loaded) > 1:
                self._forget(next(iter(self._loaded)))

    def drop(self, key: Key) -> None:
        with self._lock:
            self._forget(key)

    def __len__(self) -> int:
        return len(self._loaded)

    def _forget(self, key: Key) -> None:
        _, size = self._loaded.pop(key, (None, 0))
        self.size -= size


def _size(model: Model) -> int:
    arrays = (value for value in model.state().values() if isinstance(value, np.ndarray))
    return OVERHEAD + sum(array.nbytes for array in arrays)
