"""Models as people look for them: the newest first, by words that name them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fitserve.storage.store import Key, Latest, Record

LONGEST = 2**19
"""Bytes of a description that is read for such a list; of longer ones it is left out."""
SCANNED = 1000
"""Descriptions that are searched at most, the newest first."""


def latest(
    records: Iterable[Record], words: Sequence[str], model_type: str | None, skip: int, limit: int
) -> Latest:
    """Of records, the newest first, those that all of the words name: of one type, and of these
    `limit` after the first `skip`."""
    found = [record for record in records if named(record.key, record.description, words)]
    counts = Counter((record.key.model_type, record.status) for record in found)
    of_type = [one for one in found if model_type is None or one.key.model_type == model_type]
    return Latest(of_type[skip : skip + limit], counts)


def named(key: Key, description: Mapping[str, Any], words: Sequence[str]) -> bool:
    """Whether each of the words stands in the model's name, or in that of one of its columns."""
    names = [f"{key.model_type}/{key.model_id}", description.get("target") or ""]
    names += description.get("feature_names") or []
    folded = "\n".join(map(str, names)).casefold()
    return all(word.casefold() in folded for word in words)
