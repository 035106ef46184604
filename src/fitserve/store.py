"""Where trained models outlive the process: what a store is, and one in this process's memory.

A model is born as a reservation (`training`) with a token of its own and becomes `ready` in one
step that holds everything learned. Whoever reserved first has the id; a reservation that nobody
renews expires, so that the id of a process that died is free again.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Literal, NamedTuple, Protocol

from fitserve.errors import ModelExists, ModelTraining

Status = Literal["training", "ready", "failed"]
State = Mapping[str, Any]
"""What a model learned: arrays, numbers, text and lists of them, by name (`Model.state`)."""

RESERVED_FOR = 15.0  # seconds that a reservation lasts without being renewed


MAX_MODEL_ID = 2**53 - 1  # the largest that every JSON reader keeps exact


class Key(NamedTuple):
    """A model's name; keys sort as models are listed."""

    model_type: str
    model_id: int


@dataclass(frozen=True)
class Record:
    """What is told of one registration of a key."""

    key: Key
    token: str
    """Tells this registration from any other of the same key, before or after."""
    status: Status
    created: str
    """RFC 3339, UTC."""
    description: dict[str, Any] = field(default_factory=dict)


class Store(Protocol):
    """Every method may raise `StoreUnavailable`; then nothing has changed."""

    def prepare(self) -> None:
        """Make the store usable: create what is missing, bring the schema up to date."""

    def reserve(self, key: Key) -> Record:
        """Take the key, or raise `ModelExists`."""

    def renew(self, tokens: Collection[str]) -> None:
        """Keep these reservations from expiring."""

    def publish(self, record: Record, state: State) -> Record:
        """Make the reservation a ready model, for good once this returns.

        Raises `ModelExists` if the reservation expired and somebody else has the key.
        """

    def release(self, record: Record) -> None:
        """Give a reservation up: its key is free."""

    def find(self, key: Key) -> Record | None: ...

    def load(self, key: Key) -> tuple[Record, State] | None:
        """The ready model whole, or None. Raises `ModelUnreadable` for a damaged one."""

    def delete(self, key: Key) -> bool:
        """Free the key; False if there was nothing. Raises `ModelTraining`."""

    def ids(self, model_type: str) -> list[int]:
        """Ids of the ready models of a type, ascending."""

    def page(self, model_type: str | None, after: Key | None, limit: int) -> list[Record]:
        """Records in the order of their keys, their descriptions left out."""

    def epoch(self) -> str:
        """Changes whenever a model that was ready may no longer be what it was."""


def reservation(key: Key) -> Record:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Record(key, secrets.token_hex(16), "training", now)


class MemoryStore:
    """A store that ends with its process; for one worker only. Its reservations cannot be
    orphaned, so they never expire."""

    def __init__(self) -> None:
        self._models: dict[Key, tuple[Record, State]] = {}
        self._epoch = 0
        self._lock = Lock()

    def prepare(self) -> None:
        """Nothing is missing."""

    def reserve(self, key: Key) -> Record:
        record = reservation(key)
        with self._lock:
            if key in self._models:
                raise ModelExists(*key)
            self._models[key] = record, {}
        return record

    def renew(self, tokens: Collection[str]) -> None:
        """Nothing expires."""

    def publish(self, record: Record, state: State) -> Record:
        ready = replace(record, status="ready")
        with self._lock:
            self._models[record.key] = ready, state
        return ready

    def release(self, record: Record) -> None:
        with self._lock:
            del self._models[record.key]

    def find(self, key: Key) -> Record | None:
        found = self._models.get(key)
        return found[0] if found else None

    def load(self, key: Key) -> tuple[Record, State] | None:
        found = self._models.get(key)
        return found if found and found[0].status == "ready" else None

    def delete(self, key: Key) -> bool:
        with self._lock:
            found = self._models.get(key)
            if found is None:
                return False
            if found[0].status == "training":
                raise ModelTraining(*key)
            del self._models[key]
            self._epoch += 1
        return True

    def ids(self, model_type: str) -> list[int]:
        return [
            record.key.model_id
            for record in self.page(model_type, None, len(self._models))
            if record.status == "ready"
        ]

    def page(self, model_type: str | None, after: Key | None, limit: int) -> list[Record]:
        with self._lock:
            records = [record for record, _ in self._models.values()]
        chosen = (
            record
            for record in records
            if (model_type is None or record.key.model_type == model_type)
            and (after is None or record.key > after)
        )
        return sorted(chosen, key=lambda record: record.key)[:limit]

    def epoch(self) -> str:
        return str(self._epoch)
