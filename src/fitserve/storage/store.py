"""Where trained models outlive the process: what a store promises.

A model is born as a reservation (`training`) with a token of its own and becomes `ready` in one
step that holds everything learned. Whoever reserved first has the id; a reservation that nobody
renews expires, so that the id of a process that died is free again.

A reservation may be queued, with what it shall learn from: then it is nobody's until somebody
claims it, which gives it a new token, and what is not renewed can be claimed again.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, Protocol

from fitserve.errors import Busy, FitserveError, ModelExists, TrainingCancelled

Status = Literal["training", "ready", "failed"]
Condition = Literal["ok", "full", "unwritable"]
"""Whether a store that can be reached can be written as well."""
State = Mapping[str, Any]
"""What a model learned: arrays, numbers, text and lists of them, by name (`Model.state`)."""

RESERVED_FOR = 15.0  # seconds that a reservation lasts without being renewed
QUEUED = 1000  # trainings that a store queues at most

UNDER_WAY = ("started", "progress", "loss", "losses")  # told of a training until it ends
PAGE_BYTES = 2**24  # of the descriptions that are read for one page
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


class Latest(NamedTuple):
    """Some of the records that were looked for, and how many of each type and status there are."""

    records: list[Record]
    counts: Mapping[tuple[str, Status], int]
    whole: bool = True
    """Whether all were searched, and not the newest alone."""


class Store(Protocol):
    """Every method may raise `StoreUnavailable`; then nothing has changed."""

    def prepare(self) -> None:
        """Make the store usable: create what is missing, bring the schema up to date. Raises
        `StoreTooNew` where a newer program has led it on to what this one cannot use."""

    # What is training.

    def reserve(
        self,
        key: Key,
        description: Mapping[str, Any],
        data: State | None = None,
        client: str = "",
        most: int = QUEUED,
    ) -> Record:
        """Take the key, or raise `ModelExists`, or `TooManyModels` where the store holds as many as
        it may. With `data`, queue it for the client; or raise
        `Busy`, or `TooManyTrainings` where the client has `most` in the queue and in training."""

    def waits(self, model_types: Collection[str]) -> bool:
        """Whether a training of these types is queued that nobody has claimed."""

    def claim(self, model_types: Collection[str]) -> Claimed | None:
        """The queued training of these types whose turn it is (`line`), for the caller to
        train."""

    def line(self) -> list[Key]:
        """What is queued and not claimed, in the order of their turns (`line.in_turn`)."""

    def put_last(self, record: Record) -> None:
        """`put_back`, to the end of the line."""

    def put_back(self, record: Record) -> None:
        """Give a claim up: anybody may claim it, as if it had not been. The record's description
        is told of it from now on."""

    def renew(self, records: Collection[Record], *, excused: bool = False) -> set[str]:
        """Keep what the caller holds from expiring, and tell its description. Answers the tokens
        of those that it still holds. What is lost after it was `excused` counts as not claimed."""

    def publish(self, record: Record, state: State, sample: State | None = None) -> Record:
        """Make the reservation a ready model, for good once this returns; with it are kept the
        rows of `sample`, arrays by name.

        Raises `TrainingCancelled` if it was deleted, and `ModelExists` if it expired and
        somebody else has the key.
        """

    def fail(self, record: Record) -> None:
        """Keep the key as a failure whose description tells why; it may be reserved again."""

    def release(self, record: Record) -> None:
        """Give a reservation up: its key is free."""

    # What is there.

    def find(self, key: Key) -> Record | None: ...

    def tokens(self, keys: Collection[Key]) -> Mapping[Key, str]:
        """The tokens of those of the keys that have a ready model."""

    def load(self, key: Key) -> tuple[Record, State] | None:
        """The ready model whole, or None. Raises `ModelUnreadable` for a damaged one."""

    def sample(self, record: Record) -> State | None:
        """The rows that are kept with a ready model, if there are any. Raises `ModelUnreadable`
        for damaged ones."""

    def delete(self, key: Key) -> bool:
        """Free the key, whatever has it; False if nothing had."""

    def ids(self, model_type: str) -> list[int]:
        """Ids of the ready models of a type, ascending."""

    def counts(self) -> Mapping[str, int]:
        """How many ready models there are of each type that has any."""

    def newest(self, model_type: str) -> int | None:
        """The highest id of the ready models of a type, if there is one."""

    def page(self, model_type: str | None, after: Key | None, limit: int) -> list[Record]:
        """Records in the order of their keys, their descriptions left out."""

    def latest(self, words: Sequence[str], model_type: str | None, skip: int, limit: int) -> Latest:
        """Records as people look for them (`latest.py`), with their descriptions; one that is
        damaged, gone or very long is empty."""

    def described(self, records: Sequence[Record]) -> list[Record]:
        """These records of a page, with their descriptions: as many of the first as take no more
        than `PAGE_BYTES`, and one at least. A description that is damaged or gone is empty."""

    def epoch(self) -> str:
        """Changes whenever a model that was ready may no longer be what it was. Raises
        `StoreTooNew` as `prepare` does."""

    def condition(self) -> Condition:
        """Whether the store can be written, as far as that is known."""

    def close(self) -> None:
        """Let go of what is held open; the store may be used again."""


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
