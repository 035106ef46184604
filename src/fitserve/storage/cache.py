"""Loaded models, the least recently used thrown out first when they take too much memory."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from fitserve.data.columns import Columns
from fitserve.models.base import Model
from fitserve.storage.footprint import footprint
from fitserve.storage.store import Key, Record

OVERHEAD = 256  # bytes that the cache itself takes for a model


@dataclass
class Loaded:
    """A model in memory, and the epoch of the store in which it was last known to be the one."""

    record: Record
    model: Model
    epoch: str | None
    columns: Columns | None = None
    """What was learned of the columns of a table; None where X came as it is."""
    pictures: bytes | None = None
    """As JSON, once they were asked for."""

    def __post_init__(self) -> None:
        """What predictions cost: operations that a row takes, and the length of the labels."""
        self.row_cost = self.model.row_cost()
        labels = self.model.classes_
        lengths = [] if labels is None else [len(str(label)) for label in labels.tolist()]
        self.n_labels, self.labels_length = len(lengths), sum(lengths)
        self.longest_label = max(lengths, default=0)

    @property
    def feature_names(self) -> list[str] | None:
        whole = vars(self.model).get("feature_names_in_")
        names: list[str] | None = (
            self.record.description["feature_names"] if whole is None else whole.tolist()
        )
        return names


class _Held:
    """A loaded model, and what it took when it was measured."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.measure()

    def measure(self) -> None:
        self._had = self._has
        self.size = OVERHEAD + footprint(self.loaded)

    @property
    def grown(self) -> bool:
        """Whether the model has derived something for predictions since, or was pictured."""
        return self._has != self._had

    @property
    def _has(self) -> tuple[int, bool]:
        return len(vars(self.loaded.model)), self.loaded.pictures is not None


class ModelCache:
    """At most `capacity` bytes of models, and at least the one used last."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._held: OrderedDict[Key, _Held] = OrderedDict()
        self._lock = Lock()

    @property
    def size(self) -> int:
        return sum(held.size for held in self._held.values())

    def get(self, key: Key) -> Loaded | None:
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found.loaded

    def put(self, loaded: Loaded) -> None:
        held = _Held(loaded)
        with self._lock:
            self._held.pop(loaded.record.key, None)
            self._held[loaded.record.key] = held
        self.measure()

    def measure(self) -> None:
        """Count what has grown, and throw out what there is no room for."""
        with self._lock:
            grown = [held for held in self._held.values() if held.grown]
        for held in grown:
            held.measure()
        with self._lock:
            excess = self.size - self.capacity
            while excess > 0 and len(self._held) > 1:
                _, held = self._held.popitem(last=False)
                excess -= held.size

    def drop(self, key: Key) -> None:
        with self._lock:
            self._held.pop(key, None)

    def sweep(self, epoch: str | None, tokens: Callable[[list[Key]], Mapping[Key, str]]) -> None:
        """Drop what is not the model of its key any more; what is, is so in this epoch."""
        with self._lock:
            stale = [held.loaded for held in self._held.values() if held.loaded.epoch != epoch]
        if not stale:
            return
        found = tokens([loaded.record.key for loaded in stale])
        for loaded in stale:
            key = loaded.record.key
            if found.get(key) == loaded.record.token:
                loaded.epoch = epoch
            else:
                with self._lock:
                    if key in self._held and self._held[key].loaded is loaded:
                        del self._held[key]

    def __len__(self) -> int:
        return len(self._held)
