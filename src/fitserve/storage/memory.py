"""The store in this process's memory."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from threading import Lock
from typing import Any

from fitserve.errors import ModelExists, TooManyModels, TooManyTrainings
from fitserve.storage.latest import latest
from fitserve.storage.line import Waiting, in_turn
from fitserve.storage.store import (
    PAGE_BYTES,
    QUEUED,
    Claimed,
    Condition,
    Key,
    Latest,
    Record,
    State,
    full,
    lost,
    reservation,
    token,
)


class MemoryStore:
    """A store that ends with its process; for one worker only. Its reservations cannot be
    orphaned, so they never expire."""

    def __init__(self, queue_bytes: int = 2**29, *, most: int | None = None) -> None:
        self._most = most
        self._models: dict[Key, tuple[Record, State]] = {}
        self._samples: dict[str, State] = {}  # by the tokens of ready models
        self._queue: dict[Key, State] = {}  # in the order in which they came
        self._clients: dict[Key, str] = {}  # whose they are, and those that were claimed
        self._queue_bytes = queue_bytes
        self._epoch = 0
        self._lock = Lock()

    def prepare(self) -> None:
        """Nothing is missing."""

    def condition(self) -> Condition:
        return "ok"

    def close(self) -> None:
        """Nothing is held open."""

    def reserve(
        self,
        key: Key,
        description: Mapping[str, Any],
        data: State | None = None,
        client: str = "",
        most: int = QUEUED,
    ) -> Record:
        record = reservation(key, description)
        with self._lock:
            if key in self._models and self._models[key][0].status != "failed":
                raise ModelExists(*key)
            if self._most is not None and len(self._models) - (key in self._models) >= self._most:
                raise TooManyModels(self._most)
            if data is not None:
                if sum(one == client for one in self._clients.values()) >= most:
                    raise TooManyTrainings(most)
                waiting = sum(map(_size, self._queue.values()))
                if len(self._queue) >= QUEUED or waiting + _size(data) > self._queue_bytes:
                    raise full(len(self._queue))
                self._queue[key] = data
                self._clients[key] = client
            self._models[key] = record, {}
        return record

    def waits(self, model_types: Collection[str]) -> bool:
        with self._lock:
            return any(key.model_type in model_types for key in self._queue)

    def claim(self, model_types: Collection[str]) -> Claimed | None:
        with self._lock:
            key = next((key for key in self._line() if key.model_type in model_types), None)
            if key is None:
                return None
            record = replace(self._models[key][0], token=token())
            data = self._queue.pop(key)
            self._models[key] = record, data
        return Claimed(record, data, 1)

    def line(self) -> list[Key]:
        with self._lock:
            return self._line()

    def _line(self) -> list[Key]:
        waiting = (
            Waiting(key, self._clients[key], f"{place:06}") for place, key in enumerate(self._queue)
        )
        training = (client for key, client in self._clients.items() if key not in self._queue)
        return in_turn(waiting, training)

    def put_last(self, record: Record) -> None:
        self._put(record, last=True)

    def put_back(self, record: Record) -> None:
        self._put(record, last=False)

    def _put(self, record: Record, *, last: bool) -> None:
        with self._lock:
            if self._holds(record):
                data = self._models[record.key][1]
                self._models[record.key] = replace(record, token=token()), data
                mine = {record.key: data}
                self._queue = self._queue | mine if last else mine | self._queue

    def renew(self, records: Collection[Record], *, excused: bool = False) -> set[str]:
        with self._lock:
            held = {record.token: record for record in records if self._holds(record)}
            for record in held.values():
                self._models[record.key] = record, self._models[record.key][1]
        return set(held)

    def publish(self, record: Record, state: State, sample: State | None = None) -> Record:
        ready = replace(record, status="ready")
        with self._lock:
            if not self._holds(record):
                raise lost(record.key, gone=record.key not in self._models)
            self._models[record.key] = ready, state
            if sample:
                self._samples[record.token] = sample
            self._clients.pop(record.key, None)
        return ready

    def fail(self, record: Record) -> None:
        with self._lock:
            if self._holds(record):
                self._models[record.key] = replace(record, status="failed"), {}
                self._clients.pop(record.key, None)

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

    def tokens(self, keys: Collection[Key]) -> Mapping[Key, str]:
        found = {key: self._models.get(key) for key in keys}
        return {
            key: have[0].token for key, have in found.items() if have and have[0].status == "ready"
        }

    def load(self, key: Key) -> tuple[Record, State] | None:
        found = self._models.get(key)
        return found if found and found[0].status == "ready" else None

    def sample(self, record: Record) -> State | None:
        return self._samples.get(record.token)

    def delete(self, key: Key) -> bool:
        with self._lock:
            self._queue.pop(key, None)
            self._clients.pop(key, None)
            found = self._models.pop(key, None)
            if found is not None:
                self._samples.pop(found[0].token, None)
            self._epoch += found is not None
        return found is not None

    def ids(self, model_type: str) -> list[int]:
        return [
            record.key.model_id
            for record in self.page(model_type, None, len(self._models))
            if record.status == "ready"
        ]

    def counts(self) -> Mapping[str, int]:
        with self._lock:
            records = [record for record, _ in self._models.values()]
        return Counter(r.key.model_type for r in records if r.status == "ready")

    def newest(self, model_type: str) -> int | None:
        return max(self.ids(model_type), default=None)

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

    def latest(self, words: Sequence[str], model_type: str | None, skip: int, limit: int) -> Latest:
        with self._lock:
            records = [record for record, _ in self._models.values()]
        records.sort(key=lambda record: (record.created, record.key), reverse=True)
        return latest(records, words, model_type, skip, limit)

    def described(self, records: Sequence[Record]) -> list[Record]:
        sizes = accumulate(len(json.dumps(record.description)) for record in records)
        fitting = [r for r, size in zip(records, sizes, strict=True) if size <= PAGE_BYTES]
        return fitting or list(records[:1])

    def epoch(self) -> str:
        return str(self._epoch)


def _size(data: State) -> int:
    return sum(int(getattr(value, "nbytes", 0)) for value in data.values())
