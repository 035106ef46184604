"""The steps that lead a database to the tables of the newest schema.

Two versions of the program that follow on each other serve over one store at once: a rolling
update has both, and a rollback puts the older one back. So a step says who can still use what it
leaves (`usable_from`), and one that the version before could not live with has to wait for the
release after next (CONTRIBUTING.md, "The schema").
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, inspect, select, text, update

from fitserve.errors import StoreTooNew
from fitserve.storage.tables import counters, metadata, models, samples, trainings


@dataclass(frozen=True)
class Step:
    """Leads from one schema to the next; one that has been released never changes."""

    lead: Callable[[Connection], None]
    usable_from: int
    """The oldest schema whose programs can use the store after this step."""


def _first(connection: Connection) -> None:
    metadata.create_all(connection, [models, counters])
    connection.execute(
        insert(counters), [{"name": "epoch", "value": 0}, {"name": OLDEST, "value": 0}]
    )


def _queue(connection: Connection) -> None:
    metadata.create_all(connection, [trainings])


def _samples(connection: Connection) -> None:
    metadata.create_all(connection, [samples])


# Counters of the database. What the oldest is, the first programs read as the schema itself: they
# refuse one that is newer than their own, and so they need not when a step only adds.
OLDEST = "schema"
REACHED = "steps"

# deploy/deploy.py reads `usable_from` out of this file, one a step, without importing it.
STEPS = [
    Step(_first, usable_from=1),
    Step(_queue, usable_from=2),
    Step(_samples, usable_from=2),
]


def migrate(connection: Connection) -> None:
    """Bring the database to the newest schema, inside the caller's transaction; one that a newer
    program led further stays as it is. Raises `StoreTooNew` where that is beyond this program.

    However many processes start together, one at a time gets past the lock, and all but the
    first find nothing to do. (SQLite's write transaction is such a lock by itself.)
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7043261)"))
    found: dict[str, int] = {}
    if inspect(connection).has_table("counters"):
        rows = connection.execute(select(counters.c.name, counters.c.value))
        found = {row.name: row.value for row in rows}
    oldest = found.get(OLDEST, 0)
    refuse_newer(oldest)
    reached = found.get(REACHED, oldest)  # a store of the first programs has no such counter
    for step in STEPS[reached:]:
        step.lead(connection)
        oldest = max(oldest, step.usable_from)
    _count(connection, OLDEST, oldest)
    _count(connection, REACHED, max(reached, len(STEPS)))


def refuse_newer(oldest: int) -> None:
    """Raise `StoreTooNew` if a store that needs this schema at least is beyond this program."""
    if oldest > len(STEPS):
        raise StoreTooNew(oldest, len(STEPS))


def _count(connection: Connection, name: str, value: int) -> None:
    done = connection.execute(update(counters).where(counters.c.name == name).values(value=value))
    if done.rowcount == 0:
        connection.execute(insert(counters).values(name=name, value=value))
