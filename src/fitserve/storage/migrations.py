"""The tables, and the steps that lead an older database to them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
    update,
)

metadata = MetaData()

# Keys sort by bytes, as in Python, whatever the language of the database.
_bytewise = String(64).with_variant(String(64, collation="C"), "postgresql")


def _key() -> list[Column[Any]]:
    return [
        Column("model_type", _bytewise, primary_key=True),
        Column("model_id", BigInteger, primary_key=True, autoincrement=False),
    ]


def _packed() -> list[Column[Any]]:
    """What `codec` makes of a description and a state; null where there is none yet."""
    return [
        Column("format", Integer),
        Column("checksum", String(64)),
        Column("description", Text),
        Column("values", Text),
        Column("arrays", LargeBinary),
    ]


models = Table(
    "models",
    metadata,
    *_key(),
    Column("token", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created", String(32), nullable=False),
    Column("expires", Double),
    *_packed(),
)

trainings = Table(
    "trainings",
    metadata,
    *_key(),
    Column("token", String(32), nullable=False),
    Column("created", String(32), nullable=False),
    Column("expires", Double),
    Column("attempts", Integer, nullable=False),
    *_packed(),
)
"""What is queued: of each row of `models` that waits, or is trained for somebody who does not,
what it shall learn from. `expires` is null while nobody has claimed it."""

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)


def _first(connection: Connection) -> None:
    metadata.create_all(connection, [models, counters])
    connection.execute(
        insert(counters), [{"name": "epoch", "value": 0}, {"name": "schema", "value": 0}]
    )


def _queue(connection: Connection) -> None:
    metadata.create_all(connection, [trainings])


STEPS: list[Callable[[Connection], None]] = [_first, _queue]
"""Step n leads from version n to n + 1; a step that has been released never changes."""


def migrate(connection: Connection) -> None:
    """Bring the database to the newest version, inside the caller's transaction.

    However many processes start together, one at a time gets past the lock, and all but the
    first find nothing to do. (SQLite's write transaction is such a lock by itself.)
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7043261)"))
    version = 0
    if inspect(connection).has_table("counters"):
        version = connection.execute(
            select(counters.c.value).where(counters.c.name == "schema")
        ).scalar_one()
    if version > len(STEPS):
        raise SystemExit(
            f"fitserve: the store has schema version {version}, newer than this program's "
            f"{len(STEPS)}; start the newer program"
        )
    for step in STEPS[version:]:
        step(connection)
    connection.execute(update(counters).where(counters.c.name == "schema").values(value=len(STEPS)))
