"""What the page of a new model shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from fitserve.data.csv import CsvFile
from fitserve.errors import Advice, Fault, FitserveError, InvalidRequest
from fitserve.models.base import Model
from fitserve.pages.registering.columns import Part
from fitserve.pages.registering.excerpt import Excerpt
from fitserve.pages.registering.fields import OPEN, Field
from fitserve.pages.registering.settings import USUAL, WRITTEN, Settings
from fitserve.pages.registering.tables import Sent
from fitserve.training.training import Training

TARGETS = 1000
"""Columns among which one can choose."""


class Gaps(NamedTuple):
    cells: int
    columns: int


@dataclass(frozen=True)
class Form:
    """All that the page of a new model shows."""

    settings: Settings
    table: Sent | None = None
    file: CsvFile | None = None
    """The table, as far as its head could be read."""
    training: Training | None = None
    """What would be trained, if nothing is wrong."""
    problem: FitserveError | None = None
    types: Sequence[tuple[str, str]] = ()
    """Those that suit, and what they do."""
    fields: Sequence[Field] = ()
    part: Part | None = None
    excerpt: Excerpt | None = None
    scale: str | None = None
    """Why the columns should be brought to one scale."""
    notes: Sequence[str] = ()
    """What happened that nobody asked for."""
    seconds: int = 0
    """Longest that the training may take."""
    cls: type[Model] | None = None
    """The type, once it is known what to predict."""

    @property
    def status(self) -> int:
        return 200 if self.problem is None else int(self.problem.status)

    @property
    def checked(self) -> str:
        """By which it is known that what is to be trained was looked at."""
        return "" if self.table is None else mark(self.table, self.settings)

    @property
    def faults(self) -> Sequence[Fault]:
        return self.problem.faults if isinstance(self.problem, InvalidRequest) else ()

    @property
    def remedies(self) -> Sequence[Advice]:
        return [one for one in self.problem.remedies if one.set] if self.problem else ()

    @property
    def advice(self) -> Sequence[Advice]:
        """But that of scale, which has a place of its own."""
        if self.training is None:
            return ()
        found = (*self.training.model.advice(), *self.training.noted)
        return [one for one in found if "standardize" not in one.set]

    @property
    def gaps(self) -> "Gaps":
        table = None if self.training is None else self.training.table
        counts = [] if table is None else [one["missing"] for one in table.described]
        return Gaps(sum(counts), sum(1 for count in counts if count))

    @property
    def used(self) -> int:
        """Columns that are learned from."""
        table = None if self.training is None else self.training.table
        return 0 if table is None else len(table.columns.names)

    @property
    def encoded(self) -> int:
        return 0 if self.training is None else self.training.model.n_features_in_

    @property
    def targets(self) -> Sequence[str]:
        """Columns that may be predicted, the chosen one among them."""
        names = [] if self.file is None else self.file.names
        first = names[:TARGETS]
        column = self.settings.column
        return first if column is None or column in first else [*first, column]

    @property
    def places(self) -> Sequence[str]:
        """The fields that the page has, by name."""
        if self.table is None or self.part is None:
            return WRITTEN if self.table else ()
        of_settings = [one.name for one in self.fields]
        if not self.settings.decided:
            return ("target", *WRITTEN)
        check = ("check",) if self.settings.column is not None else ()
        named = ("target", "model_type", "model_id", "missing", "standardize")
        return (*named, *check, *WRITTEN, *of_settings)

    @property
    def more_is_wrong(self) -> bool:
        return self._is_wrong([one.name for one in self.more_fields])

    @property
    def writing_is_wrong(self) -> bool:
        return self._is_wrong(WRITTEN)

    def _is_wrong(self, names: Sequence[str]) -> bool:
        return any(fault.loc[:1] == ("query",) and fault.loc[1] in names for fault in self.faults)

    @property
    def open_fields(self) -> Sequence[Field]:
        return self.fields[:OPEN]

    @property
    def more_fields(self) -> Sequence[Field]:
        return self.fields[OPEN:]

    def value(self, name: str) -> str:
        """What is written in a field of this name."""
        usual = USUAL | {one.name: one.default for one in self.fields}
        said = {**self.settings.more, **self.settings.written}
        return said.get(name, usual.get(name, ""))


def mark(table: Sent, settings: Settings) -> str:
    of = f"{table.digest} {settings.model_type} {settings.target}"
    return sha256(of.encode()).hexdigest()[:16]
