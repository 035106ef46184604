"""Models as people look for them: the newest first, by words that name them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fitserve.storage.store import Key, Latest, Record

LONGEST = 2**19
"""Bytes of a description that is read for such a list; of longer ones it is left out."""
SCANNED, SCANNED_BYTES = 1000, 2**23
"""Descriptions that are searched at most, the newest first, and what they may have together."""


def latest(
    records: Iterable[Record],
    words: Sequence[str],
    model_type: str | None,
    skip: int,
    limit: int,
    *,
    whole: bool = True,
) -> Latest:
    """Of records, the newest first, those that all of the words name: of one type, and of these
    `limit` after the first `skip`. Others are let go of at once: their descriptions may be long.
    `whole`: there are no older ones that were not searched."""
    counts: Counter[Any] = Counter()
    found: list[Record] = []
    n_of_type = 0
    for record in records:
        if not named(record.key, record.description, words):
            continue
        counts[record.key.model_type, record.status] += 1
        if model_type is None or record.key.model_type == model_type:
            if skip <= n_of_type < skip + limit:
                found.append(record)
            n_of_type += 1
    return Latest(found, counts, whole)


def named(key: Key, description: Mapping[str, Any], words: Sequence[str]) -> bool:
    """Whether each of the words stands in the model's name, or in that of one of its columns."""
    names = [f"{key.model_type}/{key.model_id}", description.get("target") or ""]
    names += description.get("feature_names") or []
    folded = "\n".join(map(str, names)).casefold()
    return all(word.casefold() in folded for word in words)


def affordable(sizes: Iterable[int]) -> int:
    """How many of descriptions of these sizes, the newest first, are searched."""
    n = total = 0
    for size in sizes:
        total += size if size <= LONGEST else 0
        if n == SCANNED or total > SCANNED_BYTES:
            break
        n += 1
    return n


def portions(sizes: Sequence[int]) -> Iterator[slice]:
    """Some descriptions at a time: hundreds of short ones, one of those that are long."""
    start = total = 0
    for at, size in enumerate(sizes):
        if at > start and (total + size > LONGEST or at - start == SCANNED // 10):
            yield slice(start, at)
            start, total = at, 0
        total += size
    if start < len(sizes):
        yield slice(start, len(sizes))
