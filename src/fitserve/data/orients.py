"""What pandas makes of a frame in other ways than it is taken here."""

from collections.abc import Mapping
from typing import Any

from fitserve.data.arrays import shown
from fitserve.data.quoted import AS_COLUMNS
from fitserve.errors import InvalidRequest, Location

CELLS = {int, float, type(None), bool, str}
"""The types of what JSON holds in a cell of a table."""


def orient(value: Mapping[str, Any]) -> str | None:
    """How pandas was called, if it made this, and not as it is taken here."""
    data = value.get("data")
    rows = set(map(type, data)) if isinstance(data, list) else set()
    if "columns" in value and rows <= {list} and isinstance(data, list):
        return "('tight')" if "index_names" in value else "('split')"
    if isinstance(value.get("schema"), dict):
        return "(), or to_json, with orient='table'"
    return "() or to_dict('index')" if set(map(type, value.values())) == {dict} else None


def refuse_orient(value: object, loc: Location) -> None:
    """Refuse what pandas makes in another way than it is taken here."""
    if isinstance(value, dict) and (how := orient(value)) is not None:
        said = f"this is what pandas' to_dict{how} makes; send {_as_columns(value)}"
        raise InvalidRequest.at(loc, said, "orient")


def _as_columns(value: Mapping[str, Any]) -> str:
    """How the columns are written of what pandas made in another way, with its own names."""
    row = first_row(value)
    if not row or not CELLS.issuperset(map(type, row.values())):
        return AS_COLUMNS
    such = {str(name): [cell] for name, cell in row.items()}
    return f"df.to_dict('list'), or without pandas {shown(such)}"


def first_row(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The cells of the first row by name, of what pandas made, where both show; the index that
    orient='table' writes among them is no column."""
    if "data" in value:
        first = next(iter(value["data"]), None)
        schema = value.get("schema")
        index = schema.get("primaryKey") if isinstance(schema, dict) else None
        if isinstance(first, dict) and isinstance(index, list):
            return {name: cell for name, cell in first.items() if name not in index}
        names = value.get("columns")
        if isinstance(first, list) and isinstance(names, list) and len(first) == len(names):
            return dict(zip(map(str, names), first, strict=True))
        return first if isinstance(first, dict) else {}
    rows = [one for one in value.values() if isinstance(one, dict) and one]
    if len(rows) < len(value):
        return {}
    if all(map(str.isdigit, value)) and not all(map(str.isdigit, rows[0])):  # an index outside
        return rows[0]
    return {name: next(iter(cells.values())) for name, cells in value.items()}
