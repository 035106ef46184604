"""Who looks at a page, and so what is shown there."""

from typing import NamedTuple

from flask import current_app, g

from fitserve.api.keys import Access, Keys


class Visitor(NamedTuple):
    has_key: bool
    """A key that is this server's."""
    may_read: bool
    may_write: bool
    keys_are_asked: bool

    @property
    def words(self) -> str:
        if not self.has_key:
            return "No key"
        return "Key: read and write" if self.may_write else "Key: read"


def visitor() -> Visitor:
    """Of the request in hand."""
    keys: Keys = current_app.extensions["fitserve.keys"]
    access = g.get("key_access", Access.OPEN)
    return Visitor(
        access > Access.OPEN,
        access >= keys.needed(Access.READ),
        access >= keys.needed(Access.WRITE),
        bool(keys.given),
    )
