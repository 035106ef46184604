"""The settings by which a model was registered, to change and register again."""

from collections.abc import Mapping
from typing import Any

from fitserve.api import queries
from fitserve.data.columns import Columns
from fitserve.data.dialect import MISSING_WORDS, Dialect
from fitserve.data.encoding import CategoryEncoder, NumberEncoder
from fitserve.models.base import Model
from fitserve.pages.registering.fields import as_text
from fitserve.pages.registering.settings import A_COLUMN, NONE, Settings, settings_of
from fitserve.training.description import SHORTENED


def likeness(cls: type[Model], told: Mapping[str, Any], columns: Columns | None) -> Settings:
    """Of a model that is described so; `columns` as they were learned, of one that is ready."""
    usual = {one.name: one.default for one in settings_of(cls)}
    given = {name: as_text(value) for name, value in told["hyperparameters"].items()}
    more = {name: text for name, text in given.items() if text != usual.get(name)}
    target = told.get("target")
    whole = "columns" not in told.get(SHORTENED, {})
    described = told.get("columns", []) if whole else []
    written, standardize = {}, None
    if columns is not None:
        written = dict(columns.dialect)
        if tuple(columns.na_values) != MISSING_WORDS:
            written["na_values"] = queries.spelled(list(columns.na_values) or [""])
        if any(isinstance(one, CategoryEncoder) and one.ignore for one in columns.encoders):
            more["unknown"] = "ignore"
        standardize = any(
            isinstance(one, NumberEncoder) and one.scale != 1.0 for one in columns.encoders
        )
    return Settings(
        target=f"{A_COLUMN}{target}" if target is not None else "" if cls.supervised() else NONE,
        model_type=cls.model_type(),
        kinds={one["name"]: one["kind"] for one in described if _was_said(one)},
        only=tuple(one["name"] for one in described),
        standardize=standardize,
        check=_check(told.get("training") or {}),
        written=written,
        more=more,
    )


def _was_said(column: Mapping[str, Any]) -> bool:
    """Whether its cells alone would not have made it this kind."""
    if column["kind"] == "category":
        return any(Dialect().number(one) is not None for one in column["categories"])
    return bool(column["kind"] == "text")


def _check(training: Mapping[str, Any]) -> str:
    if not training:  # it failed, and nobody knows
        return "folds"
    found = training.get("validation")
    if found is None:
        return "none"
    if found["method"] == "holdout":
        return "holdout"
    return "folds" if found["folds"] == 5 else str(found["folds"])
