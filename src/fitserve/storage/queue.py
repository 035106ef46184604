"""The trainings that wait, as rows: who is next, who has one, how it ended."""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from fitserve.errors import (
    ModelExists,
    ModelUnreadable,
    TooManyTrainings,
    TrainingCancelled,
)
from fitserve.storage import codec
from fitserve.storage.line import Waiting, in_turn
from fitserve.storage.rows import (
    TOLD,
    columns_of,
    description_of,
    is_key,
    key_of,
    record_of,
    still_queued,
    still_trained,
    unpacked,
)
from fitserve.storage.session import Session
from fitserve.storage.store import (
    QUEUED,
    Claimed,
    Key,
    Record,
    full,
    lost,
    moment,
    token,
)
from fitserve.storage.tables import models, trainings

ATTEMPTED = 20  # claims at what others are claiming at the same moment
QUEUE_BYTES = 2**32  # of what is queued to be learned from


class SqlQueue(Session):
    """Whoever holds a row by its token may say how its training goes on, and nobody else."""

    def _enqueue(
        self, connection: Connection, record: Record, packed: Mapping[str, Any], most: int
    ) -> None:
        """Have what was reserved trained in its turn. What is queued is nobody's."""
        self._refuse_more(connection, len(packed["arrays"]), packed["description"], most)
        # What a deletion left that went on while this key was being reserved.
        connection.execute(delete(trainings).where(*is_key(record.key, trainings)))
        queued = {"token": record.token, "created": record.created, "expires": None, "attempts": 0}
        connection.execute(insert(trainings).values(**columns_of(record.key), **queued, **packed))

    def waits(self, model_types: Collection[str]) -> bool:
        one = select(trainings.c.token).where(*self._free(model_types)).limit(1)
        with self._transaction() as connection:
            return connection.execute(one).first() is not None

    def line(self) -> list[Key]:
        with self._transaction() as connection:
            return self._line(connection)

    def _line(
        self, connection: Connection, model_types: Collection[str] | None = None
    ) -> list[Key]:
        free = and_(*self._free(model_types)).label("free")
        rows = connection.execute(
            select(*key_of(trainings), trainings.c.created, trainings.c.description, free)
        ).all()
        waiting = [
            Waiting(Key(row.model_type, row.model_id), str(row.description), str(row.created))
            for row in rows
            if row.free
        ]
        return in_turn(waiting, (str(row.description) for row in rows if not row.free))

    def _free(self, model_types: Collection[str] | None) -> list[ColumnElement[bool]]:
        """Of the rows of `trainings` those that may be claimed."""
        free = [
            # What a newer program stores in its own way is for that program to train.
            or_(trainings.c.format.is_(None), trainings.c.format <= codec.FORMAT),
            or_(trainings.c.expires.is_(None), trainings.c.expires < self._now()),
        ]
        return free if model_types is None else [*free, trainings.c.model_type.in_(model_types)]

    def claim(self, model_types: Collection[str]) -> Claimed | None:
        with self._transaction(write=True) as connection:
            for key in self._line(connection, model_types)[:ATTEMPTED]:
                mine = select(trainings).where(*is_key(key, trainings), *self._free(model_types))
                row = connection.execute(mine.with_for_update(skip_locked=True)).first()
                if row is not None:  # or another is claiming it at this moment
                    break
            else:
                return None
            claimed = token()
            attempts = row.attempts if isinstance(row.attempts, int) else 0
            until, attempt = self._until(), attempts + 1
            told = connection.execute(
                update(models)
                .where(*is_key(key), models.c.token == row.token)
                .values(token=claimed)
                .returning(*TOLD, models.c.description)
            ).first()
            if told is None:  # deleted in the moment in which it was queued
                connection.execute(delete(trainings).where(*is_key(key, trainings)))
                return None
            connection.execute(
                update(trainings)
                .where(*is_key(key, trainings))
                .values(token=claimed, expires=until, attempts=attempt)
            )
        record = record_of(told)
        try:
            record = replace(record, description=description_of(key, told.description))
            return Claimed(record, unpacked(key, row)[1], attempt)
        except ModelUnreadable as error:
            self.fail(record.failed(error))
            return None

    def put_last(self, record: Record) -> None:
        self._put(record, created=moment())

    def put_back(self, record: Record) -> None:
        self._put(record)

    def _put(self, record: Record, **columns: str) -> None:
        fresh = token()
        with self._transaction(write=True) as connection:
            # A new token, so that a report that is late does not keep it from being claimed.
            put = connection.execute(
                update(trainings)
                .where(*still_queued(record))
                .values(
                    token=fresh,
                    expires=None,
                    attempts=case((trainings.c.attempts > 0, trainings.c.attempts - 1), else_=0),
                    **columns,
                )
            )
            if put.rowcount:
                told = json.dumps(record.description, allow_nan=False)
                connection.execute(
                    update(models)
                    .where(*still_trained(record))
                    .values(token=fresh, description=told)
                )

    def renew(self, records: Collection[Record], *, excused: bool = False) -> set[str]:
        held = set()
        attempts = {"attempts": 0} if excused else {}
        with self._transaction(write=True) as connection:
            for record in sorted(records, key=lambda record: record.key):
                until = self._until()
                queued = connection.execute(
                    update(trainings).where(*still_queued(record)).values(expires=until, **attempts)
                )
                done = connection.execute(
                    update(models)
                    .where(*still_trained(record))
                    .values(
                        expires=None if queued.rowcount else until,
                        description=json.dumps(record.description, allow_nan=False),
                    )
                )
                if done.rowcount:
                    held.add(record.token)
        return held

    def fail(self, record: Record) -> None:
        told = json.dumps(record.description, allow_nan=False)
        with suppress(ModelExists, TrainingCancelled), self._transaction(write=True) as connection:
            self._settle(connection, record, status="failed", expires=None, description=told)

    def release(self, record: Record) -> None:
        with self._transaction(write=True) as connection:
            connection.execute(delete(trainings).where(*still_queued(record)))
            connection.execute(delete(models).where(*still_trained(record)))

    def _settle(self, connection: Connection, record: Record, **columns: Any) -> None:
        """Write how a training ended, if it is still its holder who says so."""
        connection.execute(delete(trainings).where(*still_queued(record)))
        done = connection.execute(update(models).where(*still_trained(record)).values(**columns))
        if done.rowcount != 1:
            there = connection.execute(select(models.c.token).where(*is_key(record.key))).first()
            raise lost(record.key, gone=there is None)

    def _refuse_more(self, connection: Connection, size: int, whose: str, most: int) -> None:
        """Keep the queue from growing without bounds, and one client from having all of it."""
        mine = select(func.count()).where(trainings.c.description == whose)
        if connection.execute(mine).scalar_one() >= most:
            raise TooManyTrainings(most)
        queued, there = connection.execute(
            select(func.count(), func.coalesce(func.sum(func.length(trainings.c.arrays)), 0))
        ).one()
        if queued >= QUEUED or there + size > QUEUE_BYTES:
            raise full(queued)
