"""Rows of the tables: which ones are meant, and what they say."""

import json
import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args

from sqlalchemy import (
    ColumnElement,
    Table,
)

from fitserve.errors import (
    DamagedModel,
    ModelUnreadable,
)
from fitserve.storage import codec
from fitserve.storage.store import (
    Key,
    Record,
    Status,
)
from fitserve.storage.tables import models, trainings

log = logging.getLogger(__name__)


def columns_of(key: Key) -> dict[str, Any]:
    return {"model_type": key.model_type, "model_id": key.model_id}


def is_key(key: Key, table: Table = models) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.model_type == key.model_type, table.c.model_id == key.model_id


def key_of(table: Table) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return table.c.model_type, table.c.model_id


TOLD = (*key_of(models), models.c.token, models.c.status, models.c.created)


def still_trained(record: Record) -> tuple[ColumnElement[bool], ...]:
    """The row of `models` is still this training's."""
    return *is_key(record.key), models.c.token == record.token, models.c.status == "training"


def still_queued(record: Record) -> tuple[ColumnElement[bool], ...]:
    """The row of `trainings`, if there is one, is still this training's."""
    return *is_key(record.key, trainings), trainings.c.token == record.token


def record_of(row: Any) -> Record:
    key = Key(row.model_type, row.model_id)
    told = (row.token, row.status, row.created)
    if not all(isinstance(part, str) for part in told) or row.status not in get_args(Status):
        log.error("The row of the %s model with id %s is damaged", *key)
        raise ModelUnreadable(*key)
    return Record(key, *told)


def names_a_model(model_type: object, model_id: object) -> bool:
    """Whether these can name a model; SQLite keeps what is of another type, too."""
    return isinstance(model_type, str) and isinstance(model_id, int)


def listed(row: Any) -> Record:
    """As `record_of`; a damaged row is told as well as it can be, or it could not be found."""
    key = Key(row.model_type, row.model_id)
    return Record(key, str(row.token), str(row.status), str(row.created))  # type: ignore[arg-type]


def as_told(record: Record, stored: str | None) -> Record:
    """The record with its description, as far as that can be read."""
    with suppress(ModelUnreadable):
        return replace(record, description=description_of(record.key, stored))
    return record


def unpacked(key: Key, row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    packed = codec.Packed(row.description, row.values, row.arrays, row.format, row.checksum)
    try:
        return codec.unpack(packed)
    except DamagedModel as damage:
        log.error("What is stored of the %s model with id %d is unreadable: %s", *key, damage)
        raise ModelUnreadable(*key) from damage


def description_of(key: Key, stored: str | None) -> dict[str, Any]:
    try:
        described: dict[str, Any] = json.loads(stored) if stored is not None else {}
        return dict(described)
    except (ValueError, TypeError) as error:
        log.error("The description of the %s model with id %d is unreadable", *key)
        raise ModelUnreadable(*key) from error
