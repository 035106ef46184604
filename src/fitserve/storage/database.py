"""The store in a database: an SQLite file by default, PostgreSQL for many machines."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import (
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from fitserve.errors import (
    ModelExists,
    StoreFull,
    TooManyModels,
)
from fitserve.storage import codec
from fitserve.storage.files import give_reserve
from fitserve.storage.queue import SqlQueue
from fitserve.storage.reading import SqlReading
from fitserve.storage.rows import columns_of, is_key
from fitserve.storage.store import (
    QUEUED,
    Key,
    Record,
    State,
    reservation,
)
from fitserve.storage.tables import counters, models, samples, trainings


class SqlStore(SqlQueue, SqlReading):
    """Models as rows. Every change is one transaction, durable when the method returns."""

    def __init__(self, url: str, *, most: int | None = None) -> None:
        super().__init__(url)
        self._most = most

    def reserve(
        self,
        key: Key,
        description: Mapping[str, Any],
        data: State | None = None,
        client: str = "",
        most: int = QUEUED,
    ) -> Record:
        record = reservation(key, description)
        row = {
            **columns_of(key),
            "token": record.token,
            "status": record.status,
            "created": record.created,
            "description": json.dumps(record.description, allow_nan=False),
            "values": None,
            "arrays": None,
            "format": None,
            "checksum": None,
            # What is queued is nobody's, and so cannot be orphaned.
            "expires": None if data is not None else self._until(),
        }
        packed = None if data is None else asdict(codec.pack({"client": client}, dict(data)))
        dialect: Any = sqlite if self._file is not None else postgresql
        fresh = dialect.insert(models).values(**row)
        statement = fresh.on_conflict_do_update(
            index_elements=[models.c.model_type, models.c.model_id],
            set_={name: fresh.excluded[name] for name in row},
            where=or_(models.c.status == "failed", self._orphaned()),
        ).returning(models.c.token)
        with self._transaction(write=True) as connection:
            if connection.execute(statement).first() is None:
                raise ModelExists(*key)
            if self._most is not None:
                there = connection.execute(select(func.count()).select_from(models)).scalar_one()
                if there > self._most:
                    raise TooManyModels(self._most)
            if packed is not None:
                self._enqueue(connection, record, packed, most)
        return record

    def publish(
        self, record: Record, state: State, sample: State | None = None, **columns: str
    ) -> Record:
        packed = codec.pack(record.description, dict(state))
        kept = codec.pack({}, dict(sample)) if sample else None
        with self._transaction(write=True) as connection:
            self._settle(
                connection, record, status="ready", expires=None, **asdict(packed), **columns
            )
            connection.execute(delete(samples).where(*is_key(record.key, samples)))
            if kept is not None:
                row = columns_of(record.key) | {"token": record.token} | asdict(kept)
                connection.execute(insert(samples).values(**row))
        return replace(record, status="ready")

    def put(self, record: Record, state: State, sample: State | None = None) -> None:
        """A ready model of another store, as it was there; raises `ModelExists`."""
        reserved = self.reserve(record.key, record.description)
        record, created = replace(record, token=reserved.token), record.created
        self.publish(record, state, sample, created=created)

    def delete(self, key: Key) -> bool:
        try:
            return self._delete(key)
        except StoreFull:
            if self._file is not None:
                give_reserve(self._file)
                self._reuse_log()
        return self._delete(key)

    def _delete(self, key: Key) -> bool:
        with self._transaction(write=True) as connection:
            connection.execute(delete(trainings).where(*is_key(key, trainings)))
            connection.execute(delete(samples).where(*is_key(key, samples)))
            gone = connection.execute(delete(models).where(*is_key(key)))
            if gone.rowcount == 1:
                # One row that every deletion updates: deletions commit in the order of epochs.
                connection.execute(
                    update(counters)
                    .where(counters.c.name == "epoch")
                    .values(value=counters.c.value + 1)
                )
        return gone.rowcount == 1
