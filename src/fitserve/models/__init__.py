"""The catalog of model types: every module beside this one that defines a `Model`."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from fitserve.models.base import Model


@cache
def catalog() -> Mapping[str, type[Model]]:
    """Every model type by name, in ascending order."""
    found: dict[str, type[Model]] = {}
    for module in sorted(info.name for info in iter_modules(__path__) if info.name != "base"):
        for value in vars(import_module(f"{__name__}.{module}")).values():
            if isinstance(value, type) and issubclass(value, Model):
                if value.__module__ == f"{__name__}.{module}":
                    found[module] = value
    return MappingProxyType(found)


def having(hyperparameter: str) -> list[str]:
    """The model types that have it, by this name, in ascending order."""
    return [name for name, cls in catalog().items() if hyperparameter in cls.names()]
