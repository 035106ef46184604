"""The catalog of model types: every module beside this one that defines a `Model`."""

from collections.abc import Mapping, Sequence
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


@cache
def having() -> Mapping[str, Sequence[str]]:
    """By the name of a hyperparameter, the model types that have it, in ascending order."""
    found: dict[str, list[str]] = {}
    for model_type, cls in catalog().items():
        for name in cls.names():
            found.setdefault(name, []).append(model_type)
    return MappingProxyType(found)
