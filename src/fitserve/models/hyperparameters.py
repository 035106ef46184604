"""What a type can be told: its hyperparameters, declared once, and what others call them.

@hyperparameters
class Nearest(Model):
    n_neighbors: int = Field(default=5, ge=1, le=COUNT, description="How many rows vote.")
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fitserve.data.expectations import or_left_out, validated
from fitserve.data.names import THEIRS, meant
from fitserve.data.numerals import plainly
from fitserve.errors import Advice, Fault, InvalidRequest, amended

COUNT = 2**53 - 1
"""The most that a hyperparameter can count: the largest that every JSON reader keeps exact."""

Instead = tuple[str, str, *tuple[Advice, ...]]
"""What to write instead of a hyperparameter of others, which is meant by it, or '', and what a
program could set."""

_T = TypeVar("_T")


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(Field,))
def hyperparameters(cls: type[_T]) -> type[_T]:
    """Make the annotated fields of a model class its hyperparameters: typed, bounded, strict."""
    config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    decorated: type[_T] = dataclass(config=config, kw_only=True, eq=False)(cls)  # type: ignore[assignment]
    return decorated


@hyperparameters
class Declared:
    """Hyperparameters of a type, each with the value it has; `from_kwargs` says of what was given
    by other names, or is no value of theirs, what to write instead."""

    aliases: ClassVar[Mapping[str, str]] = {}
    """Names that the original code used, and the hyperparameters they stand for."""
    misread: ClassVar[frozenset[str]] = frozenset()
    """Of these the ones that mean the step of gradient descent here, and to others a penalty."""
    replaced: ClassVar[Mapping[str, str]] = {}
    """Hyperparameters that do nothing where another one is given: that one."""
    needing: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Hyperparameters that do nothing where another one is not given: that one, and a value."""
    strength: ClassVar[str | None] = None
    """Which hyperparameter says how strong an l2 penalty is that is always there."""

    @classmethod
    def model_type(cls) -> str:
        """The type's name: that of its file."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def from_kwargs(
        cls,
        kwargs: Mapping[str, Any],
        known: Iterable[str] = (),
        beside: Mapping[str, Any] = MappingProxyType({}),
        having: Callable[[str], list[str]] = lambda _: [],
    ) -> Self:
        """An untrained model with these hyperparameters, original names included.

        `known` are names that a caller may be told of beside the hyperparameters', and `beside` is
        what was given by them; `having` tells which types have a hyperparameter.
        Raises `InvalidRequest` that names each one that is unknown, out of range or given twice.
        """
        named = {cls.aliases.get(given, given): value for given, value in kwargs.items()}
        spelled: dict[str, str] = {}
        for given in filter(kwargs.__contains__, cls.names()):  # original names come last
            name = cls.aliases.get(given, given)
            if name in spelled:
                left, kept = given, spelled[name]
                if kwargs[kept] is None and kwargs[left] is not None:
                    left, kept = kept, left
                raise InvalidRequest.at(
                    (left,),
                    f"{left} and {kept} are two names of one hyperparameter, and both are given; "
                    f"leave {left} out",
                    "given_twice",
                    remedies=[Advice(f"{kept} counts", {left: None})],
                )
            spelled[name] = given
        taken = {name: name for name, value in beside.items() if value is not None}
        for one in cls.names():
            name = cls.aliases.get(one, one)
            name = next((o for o, by in cls.replaced.items() if by == name and o in named), name)
            if named.get(name) is not None:
                taken[one] = spelled[name]

        def told(fault: Fault) -> Fault:
            return cls.as_misread(or_left_out(fault, named, cls.schema()), kwargs)

        with amended(told):
            return validated(
                lambda fields: cls(**fields),
                named,
                cls.schema(),
                known=sorted({*cls.names(), *known}),
                elsewhere=lambda name, value: (
                    cls._of_penalty(name, value, kwargs) or cls._elsewhere(name, amount(value))
                ),
                foreign=lambda name: cls._of_others(name, having(name)),
                spelled=spelled,
                taken=taken,
                remedied=True,
            )

    @classmethod
    @cache
    def schema(cls) -> dict[str, Any]:
        """JSON Schema of the hyperparameters; not to be changed."""
        return TypeAdapter(cls).json_schema()

    @classmethod
    def names(cls) -> list[str]:
        """Of its hyperparameters, and then the original ones."""
        return [field.name for field in fields(cls)] + list(cls.aliases)

    def hyperparameters(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    # what others call them

    @classmethod
    def as_misread(cls, fault: Fault, given: Mapping[str, Any]) -> Fault:
        """The same; of a name that is `misread`, what it means and what was meant by it first."""
        name = str(fault.loc[-1]) if fault.loc else ""
        if name not in cls.misread:
            return fault
        said, remedies = fault.msg, fault.remedies
        strength = cls._strength(given[name])
        if isinstance(given[name], str) and strength is not None:  # it may be far too long a step
            said = said.partition("; write ")[0]
            penalty = {name: None, str(cls.strength): strength}
            remedies = (Advice(f"a penalty with {cls.strength} {strength:g}", penalty),)
        if amount(given[name]) == 0:
            none = {str(cls.strength): 1e10 if cls.strength == "C" else 0}
            remedies = (Advice("no penalty", {name: None} | none),)
        words = f"{cls.misread_words(name, given[name])}. As a step: {said}"
        return replace(fault, msg=words, remedies=remedies)

    @classmethod
    def misread_words(cls, name: str, value: object) -> str:
        """What a name that is `misread` means, and what to send for what others mean by it."""
        here = f"{name} is {cls.aliases[name]} here, the step of gradient descent"
        if amount(value) == 0:
            return f"{here}; to have no penalty, leave {name} out and write {cls._no_penalty()}"
        return f"{here}; for a penalty send {cls._penalty(value)}"

    @classmethod
    def _elsewhere(cls, name: str, value: object) -> Instead | None:
        """What to write instead of a hyperparameter that others have, which is meant by it, or '',
        and what a program could set; a type overrides it that knows one of which more is to be
        said than another name."""
        if cls.strength is None:
            return None
        inverse = None if cls.strength == "C" else cls._of_C(name, value)
        if inverse is not None:
            said = f"write {cls._penalty(inverse)}, its inverse, if that is meant"
            return f"there is no {name!r}; {said}", cls.strength, *cls._as_strong(name, inverse)
        if not meant(name, ("lam",)):
            return None
        if cls.strength != "C" or "lam" in cls.names():
            return None
        said = f"there is no {name!r}; write {cls._penalty(value)}, if that is meant"
        return said, "C", *cls._as_strong(name, value)

    @classmethod
    def _of_penalty(cls, name: str, value: object, given: Mapping[str, Any]) -> Instead | None:
        """What to write instead of which penalty there is, where it is always l2, among all that
        was given."""
        known = amount(value)
        is_amount = isinstance(known, (int, float)) and not isinstance(known, bool)
        if cls.strength is None or is_amount or not meant(name, ("lam",)):
            return None
        also = [one for one in sorted(cls.misread) if given.get(one) is not None]
        out = f"leave {' and '.join([name, *also])} out"
        if value is None or value is False or str(value).strip().lower() in ("none", "null", ""):
            other = cls.replaced.get(cls.strength, "")  # by which the strength is given as well
            if given.get(other) is not None:
                out = f"leave {name} and {other} out"
                also.append(other)
            none = dict.fromkeys([name, *also]) | {cls.strength: 1e10 if cls.strength == "C" else 0}
            said = f"the penalty is l2 here; to have none, {out} and write {cls._no_penalty()}"
            return said, "", Advice("no penalty", none)
        if also:
            said = f"the penalty is l2 here; {out} and write {cls._penalty(given[also[0]])}"
            return said, "", *cls._as_strong(name, given[also[0]], *also)
        said = f"the penalty is l2 here; {out}, {cls.strength} says how strong it is"
        return said, "", Advice(f"{name} is left out, an l2 penalty", {name: None})

    @classmethod
    def _as_strong(cls, name: str, value: object, *also: str) -> list[Advice]:
        """What to set instead of a name of others, and what is sent beside it, where a penalty as
        strong as `value` is meant."""
        strength = cls._strength(value)
        if strength is None:
            return []
        instead = dict.fromkeys([name, *also]) | {str(cls.strength): strength}
        return [Advice(f"a penalty with {cls.strength} {strength:.6g}", instead)]

    @classmethod
    def _of_others(cls, name: str, others: list[str]) -> tuple[str, str] | None:
        """That others, or scikit-learn's types, have a hyperparameter which this one has not, and
        what it has."""
        if not others and not THEIRS(name):
            return None
        more = [f"{len(others) - 3} more"] if len(others) > 3 else []
        there = " and ".join([", ".join(others[:3]), *more])
        also = {name: f" (or {alias})" for alias, name in cls.aliases.items()}
        has = ", ".join(sorted(one.name + also.get(one.name, "") for one in fields(cls)))
        verb = "has" if len(others) == 1 else "have"
        here = cls.model_type()
        elsewhere = f" ({there} {verb} it)" if others else ""
        return f"{here} has no {name}{elsewhere}", f"{here} has: {has}"

    @staticmethod
    def _of_C(name: str, value: object) -> float | None:  # noqa: N802
        """How strong the penalty is that others write as C, if this is one."""
        size = sized(value) if name in ("C", "c") else None
        return None if size is None else 1.0 / size

    @classmethod
    def _penalty(cls, value: object) -> str:
        """How a penalty that is as strong as `value` is written."""
        strength, inverse = cls._strength(value), ", its inverse" if cls.strength == "C" else ""
        return (f"{cls.strength}" if strength is None else f'"{cls.strength}": {strength:.6g}') + (
            inverse
        )

    @classmethod
    def _no_penalty(cls) -> str:
        return '"C": 1e10' if cls.strength == "C" else f'"{cls.strength}": 0'

    @classmethod
    def _strength(cls, value: object) -> float | None:
        """What to set where a penalty as strong as `value` is meant, if that is an amount."""
        size = sized(value)
        return 1.0 / size if size is not None and cls.strength == "C" else size


def amount(value: object) -> object:
    """The number that a text holds; all else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return float(plainly(value.strip()) or value)
    except ValueError:
        return value


def sized(value: object) -> float | None:
    """How strong a penalty is that a number, or a text that holds one, may say; else None."""
    known = amount(value)
    if not isinstance(known, (int, float)) or isinstance(known, bool):
        return None
    return float(known) if 1e-9 <= known <= 1e9 else None
