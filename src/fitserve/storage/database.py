"""The store in a database: an SQLite file by default, PostgreSQL for many machines."""

import json
import logging
import os
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from itertools import accumulate
from typing import Any, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from fitserve.errors import (
    DamagedModel,
    ModelExists,
    ModelUnreadable,
    StoreFull,
    StoreUnavailable,
    TooManyModels,
    TooManyTrainings,
    TrainingCancelled,
)
from fitserve.storage import codec
from fitserve.storage.engine import (
    RESERVE,
    create_file,
    file_of,
    give_reserve,
    inode_of,
    is_full,
    is_unwritable,
    keep_reserve,
    log_size,
    make_engine,
    parse_url,
)
from fitserve.storage.latest import LONGEST, SCANNED, latest
from fitserve.storage.line import Waiting, in_turn
from fitserve.storage.migrations import OLDEST, migrate, refuse_newer
from fitserve.storage.store import (
    PAGE_BYTES,
    QUEUED,
    RESERVED_FOR,
    Claimed,
    Condition,
    Key,
    Latest,
    Record,
    State,
    Status,
    full,
    lost,
    moment,
    reservation,
    token,
)
from fitserve.storage.tables import counters, models, samples, trainings

log = logging.getLogger(__name__)

_OUR_OWN_FAULTS = (IntegrityError, ProgrammingError, DataError)
ASKED = 500  # keys in one statement
ATTEMPTED = 20  # claims at what others are claiming at the same moment
QUEUE_BYTES = 2**32  # of what is queued to be learned from


class SqlStore:
    """Models as rows. Every change is one transaction, durable when the method returns."""

    def __init__(self, url: str, *, most: int | None = None) -> None:
        self._most = most
        self._url = parse_url(url)
        self._file = file_of(self._url)
        self._engine = make_engine(self._url, self._file)
        self._trouble: Condition = "ok"
        self._said = ""

    def prepare(self, *, create: bool = True) -> None:
        if create and self._file is not None:
            create_file(self._file)
        with self._transaction(write=True) as connection:
            migrate(connection)
        if self._file is not None:
            keep_reserve(self._file)

    @property
    def address(self) -> str:
        """Its URL, the password left out."""
        return self._url.render_as_string(hide_password=True)

    def close(self) -> None:
        self._engine.dispose()

    # ----------------------------------------------------------------------- registration

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
            **_columns(key),
            "token": record.token,
            "status": record.status,
            "created": record.created,
            "description": json.dumps(record.description, allow_nan=False),
            "values": None,
            "arrays": None,
            "format": None,
            "checksum": None,
            # What is queued is nobody's, and so cannot be orphaned.
            "expires": None if data is not None else self._now() + RESERVED_FOR,
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
                self._refuse_more(connection, len(packed["arrays"]), packed["description"], most)
                # What a deletion left that went on while this key was being reserved.
                connection.execute(delete(trainings).where(*_is(key, trainings)))
                queued = {name: row[name] for name in ("token", "created", "expires")}
                connection.execute(
                    insert(trainings).values(**_columns(key), **queued, attempts=0, **packed)
                )
        return record

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
            select(*_key_of(trainings), trainings.c.created, trainings.c.description, free)
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
                mine = select(trainings).where(*_is(key, trainings), *self._free(model_types))
                row = connection.execute(mine.with_for_update(skip_locked=True)).first()
                if row is not None:  # or another is claiming it at this moment
                    break
            else:
                return None
            claimed = token()
            attempts = row.attempts if isinstance(row.attempts, int) else 0
            until, attempt = self._now() + RESERVED_FOR, attempts + 1
            told = connection.execute(
                update(models)
                .where(*_is(key), models.c.token == row.token)
                .values(token=claimed)
                .returning(*_told, models.c.description)
            ).first()
            if told is None:  # deleted in the moment in which it was queued
                connection.execute(delete(trainings).where(*_is(key, trainings)))
                return None
            connection.execute(
                update(trainings)
                .where(*_is(key, trainings))
                .values(token=claimed, expires=until, attempts=attempt)
            )
        record = _record(told)
        try:
            record = replace(record, description=_description(key, told.description))
            return Claimed(record, _unpacked(key, row)[1], attempt)
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
                .where(*_queued(record))
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
                    update(models).where(*_holds(record)).values(token=fresh, description=told)
                )

    def renew(self, records: Collection[Record], *, excused: bool = False) -> set[str]:
        held = set()
        attempts = {"attempts": 0} if excused else {}
        with self._transaction(write=True) as connection:
            for record in sorted(records, key=lambda record: record.key):
                until = self._now() + RESERVED_FOR
                queued = connection.execute(
                    update(trainings).where(*_queued(record)).values(expires=until, **attempts)
                )
                done = connection.execute(
                    update(models)
                    .where(*_holds(record))
                    .values(
                        expires=None if queued.rowcount else until,
                        description=json.dumps(record.description, allow_nan=False),
                    )
                )
                if done.rowcount:
                    held.add(record.token)
        return held

    def publish(
        self, record: Record, state: State, sample: State | None = None, **columns: str
    ) -> Record:
        packed = codec.pack(record.description, dict(state))
        kept = codec.pack({}, dict(sample)) if sample else None
        with self._transaction(write=True) as connection:
            self._settle(
                connection, record, status="ready", expires=None, **asdict(packed), **columns
            )
            connection.execute(delete(samples).where(*_is(record.key, samples)))
            if kept is not None:
                row = _columns(record.key) | {"token": record.token} | asdict(kept)
                connection.execute(insert(samples).values(**row))
        return replace(record, status="ready")

    def put(self, record: Record, state: State, sample: State | None = None) -> None:
        """A ready model of another store, as it was there; raises `ModelExists`."""
        reserved = self.reserve(record.key, record.description)
        record, created = replace(record, token=reserved.token), record.created
        self.publish(record, state, sample, created=created)

    def fail(self, record: Record) -> None:
        told = json.dumps(record.description, allow_nan=False)
        with suppress(ModelExists, TrainingCancelled), self._transaction(write=True) as connection:
            self._settle(connection, record, status="failed", expires=None, description=told)

    def release(self, record: Record) -> None:
        with self._transaction(write=True) as connection:
            connection.execute(delete(trainings).where(*_queued(record)))
            connection.execute(delete(models).where(*_holds(record)))

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
            connection.execute(delete(trainings).where(*_is(key, trainings)))
            connection.execute(delete(samples).where(*_is(key, samples)))
            gone = connection.execute(delete(models).where(*_is(key)))
            if gone.rowcount == 1:
                # One row that every deletion updates: deletions commit in the order of epochs.
                connection.execute(
                    update(counters)
                    .where(counters.c.name == "epoch")
                    .values(value=counters.c.value + 1)
                )
        return gone.rowcount == 1

    def _reuse_log(self) -> None:
        """Write SQLite's log into its file, as far as readers let it, so that the room that the
        log has is there for what comes next."""
        with suppress(DBAPIError, sqlite3.Error), self._engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA wal_checkpoint(RESTART)")

    def condition(self) -> Condition:
        if self._trouble != "ok":
            with suppress(StoreUnavailable), self._transaction(write=True) as connection:
                connection.execute(  # whether it can be written again is found out by writing
                    update(counters)
                    .where(counters.c.name == "epoch")
                    .values(value=counters.c.value)
                )
        if self._trouble == "ok" and self._file is not None and self._room() < RESERVE:
            return "full"
        return self._trouble

    def _room(self) -> int:
        """Bytes that SQLite can still store: on its disk, and of what was deleted inside its file
        as much as goes through the log."""
        assert self._file is not None
        try:
            disk = os.statvfs(self._file.parent)
            free = disk.f_bavail * disk.f_frsize
            if free < RESERVE:
                free += min(self._deleted(), log_size(self._file))
            elif free > 2 * RESERVE:
                keep_reserve(self._file)
        except (OSError, StoreUnavailable):
            return RESERVE  # that it is out of reach is told elsewhere
        return free

    def _deleted(self) -> int:
        """Bytes inside SQLite's file that hold nothing any more."""
        with self._transaction() as connection:
            pages: int = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
            size: int = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        return pages * size

    # ---------------------------------------------------------------------------- reading

    def find(self, key: Key) -> Record | None:
        with self._transaction() as connection:
            row = connection.execute(self._visible(*_told, models.c.description, key=key)).first()
        if row is None:
            return None
        record = _record(row)
        return replace(record, description=_description(key, row.description))

    def tokens(self, keys: Collection[Key]) -> Mapping[Key, str]:
        wanted, found = list(keys), dict[Key, str]()
        for start in range(0, len(wanted), ASKED):
            statement = select(*_key_of(models), models.c.token).where(
                tuple_(*_key_of(models)).in_(wanted[start : start + ASKED]),
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
        description, state = _unpacked(key, row)
        return replace(_record(row), description=description), state

    def sample(self, record: Record) -> State | None:
        kept = select(samples).where(*_is(record.key, samples), samples.c.token == record.token)
        with self._transaction() as connection:
            row = connection.execute(kept).first()
        return None if row is None else _unpacked(record.key, row)[1]

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
        key = _key_of(models)
        statement = self._visible(*_told).order_by(*key).limit(limit)
        if model_type is not None:
            statement = statement.where(models.c.model_type == model_type)
        if after is not None:
            statement = statement.where(tuple_(*key) > tuple_(*map(literal, after)))
        with self._transaction() as connection:
            rows = connection.execute(statement)
            return [_listed(row) for row in rows if _is_key(row.model_type, row.model_id)]

    def latest(self, words: Sequence[str], model_type: str | None, skip: int, limit: int) -> Latest:
        text = models.c.description
        told = case((func.length(text) <= LONGEST, text)).label("description")
        newest = self._visible(*_told, told).order_by(
            models.c.created.desc(), *(column.desc() for column in _key_of(models))
        )
        if words:
            # As far as the database can tell; JSON writes other letters than ASCII otherwise.
            name = models.c.model_type + "/" + cast(models.c.model_id, Text) + "\n" + text
            plain = [json.dumps(word)[1:-1] for word in words if word.isascii()]
            asked = newest.where(
                *(func.lower(name).contains(word.lower(), autoescape=True) for word in plain)
            )
            with self._transaction() as connection:
                rows = connection.execute(asked.limit(SCANNED))
                records = [_as_told(row) for row in rows if _is_key(row.model_type, row.model_id)]
            return latest(records, words, model_type, skip, limit)
        group = (models.c.model_type, models.c.status)
        if model_type is not None:
            newest = newest.where(models.c.model_type == model_type)
        with self._transaction() as connection:
            counted = connection.execute(
                self._visible(*group, func.count().label("n")).group_by(*group)
            )
            counts = {(str(row.model_type), row.status): row.n for row in counted}
            rows = connection.execute(newest.offset(skip).limit(limit))
            records = [_as_told(row) for row in rows if _is_key(row.model_type, row.model_id)]
        return Latest(records, counts)

    def described(self, records: Sequence[Record]) -> list[Record]:
        if not records:
            return []
        key = tuple_(*_key_of(models))

        def between(first: Key, last: Key) -> Any:
            return and_(key >= tuple_(*map(literal, first)), key <= tuple_(*map(literal, last)))

        with self._transaction() as connection:
            sizes = connection.execute(
                select(*_key_of(models), func.length(models.c.description)).where(
                    between(records[0].key, records[-1].key)
                )
            )
            size = {Key(*row[:2]): row[2] or 0 for row in sizes}
            total = accumulate(size.get(record.key, 0) for record in records)
            fitting = [r for r, so_far in zip(records, total, strict=True) if so_far <= PAGE_BYTES]
            records = fitting or records[:1]
            told = connection.execute(
                select(*_key_of(models), models.c.description).where(
                    between(records[0].key, records[-1].key)
                )
            )
            stored = {Key(*row[:2]): row[2] for row in told}
        described = []
        for record in records:
            try:
                description = _description(record.key, stored.get(record.key))
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

    # ---------------------------------------------------------------------------- inside

    def _visible(self, *columns: ColumnElement[Any], key: Key | None = None) -> Select[Any]:
        """Rows that are there: all but the reservations that nobody holds any more."""
        statement = select(*columns).where(~self._orphaned())
        return statement if key is None else statement.where(*_is(key))

    def _orphaned(self) -> ColumnElement[bool]:
        return and_(
            models.c.status == "training",
            models.c.expires.is_not(None),  # or the comparison is null, and so is its contrary
            models.c.expires < self._now(),
        )

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

    def _settle(self, connection: Connection, record: Record, **columns: Any) -> None:
        """Write how a training ended, if it is still its holder who says so."""
        connection.execute(delete(trainings).where(*_queued(record)))
        done = connection.execute(update(models).where(*_holds(record)).values(**columns))
        if done.rowcount != 1:
            there = connection.execute(select(models.c.token).where(*_is(record.key))).first()
            raise lost(record.key, gone=there is None)

    def _now(self) -> ColumnElement[float]:
        """Seconds since 1970 by the one clock that all who share the database share."""
        if self._file is not None:
            return literal(time.time())
        return cast(func.extract("epoch", func.clock_timestamp()), Double)

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                connection.execution_options(fitserve_write=write)
                with connection.begin():
                    yield connection
                    if write and self._file is not None:
                        self._refuse_ghost(connection)
            if write:
                self._trouble, self._said = "ok", ""
        except _OUR_OWN_FAULTS:
            raise
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            self._say(_first_line(error))
            origin = getattr(error, "orig", None)
            if is_full(origin):
                self._trouble = "full"
                raise StoreFull from error
            if write and is_unwritable(origin):
                self._trouble = "unwritable"
            raise StoreUnavailable from error

    def _say(self, what: str) -> None:
        """Log why the store does not do what it should; once, as long as it stays the same."""
        if what != self._said:
            self._said = what
            log.warning("The store is unavailable: %s", what)

    def _refuse_ghost(self, connection: Connection) -> None:
        """Do not commit into a file that was removed or replaced while it was open."""
        assert self._file is not None
        if connection.connection.info.get("inode") != inode_of(self._file):
            raise OSError(f"the file {self._file.name} was removed or replaced while it was open")


def _columns(key: Key) -> dict[str, Any]:
    return {"model_type": key.model_type, "model_id": key.model_id}


def _is(key: Key, table: Table = models) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.model_type == key.model_type, table.c.model_id == key.model_id


def _key_of(table: Table) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return table.c.model_type, table.c.model_id


_told = (*_key_of(models), models.c.token, models.c.status, models.c.created)


def _holds(record: Record) -> tuple[ColumnElement[bool], ...]:
    """The row of `models` is still this training's."""
    return *_is(record.key), models.c.token == record.token, models.c.status == "training"


def _queued(record: Record) -> tuple[ColumnElement[bool], ...]:
    """The row of `trainings`, if there is one, is still this training's."""
    return *_is(record.key, trainings), trainings.c.token == record.token


def _record(row: Any) -> Record:
    key = Key(row.model_type, row.model_id)
    told = (row.token, row.status, row.created)
    if not all(isinstance(part, str) for part in told) or row.status not in get_args(Status):
        log.error("The row of the %s model with id %s is damaged", *key)
        raise ModelUnreadable(*key)
    return Record(key, *told)


def _is_key(model_type: object, model_id: object) -> bool:
    """Whether these can name a model; SQLite keeps what is of another type, too."""
    return isinstance(model_type, str) and isinstance(model_id, int)


def _listed(row: Any) -> Record:
    """As `_record`; a damaged row is told as well as it can be, or it could not be found."""
    key = Key(row.model_type, row.model_id)
    return Record(key, str(row.token), str(row.status), str(row.created))  # type: ignore[arg-type]


def _as_told(row: Any) -> Record:
    """As `_listed`, with the description, as far as it can be read."""
    record = _listed(row)
    with suppress(ModelUnreadable):
        return replace(record, description=_description(record.key, row.description))
    return record


def _unpacked(key: Key, row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    packed = codec.Packed(row.description, row.values, row.arrays, row.format, row.checksum)
    try:
        return codec.unpack(packed)
    except DamagedModel as damage:
        log.error("What is stored of the %s model with id %d is unreadable: %s", *key, damage)
        raise ModelUnreadable(*key) from damage


def _description(key: Key, stored: str | None) -> dict[str, Any]:
    try:
        described: dict[str, Any] = json.loads(stored) if stored is not None else {}
        return dict(described)
    except (ValueError, TypeError) as error:
        log.error("The description of the %s model with id %d is unreadable", *key)
        raise ModelUnreadable(*key) from error


def _first_line(error: BaseException) -> str:
    origin = getattr(error, "orig", None) or error
    return str(origin).strip().partition("\n")[0]
