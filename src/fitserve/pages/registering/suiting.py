"""Which types of model suit what is to be predicted."""

from collections.abc import Mapping, Sequence

from fitserve.data.arrays import Target
from fitserve.models.base import Model, Task, natural_task

Catalog = Mapping[str, type[Model]]

ANY = "knn"
"""The type that learns any answer."""
FIRST: Mapping[Task, str] = {"classification": ANY, "regression": "linear_regression"}
ALONE = "kmeans"
"""The types that are taken while nobody has chosen one; the last of what needs no answer."""


def tasks_of(y: Target | None) -> Sequence[Task]:
    """What can be done with such an answer, first what suits it best; nothing without one."""
    if y is None:
        return ()
    natural = natural_task(y)
    few = natural == "classification" and y.dtype.kind in "if"  # labels, or marks from 1 to 5
    return (natural, "regression") if few else (natural,)


def suiting(catalog: Catalog, tasks: Sequence[Task]) -> list[str]:
    """The types that can do one of these; of none those that need nothing to predict."""
    return sorted(
        name
        for name, cls in catalog.items()
        if (set(tasks) & set(cls.tasks) if tasks else not cls.supervised())
    )


def first(tasks: Sequence[Task]) -> str:
    """The type to begin with."""
    return FIRST[tasks[0]] if tasks else ALONE


def summary(cls: type[Model]) -> str:
    """What the type does, as it goes on behind its name."""
    said = cls.summary().rstrip(".")
    return said[:1].lower() + said[1:] if said[1:2].islower() else said
