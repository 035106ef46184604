"""Where trained models outlive the process: what a store is, and one in this process's memory.

A model is born as a reservation (`training`) with a token of its own and becomes `ready` in one
step that holds everything learned. Whoever reserved first has the id; a reservation that nobody
renews expires, so that the id of a process that died is free again.

A reservation may be queued, with what it shall learn from: then it is nobody's until somebody
claims it, which gives it a new token, and what is not renewed can be claimed again.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Literal, NamedTuple, Protocol

from fitserve.errors import Busy, FitserveError, ModelExists, TrainingCancelled

Status = Literal["training", "ready", "failed"]
State = Mapping[str, Any]
"""What a model learned: arrays, numbers, text and lists of them, by name (`Model.state`)."""

RESERVED_FOR = 15.0  # seconds that a reservation lasts without being renewed
QUEUED = 1000  # trainings that a store queues at most

UNDER_WAY = ("started", "progress", "loss")  # told of a training until it ends
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

    def failed(self, why: FitserveError) -> "Record":
        told = {n: v for n, v in self.description.items() if n not in UNDER_WAY}
        return replace(self, status="failed", description=told | {"problem": why.problem()})


class Claimed(NamedTuple):
    """A queued training, and the how manyth time it was claimed."""

    record: Record
    data: State
    attempt: int


class Store(Protocol):
    """Every method may raise `StoreUnavailable`; then nothing has changed."""

    def prepare(self) -> None:
        """Make the store usable: create what is missing, bring the schema up to date."""

    # What is training.

    def reserve(
        self, key: Key, description: Mapping[str, Any], data: State | None = None
    ) -> Record:
        """Take the key, or raise `ModelExists`. With `data`, queue it; or raise `Busy`."""

    def claim(self, model_types: Collection[str]) -> Claimed | None:
        """The queued training of these types that waited longest, for the caller to train."""

    def put_back(self, record: Record) -> None:
        """Give a claim up: anybody may claim it, as if it had not been. The record's description
        is told of it from now on."""

    def renew(self, records: Collection[Record], *, excused: bool = False) -> set[str]:
        """Keep what the caller holds from expiring, and tell its description. Answers the tokens
        of those that it still holds. What is lost after it was `excused` counts as not claimed."""

    def publish(self, record: Record, state: State) -> Record:
        """Make the reservation a ready model, for good once this returns.

        Raises `TrainingCancelled` if it was deleted, and `ModelExists` if it expired and
        somebody else has the key.
        """

    def fail(self, record: Record) -> None:
        """Keep the key as a failure whose description tells why; it may be reserved again."""

    def release(self, record: Record) -> None:
        """Give a reservation up: its key is free."""

    # What is there.

    def find(self, key: Key) -> Record | None: ...

    def load(self, key: Key) -> tuple[Record, State] | None:
        """The ready model whole, or None. Raises `ModelUnreadable` for a damaged one."""

    def delete(self, key: Key) -> bool:
        """Free the key, whatever has it; False if nothing had."""

    def ids(self, model_type: str) -> list[int]:
        """Ids of the ready models of a type, ascending."""

    def page(self, model_type: str | None, after: Key | None, limit: int) -> list[Record]:
        """Records in the order of their keys, their descriptions left out."""

    def epoch(self) -> str:
        """Changes whenever a model that was ready may no longer be what it was."""


def reservation(key: Key, description: Mapping[str, Any]) -> Record:
    return Record(key, token(), "training", moment(), dict(description))


def moment() -> str:
    """Now, as RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def token() -> str:
    return secrets.token_hex(16)


def lost(key: Key, *, gone: bool) -> FitserveError:
    """Why a training is not its holder's any more: deleted, or expired and another's."""
    return TrainingCancelled(*key) if gone else ModelExists(*key)


def full(queued: int) -> Busy:
    return Busy.full(f"The queue is full: {queued:,} trainings wait already.")


class MemoryStore:
    """A store that ends with its process; for one worker only. Its reservations cannot be
    orphaned, so they never expire."""

    def __init__(self, queue_bytes: int = 2**29) -> None:
        self._models: dict[Key, tuple[Record, State]] = {}
        self._queue: dict[Key, State] = {}  # in the order in which they came
        self._queue_bytes = queue_bytes
        self._epoch = 0
        self._lock = Lock()

    def prepare(self) -> None:
        """Nothing is missing."""

    def reserve(
        self, key: Key, description: Mapping[str, Any], data: State | None = None
    ) -> Record:
        record = reservation(key, description)
        with self._lock:
            if key in self._models and self._models[key][0].status != "failed":
                raise ModelExists(*key)
            if data is not None:
                waiting = sum(map(_size, self._queue.values()))
                if len(self._queue) >= QUEUED or waiting + _size(data) > self._queue_bytes:
                    raise full(len(self._queue))
                self._queue[key] = data
            self._models[key] = record, {}
        return record

    def claim(self, model_types: Collection[str]) -> Claimed | None:
        with self._lock:
            key = next((key for key in self._queue if key.model_type in model_types), None)
            if key is None:
                return None
            record = replace(self._models[key][0], token=token())
            data = self._queue.pop(key)
            self._models[key] = record, data
        return Claimed(record, data, 1)

    def put_back(self, record: Record) -> None:
        with self._lock:
            if self._holds(record):
                data = self._models[record.key][1]
                self._models[record.key] = replace(record, token=token()), data
                self._queue = {record.key: data} | self._queue

    def renew(self, records: Collection[Record], *, excused: bool = False) -> set[str]:
        with self._lock:
            held = {record.token: record for record in records if self._holds(record)}
            for record in held.values():
                self._models[record.key] = record, self._models[record.key][1]
        return set(held)

    def publish(self, record: Record, state: State) -> Record:
        ready = replace(record, status="ready")
        with self._lock:
            if not self._holds(record):
                raise lost(record.key, gone=record.key not in self._models)
            self._models[record.key] = ready, state
        return ready

    def fail(self, record: Record) -> None:
        with self._lock:
            if self._holds(record):
                self._models[record.key] = replace(record, status="failed"), {}

    def release(self, record: Record) -> None:
        with self._lock:
            if self._holds(record):
                del self._models[record.key]

    def _holds(self, record: Record) -> bool:
        found = self._models.get(record.key)
        return (
            found is not None and found[0].token == record.token and found[0].status == "training"
        )

    def find(self, key: Key) -> Record | None:
        found = self._models.get(key)
        return found[0] if found else None

    def load(self, key: Key) -> tuple[Record, State] | None:
        found = self._models.get(key)
        return found if found and found[0].status == "ready" else None

    def delete(self, key: Key) -> bool:
        with self._lock:
            self._queue.pop(key, None)
            found = self._models.pop(key, None)
            self._epoch += found is not None
        return found is not None

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


def _size(data: State) -> int:
    return sum(int(getattr(value, "nbytes", 0)) for value in data.values())
