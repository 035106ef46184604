"""What a caller may ask of a table's columns, beside the hyperparameters of the model."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Literal, get_args

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fitserve.data.as_sent import sent, twice_encoded
from fitserve.data.dialect import MISSING_WORDS, NOTHING
from fitserve.data.limits import CATEGORIES, WORDS
from fitserve.data.names import meant
from fitserve.data.validating import or_left_out, validated
from fitserve.errors import Fault, InvalidRequest, amended, clip, refuse

Kind = Literal["number", "category", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_A_KIND = " or ".join(f"'{kind}'" for kind in KINDS)


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


def checked_options(given: Mapping[str, Any], there: Sequence[str] = ("age",)) -> ColumnOptions:
    """What kwargs, or a query that was read, say of columns, of which these are `there`."""
    kinds = given.get("kinds", {})
    if not isinstance(kinds, Mapping):
        mended = twice_encoded(kinds) or f"; {_as_object(kinds, there)}"
        raise InvalidRequest.at(
            ("kinds",), f"an object is needed, not {sent(kinds)}{mended}", "dict_type"
        )
    refuse(
        Fault(("kinds", name), f"{_A_KIND} is needed, not {sent(kind)}{_kind(kind)}", "kind")
        for name, kind in kinds.items()
        if not isinstance(kind, str) or kind not in KINDS
    )
    with amended(lambda fault: or_left_out(fault, given, SCHEMA)):
        return validated(lambda known: ColumnOptions(**known), given, SCHEMA, known=NAMES)


def _as_object(kinds: object, there: Sequence[str]) -> str:
    """How kinds are written in JSON that were written otherwise."""
    if kinds is None or (isinstance(kinds, str) and kinds.strip().lower() in NOTHING):
        return "leave it out"
    parts = kinds if isinstance(kinds, list) else [kinds]
    if set(map(type, parts)) == {dict}:
        named = dict(chain.from_iterable(map(dict.items, parts)))
    else:
        text = ",".join(str(part)[:100] for part in parts[:10])
        pairs = re.findall(r"([^\s,;][^,;:]*)[:=]\s*(\w+)", text)
        named = _bare(text) | {name.strip(): kind for name, kind in pairs}
    if not named and all(part in KINDS for part in parts) and len(parts) in (1, len(there)):
        named = dict(zip(there, parts, strict=False))
    return f"write {clip(json.dumps(named or {there[0]: KINDS[0]}, ensure_ascii=False), 200)}"


def _bare(kinds: str) -> dict[str, str]:
    """The names of which no kind stands behind the colon, each with the next that does."""
    named: dict[str, str] = {}
    kind = ""
    for part in reversed(re.split("[,;]", kinds)):
        if found := re.search(r"[:=]\s*(\w+)\s*$", part):
            kind = found[1]
        elif kind and part.strip() and part.strip() not in KINDS:
            named = {part.strip(): kind} | named
    return named


def _kind(called: object) -> str:
    if isinstance(called, list) and len(called) == 1:
        called = called[0]
    if called in KINDS:
        return f"; write {called}"
    found = meant(called, KINDS) if isinstance(called, str) else []
    return "".join(f"; write {one}" for one in found)
