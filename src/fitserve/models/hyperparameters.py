"""What a type can be told: its hyperparameters, declared once, and what others call them.

@hyperparameters
class Nearest(Model):
    n_neighbors: int = Field(default=5, ge=1, le=COUNT, description="How many rows vote.")
"""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fitserve.data.names import RENAMED, THEIRS, meant
from fitserve.data.numerals import plainly
from fitserve.data.validating import or_left_out, validated
from fitserve.errors import Advice, Fault, InvalidRequest, amended

COUNT = 2**53 - 1
"""The most that a hyperparameter can count: the largest that every JSON reader keeps exact."""

Instead = tuple[str, str, *tuple[Advice, ...]]
"""What to write instead of a hyperparameter of others, which is meant by it, or '', and what a
program could set."""

_NOTHING = re.compile(r"\s*(?i:none|null)?\s*").fullmatch
_T = TypeVar("_T")


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(Field,))
def hyperparameters(cls: type[_T]) -> type[_T]:
    """Make the annotated fields of a model class its hyperparameters: typed, bounded, strict."""
    config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    decorated: type[_T] = dataclass(config=config, kw_only=True, eq=False)(cls)  # type: ignore[assignment]
    return decorated


class Drowned(NamedTuple):
    """Why columns tell a model nothing."""

    name: str | None
    """Of the hyperparameter that does it, if it is one."""
    how: str

    @property
    def why(self) -> str:
        return self.how if self.name is None else f"{self.name} {self.how}"


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
    """Hyperparameters that do nothing where another one is null, false or 1: that one, and a value
    that has them do something; None: there is no telling which."""
    levelling: ClassVar[Mapping[str, int]] = {}
    """Hyperparameters by which rows come to be told apart less: where they are above what they
    are by default (1), below it (-1) or other than that (0)."""
    called: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    """Of a hyperparameter, some of its values by the names that others give them."""
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
        known: Mapping[str, Any] = MappingProxyType({}),
        beside: Mapping[str, Any] = MappingProxyType({}),
        having: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> Self:
        """An untrained model with these hyperparameters, original names included.

        `known` are names that a caller may be told of beside the hyperparameters', each with the
        schema of its values or {}, and `beside` is what was given by them; `having` tells of
        a hyperparameter which types have it.
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
            name = str(fault.loc[-1]) if fault.loc else ""
            name = cls.aliases.get(name, name)
            fault = or_left_out(cls._by_name(fault, named), named, cls.schema(), name)
            return cls.as_misread(fault, kwargs)

        # What is to be left out beside a penalty of others is not judged as a step as well.
        strangers = [name for name in kwargs if name not in cls.names()]
        if any(cls._of_penalty(name, kwargs[name], kwargs) for name in strangers):
            steps = {cls.aliases[one] for one in cls.misread if one in kwargs}
            named = {name: value for name, value in named.items() if name not in steps}

        properties = cls.schema()["properties"]
        with amended(told):
            return validated(
                lambda fields: cls(**fields),
                named,
                cls.schema(),
                known=sorted({*cls.names(), *known}),
                elsewhere=lambda name, value: (
                    cls._of_penalty(name, value, kwargs) or cls._elsewhere(name, amount(value))
                ),
                foreign=lambda name: cls._of_others(name, having.get(name, ())),
                theirs=(*having, *THEIRS, *RENAMED),
                spelled=spelled,
                taken=taken,
                others={**known, **{one: properties[name] for one, name in cls.aliases.items()}},
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

    def idle(self, given: Collection[str]) -> Iterator[Advice]:
        """Those of the given that do nothing beside the others, as they are."""
        told, properties = self.hyperparameters(), self.schema()["properties"]
        for one, other in self.replaced.items():
            if one in given and told[other] is not None:
                both = f"{other} takes the place of {one}, and both were sent"
                yield Advice(f"{both}: {one} does nothing here.", {one: None})
        for one, beside in self.needing.items():
            if one not in given or told[one] == properties[one]["default"]:
                continue
            for other, value in beside.items():
                if told[other] is None:
                    said = f"without {other}, and was sent alone"
                elif told[other] is False or (told[other] == 1 and told[other] is not True):
                    said = f"where {other} is {json.dumps(told[other])}"
                else:
                    continue
                out, mend = ("; leave it out", {one: None}) if value is None else ("", beside)
                yield Advice(f"{one} does nothing {said}{out}.", mend)

    # what others call them

    @classmethod
    def _by_name(cls, fault: Fault, named: Mapping[str, Any]) -> Fault:
        """The same, of a text in place of a number, with the number that is `called` so."""
        name = str(fault.loc[-1]) if fault.loc else ""
        value, values = named.get(name), cls.called.get(name)
        if values is None or not isinstance(value, str) or "; " in fault.msg:
            return fault
        number = values.get(value.strip().lower())
        if number is not None:
            remedy = Advice(f"{name} is {number:g}", {name: number})
            return replace(fault, msg=f"{fault.msg}; write {number:g}", remedies=(remedy,))
        first = {number: one for one, number in reversed(list(values.items()))}
        known = " or ".join(f"{number:g} ({one})" for number, one in first.items())
        left_out = Advice(f"{name} is left out", {name: None})
        said = f"{fault.msg}; write {known}, or leave it out"
        return replace(fault, msg=said, remedies=(left_out,))

    @classmethod
    def as_misread(cls, fault: Fault, given: Mapping[str, Any]) -> Fault:
        """The same; of a name that is `misread`, what it means and what was meant by it."""
        name = str(fault.loc[-1]) if fault.loc else ""
        if name not in cls.misread:
            return fault
        value, said, remedies = given[name], fault.msg, fault.remedies
        instead = cls._instead_of_step(name, value, given)
        if (
            isinstance(value, (str, list)) and sized(value) is not None
        ):  # it may be far too long a step
            said, remedies = said.partition("; write ")[0], ()
        if amount(value) == 0:
            remedies = ()
        words = f"{cls.misread_words(name, value, given)}. As a step: {said}"
        there = [one.set for one in remedies]
        more = [one for one in instead if one.set not in there]
        return replace(fault, msg=words, remedies=(*remedies, *more))

    @classmethod
    def misread_words(cls, name: str, value: object, given: Mapping[str, Any]) -> str:
        """What a name that is `misread` means, and what to send for what others mean by it."""
        here = f"{name} is {cls.aliases[name]} here, the step of gradient descent"
        if given.get(str(cls.strength)) is not None:
            return f"{here}; for a penalty leave {name} out: {cls.strength} says how strong it is"
        if amount(value) == 0:
            return f"{here}; to have no penalty, leave {name} out and write {cls._no_penalty()}"
        if not isinstance(amount(value), (int, float)) or isinstance(value, bool):
            return f"{here}; the penalty is l2, leave {name} out: {cls.strength} says how strong"
        return f"{here}; for a penalty leave {name} out and write {cls._penalty(value)}"

    @classmethod
    def _instead_of_step(cls, name: str, value: object, given: Mapping[str, Any]) -> list[Advice]:
        """What to set instead of a name that is `misread`, where a penalty was meant."""
        if given.get(str(cls.strength)) is not None:
            return [Advice(f"{name} is left out", {name: None})]
        if amount(value) == 0:
            return [cls._without_penalty(name)]
        if isinstance(amount(value), (int, float)) and not isinstance(value, bool):
            return cls._as_strong(name, value)
        return [Advice(f"{name} is left out, an l2 penalty", {name: None})]

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
        if not cls._is_penalty(name):
            return None
        if value == 0:
            said = f"there is no {name!r}; to have no penalty, write {cls._no_penalty()}"
            return said, cls.strength, cls._without_penalty(name)
        if "lam" in cls.names():
            return None
        said = f"there is no {name!r}; write {cls._penalty(value)}, if that is meant"
        return said, cls.strength, *cls._as_strong(name, value)

    @classmethod
    def _of_penalty(cls, name: str, value: object, given: Mapping[str, Any]) -> Instead | None:
        """What to write instead of which penalty there is, where it is always l2, among all that
        was given."""
        known, l1 = amount(value), name.lower() == "l1"
        is_amount = isinstance(known, (int, float)) and not isinstance(known, bool)
        if cls.strength is None or not (l1 or (cls._is_penalty(name) and not is_amount)):
            return None
        if value is None and not (l1 or meant(name, ("lam",))):
            return None
        also = [one for one in sorted(cls.misread) if given.get(one) is not None]
        out = f"leave {' and '.join([name, *also])} out"
        no_amount = any(amount(given[one]) == 0 for one in also)
        if no_amount or (not l1 and (value in (None, False) or _NOTHING(str(value)))):
            other = cls.replaced.get(cls.strength, "")  # by which the strength is given as well
            if given.get(other) is not None:
                out = f"leave {name} and {other} out"
                also.append(other)
            said = f"the penalty is l2 here; to have none, {out} and write {cls._no_penalty()}"
            return said, "", cls._without_penalty(name, *also)
        if also and given.get(cls.strength) is None:
            strong = cls._as_strong(name, given[also[0]], *also)
            if strong:
                said = f"the penalty is l2 here; {out} and write {cls._penalty(given[also[0]])}"
                return said, "", *strong
        said = f"the penalty is l2 here; {out}, {cls.strength} says how strong it is"
        left_out = dict.fromkeys([name, *also])
        return said, "", Advice(f"{' and '.join(left_out)} left out, an l2 penalty", left_out)

    @classmethod
    def _is_penalty(cls, name: str) -> bool:
        """Whether others mean a penalty by it, or nearly by what is `misread`."""
        return bool(meant(name, ("lam", *cls.misread)))

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
    def _of_others(cls, name: str, others: Sequence[str]) -> tuple[str, str] | None:
        """That others, or scikit-learn's types, have a hyperparameter which this one has not, and
        what it has."""
        if not others and name not in THEIRS:
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
        if strength is None:
            return f'{cls.strength}, such as "{cls.strength}": 1{inverse}'
        return f'"{cls.strength}": {strength:.6g}{inverse}'

    @classmethod
    def _no_penalty(cls) -> str:
        return '"C": 1e10' if cls.strength == "C" else f'"{cls.strength}": 0'

    @classmethod
    def _without_penalty(cls, *names: str) -> Advice:
        """What to set instead of names of others where no penalty is meant."""
        none = {str(cls.strength): 1e10 if cls.strength == "C" else 0}
        return Advice("no penalty", dict.fromkeys(names) | none)

    @classmethod
    def _strength(cls, value: object) -> float | None:
        """What to set where a penalty as strong as `value` is meant, if that is an amount."""
        size = sized(value)
        return 1.0 / size if size is not None and cls.strength == "C" else size


def amount(value: object) -> object:
    """The number that a text holds, or a list of one; all else as it is."""
    if isinstance(value, list) and len(value) == 1 and type(value[0]) in (int, float, str):
        (value,) = value
    if not isinstance(value, str):
        return value
    try:
        number = float(plainly(value.strip()) or value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value


def sized(value: object) -> float | None:
    """How strong a penalty is that a number, or a text that holds one, may say; else None."""
    known = amount(value)
    if not isinstance(known, (int, float)) or isinstance(known, bool):
        return None
    return float(known) if 1e-9 <= known <= 1e9 else None
