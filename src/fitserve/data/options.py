"""What a caller may ask of a table's columns, beside the hyperparameters of the model."""

from typing import Literal, get_args

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fitserve.data.dialect import MISSING_WORDS
from fitserve.data.limits import CATEGORIES, WORDS

Kind = Literal["number", "category", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(config=ConfigDict(strict=True, extra="forbid"), frozen=True, kw_only=True)
class ColumnOptions:
    """How the columns of a table become numbers."""

    kinds: dict[str, Kind] = Field(
        default_factory=dict,
        description="What columns are, by name, where it shall not be decided by their cells.",
    )
    drop: list[str] = Field(default_factory=list, description="Columns to leave out.")
    na_values: list[str] = Field(
        default_factory=lambda: list(MISSING_WORDS),
        description="Cells that count as missing, exactly so, numbers by their value; empty cells "
        "and null always do.",
    )
    missing: Literal["error", "impute", "drop"] = Field(
        default="error",
        description="What becomes of missing cells: an error, the column's median or most "
        "frequent value, or the row is left out.",
    )
    unknown: Literal["error", "ignore"] = Field(
        default="error",
        description="What becomes, when predicting, of a category that was not there in training.",
    )
    categories: Literal["onehot", "error"] = Field(
        default="onehot",
        description="Whether columns of text become a column for each value, or are refused.",
    )
    max_categories: int = Field(
        default=64, ge=2, le=CATEGORIES, description="Most different values of a category."
    )
    max_words: int = Field(
        default=1000, ge=1, le=WORDS, description="Most words that are counted of a text."
    )
    standardize: bool = Field(
        default=False, description="Bring number columns to mean 0 and variance 1."
    )


NAMES = tuple(ColumnOptions.__dataclass_fields__)
SCHEMA = TypeAdapter(ColumnOptions).json_schema()
