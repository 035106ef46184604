"""What the form of a new model holds, whatever table it is for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from werkzeug.datastructures import MultiDict

from fitserve.api import queries
from fitserve.data.dialect import MISSING_WORDS
from fitserve.data.options import SCHEMA as COLUMN_OPTIONS
from fitserve.evaluation import plan
from fitserve.models.base import Model
from fitserve.pages.registering.fields import Field, as_text, field_of, fields_of

NONE = "none"
A_COLUMN = "column:"
"""What is to be predicted: `none`, a column by its name behind this, or "" while nobody knows."""
WRITTEN = ("delimiter", "decimal", "header", "na_values")
"""How the file is written."""
USUAL = {"decimal": ".", "header": "true", "na_values": ", ".join(MISSING_WORDS)}
CHECKS: Mapping[str, Mapping[str, str]] = {  # of others the number of folds is said
    "folds": {"cv": "5", "importance": "true"},
    "holdout": {"holdout": "0.2", "importance": "true"},
    "none": {},
}
MISSING = ("impute", "drop")
OF_COLUMNS = ("unknown", "max_categories", "max_words")
"""Options of columns that have no place of their own in the form."""
OWN = {
    *("target", "model_type", "model_id", "kinds", "drop", "missing", "standardize", "check"),
    *("step", "file", "name", "bundled", "checked", "scaled", "shown_for", "only", "remedy"),
    *("column", "use", "kind", "find", "page", "turn", *WRITTEN),
}
"""Fields of the form that are no settings of a type, nor options of columns."""


@dataclass(frozen=True)
class Settings:
    """Values are text, as in the query of a CSV."""

    target: str = ""
    model_type: str = ""
    model_id: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    missing: str = "impute"
    standardize: bool | None = None
    """None: as is advised for the type."""
    check: str = "folds"
    written: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    """Columns that are to be learned from, before it is known which there are besides."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Hyperparameters and what else there is, as far as they are not left as they are."""

    # ----------------------------------------------------------------------- of the form

    @classmethod
    def of_form(cls, form: MultiDict[str, str]) -> Self:
        """Columns that are shown in the form are said one by one, the others in `kinds` and
        `drop`. Raises `InvalidRequest` where these cannot be read."""
        shown, used = form.getlist("column"), set(form.getlist("use"))
        kinds = queries.kinds(form["kinds"]) if form.get("kinds") else {}
        kinds |= dict(zip(shown, form.getlist("kind"), strict=False))
        drop = queries.words(form.get("drop", ""))
        drop += [name for name in shown if name not in used]
        shown_for, model_type = form.get("shown_for", ""), form.get("model_type", "")
        found = cls(
            target=form.get("target", ""),
            model_type=shown_for,
            model_id=form.get("model_id", "").strip(),
            kinds={name: kind for name, kind in kinds.items() if kind},
            drop=tuple(dict.fromkeys(drop)),
            only=tuple(queries.words(form.get("only", ""))),
            missing=form.get("missing", "impute"),
            standardize="standardize" in form if "scaled" in form else None,
            check=form.get("check", "folds"),
            written=_differing(form, WRITTEN, USUAL),
            more={name: text for name, text in form.items() if name not in OWN},
        )
        return found.of_type(model_type)

    def carried(self) -> Iterator[tuple[str, str]]:
        """Fields of which `of_form` makes the same again, while there is no table to show."""
        yield from (("target", self.target), ("missing", self.missing), ("check", self.check))
        yield from (("model_type", self.model_type), ("shown_for", self.model_type))
        yield "model_id", self.model_id
        yield from self.columns_but(())
        if self.only:
            yield "only", queries.spelled(list(self.only))
        if self.standardize is not None:
            yield "scaled", "true"
        if self.standardize:
            yield "standardize", "true"
        yield from self.written.items()
        yield from self.more.items()

    def columns_but(self, shown: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Fields for what is said of columns, but those that are shown themselves."""
        kinds = {name: kind for name, kind in self.kinds.items() if name not in shown}
        drop = [name for name in self.drop if name not in shown]
        if kinds:
            yield "kinds", queries.spelled(kinds)
        if drop:
            yield "drop", queries.spelled(drop)

    # --------------------------------------------------------------------- what they mean

    @property
    def decided(self) -> bool:
        """Whether it is known what is to be predicted, if anything."""
        return bool(self.target)

    @property
    def column(self) -> str | None:
        """The column that is to be predicted."""
        return self.target.removeprefix(A_COLUMN) if self.target.startswith(A_COLUMN) else None

    def of_table(self, names: list[str]) -> Self:
        """The same without what is said of columns that the table has not."""
        there = set(names)
        drop = self.drop if not self.only else [name for name in names if name not in self.only]
        lost = self.column is not None and self.column not in there
        return replace(
            self,
            target="" if lost else self.target,
            kinds={name: kind for name, kind in self.kinds.items() if name in there},
            drop=tuple(name for name in drop if name in there and name != self.column),
            only=(),
        )

    def of_type(self, model_type: str) -> Self:
        """The same for another type, whose hyperparameters nobody has seen yet."""
        if model_type == self.model_type:
            return self
        kept = {name: self.more[name] for name in (*OF_COLUMNS, "sample") if name in self.more}
        return replace(self, model_type=model_type, model_id="", standardize=None, more=kept)

    def with_remedy(self, set_: Mapping[str, Any]) -> Self:
        """The same with what a problem or advice proposes: lists and kinds beside those that are
        there."""
        changed: dict[str, Any] = {}
        written, more = dict(self.written), dict(self.more)
        for name, value in set_.items():
            if name == "kinds":
                changed[name] = {**self.kinds, **value}
            elif name == "drop":
                changed[name] = tuple(dict.fromkeys((*self.drop, *value)))
            elif name == "na_values":
                there = queries.words(written.get(name, USUAL[name]))
                written[name] = queries.spelled(list(dict.fromkeys([*there, *value])))
            elif name in WRITTEN:
                written[name] = as_text(value)
            elif name == "standardize":
                changed[name] = value is True
            elif name == "missing":
                changed[name] = str(value)
            else:
                more[name] = as_text(value)
        found = replace(self, written=written, more=more, **changed)
        return found.of_type(more.pop("model_type")) if "model_type" in more else found

    def query(self, cls: type[Model]) -> dict[str, str]:
        """The query of /register, beside a CSV: what differs from the defaults."""
        told = {"model_type": cls.model_type(), "model_id": self.model_id}
        if self.column is not None:
            told["target"] = self.column
        told |= self.written
        if self.kinds:
            told["kinds"] = queries.spelled(self.kinds)
        if self.drop:
            told["drop"] = queries.spelled(list(self.drop))
        told["missing"] = self.missing
        if self.standardize:
            told["standardize"] = "true"
        if cls.supervised() and self.column is not None:
            told |= CHECKS.get(self.check, {"cv": self.check, "importance": "true"})
        fields = {one.name: one for one in settings_of(cls)}
        told |= _differing(self.more, fields, {name: one.default for name, one in fields.items()})
        return told


def settings_of(cls: type[Model]) -> list[Field]:
    """The settings of a type, its own first."""
    options = {name: COLUMN_OPTIONS["properties"][name] for name in OF_COLUMNS}
    options["sample"] = plan.schema()["properties"]["sample"]
    return [*fields_of(cls.schema()), *(field_of(name, one) for name, one in options.items())]


def _differing(given: Mapping[str, str], names: Any, usual: Mapping[str, str]) -> dict[str, str]:
    """Of these names the texts that are not as they are where nobody says anything."""
    found = {name: given[name].strip() for name in names if name in given}
    empty = {"na_values"}  # no word counts as empty, which is something to say
    return {
        name: text
        for name, text in found.items()
        if text != usual.get(name, "") and (text or name in empty)
    }
