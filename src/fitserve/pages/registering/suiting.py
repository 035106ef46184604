"""Which types of model suit what is to be predicted."""

from collections.abc import Mapping

from fitserve.models.base import Model, Task

Catalog = Mapping[str, type[Model]]

FIRST = {"classification": "knn", "regression": "linear_regression", None: "kmeans"}
"""The type that is taken while nobody has chosen one."""


def suiting(catalog: Catalog, task: Task | None) -> list[str]:
    """The types that can do it; of no task those that need nothing to predict."""
    return sorted(
        name
        for name, cls in catalog.items()
        if (task in cls.tasks if task is not None else not cls.supervised())
    )


def first(catalog: Catalog, task: Task | None) -> str:
    """The type to begin with."""
    there = suiting(catalog, task)
    return FIRST[task] if FIRST[task] in there else there[0]


def summary(cls: type[Model]) -> str:
    """What the type does, as it goes on behind its name."""
    said = cls.summary().rstrip(".")
    return said[:1].lower() + said[1:] if said[1:2].islower() else said
