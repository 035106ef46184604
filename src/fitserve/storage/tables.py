"""The tables of the newest schema; `migrations` leads an older database to them."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

# Keys sort by bytes, as in Python, whatever the language of the database.
_bytewise = String(64).with_variant(String(64, collation="C"), "postgresql")


class Bytes(LargeBinary):
    """Bytes as the driver gives them. SQLite keeps whatever was put there, and SQLAlchemy would
    make as many zeros of a number as it says."""

    def result_processor(self, dialect: Any, coltype: object) -> None:
        return None


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
        Column("arrays", Bytes),
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

samples = Table(
    "samples",
    metadata,
    *_key(),
    Column("token", String(32), nullable=False),
    *_packed(),
)
"""Rows that are kept of what a ready model was trained on; of that registration alone whose token
they have."""

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
