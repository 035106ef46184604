"""Models read from rows."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    select,
    tuple_,
)

from fitserve.errors import (
    ModelUnreadable,
)
from fitserve.storage.files import inode_of
from fitserve.storage.latest import LONGEST, SCANNED, affordable, latest, portions
from fitserve.storage.migrations import OLDEST, refuse_newer
from fitserve.storage.rows import (
    TOLD,
    as_told,
    description_of,
    is_key,
    key_of,
    listed,
    names_a_model,
    record_of,
    unpacked,
)
from fitserve.storage.session import Session
from fitserve.storage.store import (
    PAGE_BYTES,
    Key,
    Latest,
    Record,
    State,
)
from fitserve.storage.tables import counters, models, samples

ASKED = 500  # keys in one statement


class SqlReading(Session):
    """What there is. A row that is damaged is told as well as it can be."""

    def find(self, key: Key) -> Record | None:
        with self._transaction() as connection:
            row = connection.execute(self._visible(*TOLD, models.c.description, key=key)).first()
        if row is None:
            return None
        record = record_of(row)
        return replace(record, description=description_of(key, row.description))

    def tokens(self, keys: Collection[Key]) -> Mapping[Key, str]:
        wanted, found = list(keys), dict[Key, str]()
        for start in range(0, len(wanted), ASKED):
            statement = select(*key_of(models), models.c.token).where(
                tuple_(*key_of(models)).in_(wanted[start : start + ASKED]),
                models.c.status == "ready",
            )
            with self._transaction() as connection:
                for model_type, model_id, held in connection.execute(statement):
                    found[Key(model_type, model_id)] = held
        return found

    def load(self, key: Key) -> tuple[Record, State] | None:
        with self._transaction() as connection:
            statement = self._visible(*models.c, key=key).where(models.c.status == "ready")
            row = connection.execute(statement).first()
        if row is None:
            return None
        description, state = unpacked(key, row)
        return replace(record_of(row), description=description), state

    def sample(self, record: Record) -> State | None:
        kept = select(samples).where(*is_key(record.key, samples), samples.c.token == record.token)
        with self._transaction() as connection:
            row = connection.execute(kept).first()
        return None if row is None else unpacked(record.key, row)[1]

    def ids(self, model_type: str) -> list[int]:
        with self._transaction() as connection:
            rows = connection.execute(
                select(models.c.model_id)
                .where(models.c.model_type == model_type, models.c.status == "ready")
                .order_by(models.c.model_id)
            )
            return [model_id for model_id in rows.scalars() if isinstance(model_id, int)]

    def counts(self) -> Mapping[str, int]:
        of_type = models.c.model_type
        ready = select(of_type, func.count()).where(models.c.status == "ready").group_by(of_type)
        with self._transaction() as connection:
            rows = connection.execute(ready).all()
        return {model_type: n for model_type, n in rows if isinstance(model_type, str)}

    def newest(self, model_type: str) -> int | None:
        with self._transaction() as connection:
            return connection.execute(
                select(models.c.model_id)
                .where(models.c.model_type == model_type, models.c.status == "ready")
                .order_by(models.c.model_id.desc())
                .limit(1)
            ).scalar()

    def page(self, model_type: str | None, after: Key | None, limit: int) -> list[Record]:
        key = key_of(models)
        statement = self._visible(*TOLD).order_by(*key).limit(limit)
        if model_type is not None:
            statement = statement.where(models.c.model_type == model_type)
        if after is not None:
            statement = statement.where(tuple_(*key) > tuple_(*map(literal, after)))
        with self._transaction() as connection:
            rows = connection.execute(statement)
            return [listed(row) for row in rows if names_a_model(row.model_type, row.model_id)]

    def latest(self, words: Sequence[str], model_type: str | None, skip: int, limit: int) -> Latest:
        newest = (models.c.created.desc(), *(column.desc() for column in key_of(models)))
        # Descriptions are left out where the rows are put in order: they are most of the table.
        if words:
            with self._transaction() as connection:
                rows = connection.execute(self._searched(words).order_by(*newest)).all()
                n = affordable(row.size for row in rows)
                records = self._told_in_turn(connection, rows[:n])
                return latest(records, words, model_type, skip, limit, whole=n == len(rows))
        group = (models.c.model_type, models.c.status)
        of_type = self._visible(*TOLD).order_by(*newest).offset(skip).limit(limit)
        if model_type is not None:
            of_type = of_type.where(models.c.model_type == model_type)
        with self._transaction() as connection:
            counted = connection.execute(
                self._visible(*group, func.count().label("n")).group_by(*group)
            )
            counts = {(str(row.model_type), row.status): row.n for row in counted}
            rows = connection.execute(of_type).all()
            return Latest(list(self._told(connection, rows)), counts)

    def _searched(self, words: Sequence[str]) -> Select[Any]:
        """The rows that may be named by the words, as far as the database can tell (JSON writes
        other letters than ASCII otherwise), one more than are searched; and how long their
        descriptions are."""
        text = models.c.description
        name = models.c.model_type + "/" + cast(models.c.model_id, Text) + "\n" + text
        plain = [json.dumps(word)[1:-1] for word in words if word.isascii()]
        size = func.coalesce(func.length(text), 0).label("size")
        return (
            self._visible(*TOLD, size)
            .where(*(func.lower(name).contains(one.lower(), autoescape=True) for one in plain))
            .limit(SCANNED + 1)
        )

    def _told_in_turn(self, connection: Connection, rows: Sequence[Any]) -> Iterator[Record]:
        """Some at a time, so that few descriptions are in memory at once."""
        for some in portions([row.size for row in rows]):
            yield from self._told(connection, rows[some])

    def _told(self, connection: Connection, rows: Sequence[Any]) -> Iterator[Record]:
        records = [listed(row) for row in rows if names_a_model(row.model_type, row.model_id)]
        text = models.c.description
        statement = select(*key_of(models), text).where(
            tuple_(*key_of(models)).in_([record.key for record in records]),
            func.length(text) <= LONGEST,
        )
        stored = {Key(*row[:2]): row[2] for row in connection.execute(statement)}
        return (as_told(record, stored.get(record.key)) for record in records)

    def described(self, records: Sequence[Record]) -> list[Record]:
        if not records:
            return []
        key = tuple_(*key_of(models))

        def between(first: Key, last: Key) -> Any:
            return and_(key >= tuple_(*map(literal, first)), key <= tuple_(*map(literal, last)))

        with self._transaction() as connection:
            sizes = connection.execute(
                select(*key_of(models), func.length(models.c.description)).where(
                    between(records[0].key, records[-1].key)
                )
            )
            size = {Key(*row[:2]): row[2] or 0 for row in sizes}
            total = accumulate(size.get(record.key, 0) for record in records)
            fitting = [r for r, so_far in zip(records, total, strict=True) if so_far <= PAGE_BYTES]
            records = fitting or records[:1]
            told = connection.execute(
                select(*key_of(models), models.c.description).where(
                    between(records[0].key, records[-1].key)
                )
            )
            stored = {Key(*row[:2]): row[2] for row in told}
        described = []
        for record in records:
            try:
                description = description_of(record.key, stored.get(record.key))
            except ModelUnreadable:
                description = {}
            described.append(replace(record, description=description))
        return described

    def epoch(self) -> str:
        with self._transaction() as connection:
            rows = connection.execute(
                select(counters.c.name, counters.c.value).where(
                    counters.c.name.in_(["epoch", OLDEST])
                )
            )
            found: dict[str, int] = {row.name: row.value for row in rows}
        refuse_newer(found[OLDEST])  # it may have been led on since this program started
        value = found["epoch"]
        # A file put in the place of another starts an epoch of its own.
        return f"{value}/{inode_of(self._file)}" if self._file is not None else str(value)

    def _visible(self, *columns: ColumnElement[Any], key: Key | None = None) -> Select[Any]:
        """Rows that are there: all but the reservations that nobody holds any more."""
        statement = select(*columns).where(~self._orphaned())
        return statement if key is None else statement.where(*is_key(key))

    def _orphaned(self) -> ColumnElement[bool]:
        return and_(
            models.c.status == "training",
            models.c.expires.is_not(None),  # or the comparison is null, and so is its contrary
            models.c.expires < self._now(),
        )
