"""What a model learned, as bytes and back: npz for numbers, JSON for the rest, a checksum over all.

Nothing here can run code: npz is read without pickle, and JSON holds data only.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitserve.errors import DamagedModel

FORMAT = 2  # of what is stored; a newer one than this is not read
PLAIN = 1  # of what has no columns, which the versions before columns read as well


@dataclass(frozen=True)
class Packed:
    """One model as it is stored; a damaged one may lack any part."""

    description: str
    values: str
    arrays: bytes
    format: int
    checksum: str


def pack(description: dict[str, Any], state: dict[str, Any]) -> Packed:
    """Description and state as they are stored. Arrays of text go with the JSON."""
    values, texts, arrays = sorted_out(state)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    told = json.dumps(description, allow_nan=False)
    rest = json.dumps({"values": values, "texts": texts}, allow_nan=False)
    packed = buffer.getvalue()
    return Packed(
        told, rest, packed, FORMAT if "columns" in state else PLAIN, checksum(told, rest, packed)
    )


def sorted_out(
    state: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, list[str]], dict[str, NDArray[Any]]]:
    """Of a state what is JSON, arrays of text as lists, and the other arrays."""
    arrays: dict[str, NDArray[Any]] = {}
    texts: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name, value in state.items():
        if not isinstance(value, np.ndarray):
            values[name] = value
        elif value.dtype == object:
            texts[name] = value.tolist()
        else:
            arrays[name] = value
    return values, texts, arrays


def unpack(packed: Packed) -> tuple[dict[str, Any], dict[str, Any]]:
    """Description and state; raises `DamagedModel` where the bytes are not what was stored."""
    kinds = [type(part) for part in astuple(packed)]
    if type(None) in kinds:
        raise DamagedModel("a part of it is missing")
    if kinds != [str, str, bytes, int, str]:
        raise DamagedModel("a part of it is of another type")
    if packed.format > FORMAT:
        raise DamagedModel(f"it was stored in format {packed.format}, newer than {FORMAT}")
    if checksum(packed.description, packed.values, packed.arrays) != packed.checksum:
        raise DamagedModel("its checksum does not match")
    try:
        rest = json.loads(packed.values)
        state: dict[str, Any] = dict(rest["values"])
        for name, texts in rest["texts"].items():
            state[name] = np.array(texts, dtype=object)
        with np.load(io.BytesIO(packed.arrays), allow_pickle=False) as arrays:
            for name in arrays.files:
                state[name] = arrays[name]
        return json.loads(packed.description), state
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DamagedModel(f"it cannot be read: {type(error).__name__}") from error


def checksum(description: str, values: str, arrays: bytes) -> str:
    digest = hashlib.sha256()
    for part in (description.encode(), values.encode(), arrays):
        digest.update(len(part).to_bytes(8))  # so that no byte can move from part to part
        digest.update(part)
    return digest.hexdigest()
