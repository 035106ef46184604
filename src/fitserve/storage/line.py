"""In which order those who wait for a training have their turn."""

from collections import Counter
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from fitserve.storage.store import Key


class Waiting(NamedTuple):
    key: Key
    client: str
    since: str
    """RFC 3339."""


def in_turn(waiting: Iterable[Waiting], training: Iterable[str] = ()) -> list[Key]:
    """The keys in the order of their turns: a client's own in the order in which they came, and
    of the clients the one first that has least, in training (once in `training` for each) and
    before in this line; of those that have as much, who waited longest."""
    have = Counter(training)
    lines: dict[str, list[Waiting]] = {}
    for one in sorted(waiting, key=lambda one: (one.since, one.key), reverse=True):
        lines.setdefault(one.client, []).append(one)
    heads = [(have[client], line[-1].since, client) for client, line in lines.items()]
    heapify(heads)
    turns = []
    while heads:
        has, _, client = heappop(heads)
        line = lines[client]
        turns.append(line.pop().key)
        if line:
            heappush(heads, (has + 1, line[-1].since, client))
    return turns
