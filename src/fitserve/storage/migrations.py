"""The steps that lead a database to the tables of the newest schema."""

from collections.abc import Callable

from sqlalchemy import Connection, insert, inspect, select, text, update

from fitserve.storage.tables import counters, metadata, models, trainings


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
