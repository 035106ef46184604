"""What is wrong with a request that was read: each fault, its place, and all of them in one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import islice
from typing import Any, Self

from fitserve.errors.problem import Advice, FitserveError, clip, spelling

Location = tuple[str | int, ...]

LISTED = 20  # faults named in one answer; the rest are counted
_NTH = ("The second", "The third")
COUNTED = 1000  # faults that are looked for: an answer must not cost more than the work would


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request: where it is, what it is, and its kind.

    `msg` says what was sent, and what to write instead.
    """

    loc: Location
    msg: str
    type: str = "value_error"
    remedies: tuple[Advice, ...] = ()
    column: int | None = None
    """The column of X that it is about, for those who know its name."""
    number: float | None = None
    """The number in X that it tells of, for those who know how it was sent."""

    def __str__(self) -> str:
        where = ".".join(clip(part) for part in self.loc)
        return f"{where}: {self.msg}" if where else self.msg

    def naming(self, feature_names: Sequence[str] | None) -> "Fault":
        """The same, with the name of its column if that has one."""
        if self.column is None or feature_names is None or self.column >= len(feature_names):
            return self
        column = f" (column {clip(feature_names[self.column], 40)!r})"
        wrong, stop, instead = self.msg.rpartition("; ")
        msg = f"{wrong}{column}{stop}{instead}" if stop else f"{self.msg}{column}"
        return replace(self, msg=msg, column=None)

    def spelling(self, spelled: Mapping[str, str]) -> "Fault":
        """The same, with the caller's own names (the values) of hyperparameters (the keys)."""
        here = (part if isinstance(part, int) else spelled.get(part, part) for part in self.loc)
        return replace(
            self,
            loc=tuple(here),
            msg=spelling(self.msg, spelled),
            remedies=tuple(remedy.spelling(spelled) for remedy in self.remedies),
        )

    def packed(self) -> list[Any]:
        """As JSON, for another process."""
        return [self.loc, self.msg, self.type, self.remedies, self.column, self.number]

    @classmethod
    def unpacked(cls, packed: list[Any]) -> Self:
        loc, msg, kind, remedies, column, number = packed
        return cls(tuple(loc), msg, kind, tuple(Advice(*one) for one in remedies), column, number)


class InvalidRequest(FitserveError):
    """The request was read, and something in it is wrong.

    `faults` are the first ones in reading order, `total` is how many there are altogether, or
    `COUNTED` where there are more; `add` what to write beside to have them mended, as the caller
    would.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    name = "invalid-request"
    title = "The request is not valid"

    def __init__(
        self, faults: Iterable[Fault], total: int | None = None, add: str | None = None
    ) -> None:
        self.faults = list(faults)
        self.total = min(len(self.faults) if total is None else total, COUNTED)
        first = self.faults[0]
        if self.total > 1:
            least = "At least " if self.total == COUNTED else ""
            detail = f"{least}{self.total:,} things to mend; the first is {first}."
            if add is None and self.total == len(self.faults) <= 1 + len(_NTH):
                told = zip(_NTH, self.faults[1:], strict=False)
                others = "".join(f" {nth} is {one}." for nth, one in told)
                detail += others if len(others) <= 1000 else ""
        else:
            detail = f"{first}." + ("" if add else " Mend it and send the request again.")
        self.add = add
        if add is not None:
            detail = f"{detail} Add {add}"
        found = [remedy for fault in self.faults for remedy in fault.remedies]
        super().__init__(detail, remedies=[r for i, r in enumerate(found) if r not in found[:i]])

    @classmethod
    def at(
        cls, loc: Location, msg: str, type: str = "value_error", *, remedies: Sequence[Advice] = ()
    ) -> "InvalidRequest":
        return cls([Fault(loc, msg, type, tuple(remedies))])

    def problem(self) -> dict[str, Any]:
        members: dict[str, Any] = super().problem()
        members["errors"] = [
            {"loc": [_short(part) for part in fault.loc], "msg": fault.msg, "type": fault.type}
            for fault in self.faults
        ]
        if self.total > len(self.faults):
            members["more_errors"] = self.total - len(self.faults)
        return members


def refuse(faults: Iterator[Fault]) -> None:
    """Raise the faults there are, if there are any: the first `LISTED` whole, the others counted,
    and after `COUNTED` of them it looks for no more."""
    first = list(islice(faults, LISTED))
    if first:
        rest = sum(1 for _ in islice(faults, COUNTED - len(first)))
        raise InvalidRequest(first, len(first) + rest)


class Gathered:
    """The faults of what is checked a part at a time, to be raised in one."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._total = 0

    @contextmanager
    def part(self) -> Iterator[None]:
        """Keep the faults found inside, and go on."""
        try:
            yield
        except InvalidRequest as error:
            self.faults += error.faults
            self._total += error.total

    def refuse(self) -> None:
        """Raise those there are, if there are any."""
        if self.faults:
            raise self.refusal()

    def refusal(self) -> InvalidRequest:
        """Those there are, at least one, in one."""
        return InvalidRequest(self.faults[:LISTED], self._total)


@contextmanager
def beside(check: Callable[[], None], *, first: bool = False) -> Iterator[None]:
    """Say with the faults found inside, or alone, those that `check` finds in other places; they
    come `first` where nothing that is to be added mends them."""
    try:
        yield
    except InvalidRequest as error:
        also = Gathered()
        with also.part():
            check()
        there = {fault.loc for fault in error.faults}
        more = [fault for fault in also.faults if fault.loc not in there]
        faults = [*more, *error.faults] if first else [*error.faults, *more]
        raise InvalidRequest(faults[:LISTED], error.total + len(more), error.add) from None
    check()


@contextmanager
def amended(change: Callable[[Fault], Fault]) -> Iterator[None]:
    """Say of the faults found inside what only the caller of this knows."""
    try:
        yield
    except InvalidRequest as error:
        raise InvalidRequest(map(change, error.faults), error.total, error.add) from None


def relocated(place: Callable[[Location], Location]) -> AbstractContextManager[None]:
    """Say of the faults found inside where they lie in the request as the caller sees it."""
    return amended(lambda fault: replace(fault, loc=place(fault.loc)))


def within(*prefix: str | int) -> AbstractContextManager[None]:
    """Say of the faults found inside that they lie below `prefix`."""
    return relocated(lambda loc: prefix + loc)


def _short(part: str | int) -> str | int:
    return part if isinstance(part, int) else clip(part)
