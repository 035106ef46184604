"""Who may do what: keys that an operator gives out, sent as `Authorization: Bearer KEY` (RFC 6750).

Each route says by a decorator what it needs. One that says nothing needs the most.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Self, TypeVar

from flask import Flask, g, request

from fitserve.api.accepting import prefers_page
from fitserve.errors import Forbidden, Unauthorized

SHORT = 16
"""Characters under which a key may be guessed."""
PAGES = "pages"
"""The blueprint whose views alone take a key from the cookie too."""
COOKIE = "fitserve-key"

# What programs call a key that they put where it does not belong.
_IN_QUERY = {
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "authorization",
    "key",
    "token",
}
_ENTRY = re.compile(
    r"(?:(?P<name>(?!sha256:)[A-Za-z0-9._-]{1,40}):)?"
    r"(?:sha256:(?P<digest>[0-9A-Fa-f]{64})|(?!sha256:)(?P<key>[!-+\--9;-~]+))"
)
# What stands where a key should, and is none; a key itself may be anything else that is visible.
_NO_KEYS = (
    (re.compile("$").match, "No key stands behind Bearer, as where a variable is not set; set it."),
    (re.compile(r"(?i:bearer)\b[ :]").match, "What was sent says Bearer twice."),
    (re.compile(",").search, "What was sent is more than one key; send one."),
    (
        re.compile("sha256:").search,
        "What was sent is a key's digest, which is for the server; send the key it was made of.",
    ),
    (
        re.compile(":").search,
        "What was sent has a colon: the name before it is not sent; send what stands behind it.",
    ),
    (re.compile(" ").search, "What was sent is in two parts; a key has no space."),
    (
        re.compile(r"""(["'<{]).*["'>}]$|\$\w+$|KEY$""").match,
        "What was sent has signs around it or stands for a key; send the key itself.",
    ),
)

View = TypeVar("View", bound=Callable[..., Any])


class Access(IntEnum):
    """What a route needs, and what a key gives: whoever may write may read as well."""

    OPEN = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True, repr=False)
class Key:
    """One key. It is kept as its digest alone, so that no message and no memory dump tells it."""

    name: str
    access: Access
    digest: bytes
    short: bool = False


class BadKeys(ValueError):
    """The keys that give this access are not written as they have to be. Tells none of them."""

    def __init__(self, access: Access, msg: str) -> None:
        super().__init__(msg)
        self.access = access


class Keys:
    """All keys of this server. Without any, everybody may do everything."""

    def __init__(self, keys: list[Key]) -> None:
        self._keys = keys
        self.given = {key.access for key in keys}

    @classmethod
    def of(cls, read: str | None, write: str | None) -> Self:
        """From entries `KEY`, `NAME:KEY`, `sha256:HEX` and `NAME:sha256:HEX` with commas between.
        Raises `BadKeys`."""
        # Those that may write come last: a key that is in both lists may.
        return cls([*_entries(read, Access.READ), *_entries(write, Access.WRITE)])

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def needed(self, access: Access) -> Access:
        """What a route that needs `access` needs here. Where only write keys are given, reading is
        open; where only read keys are, nobody may write."""
        if not self.given or (access is Access.READ and Access.READ not in self.given):
            return Access.OPEN
        return access

    def find(self, key: str) -> Key | None:
        """In a time that tells nothing of the keys: digests are compared, and always all."""
        digest = sha256(key.encode()).digest()
        found = None
        for one in self._keys:
            if compare_digest(one.digest, digest):
                found = one
        return found


def _entries(text: str | None, access: Access) -> Iterator[Key]:
    if text is None:
        return
    if not text.strip():
        raise BadKeys(access, "it is empty; give a key, or leave it out")
    for number, entry in enumerate(text.split(","), 1):
        match = _ENTRY.fullmatch(entry.strip())
        if match is None:
            raise BadKeys(
                access,
                f"entry {number} of {text.count(',') + 1} is not of the form KEY, NAME:KEY, "
                "sha256:HEX or NAME:sha256:HEX, the key in visible ASCII without commas and "
                "colons, HEX 64 digits; `openssl rand -hex 24` makes a key",
            )
        name, digest, key = match.group("name", "digest", "key")
        yield Key(
            name or f"{access.name.lower()}-{number}",
            access,
            bytes.fromhex(digest) if digest else sha256(key.encode()).digest(),
            short=key is not None and len(key) < SHORT,
        )


# ---- what routes say ----------------------------------------------------------------------------


def open_to_all(view: View) -> View:
    """The route needs no key."""
    return _declare(view, Access.OPEN)


def reads(view: View) -> View:
    """The route needs a read key, or a write key."""
    return _declare(view, Access.READ)


def writes(view: View) -> View:
    """The route needs a write key."""
    return _declare(view, Access.WRITE)


def as_page(access: Access) -> Callable[[View], View]:
    """The route needs this, instead, of who would rather have a page than JSON."""

    def decorate(view: View) -> View:
        view.__dict__["access_as_page"] = access
        return view

    return decorate


def _declare(view: View, access: Access) -> View:
    view.__dict__["access"] = access  # `functools.wraps` carries it outwards
    return view


def declared(view: Callable[..., Any]) -> Access | None:
    """What a view says that it needs, if it does."""
    access = getattr(view, "access", None)
    return access if isinstance(access, Access) else None


def declared_now(view: Callable[..., Any]) -> Access | None:
    """The same, of the request in hand."""
    access = getattr(view, "access_as_page", None)
    return access if isinstance(access, Access) and prefers_page() else declared(view)


# ---- at each request ----------------------------------------------------------------------------


def init_app(app: Flask, keys: Keys) -> None:
    """Find out who asks, before anything else of a request is looked at."""

    def know() -> None:
        found = _presented(keys) if keys.given else None
        g.key_name = None if found is None else found.name
        g.key_access = Access.OPEN if found is None else found.access

    app.before_request(know)
    app.extensions["fitserve.keys"] = keys


def require(app: Flask, keys: Keys) -> None:
    """Ask for keys before a body is read."""
    views = app.view_functions
    needs = {said: keys.needed(Access.WRITE if said is None else said) for said in (None, *Access)}

    def check() -> None:
        if request.query_string:
            _refuse_in_query(keys)
        if request.endpoint is None:  # there is no such route, and that is no secret
            return
        need = needs[declared_now(views[request.endpoint])]
        if g.key_access >= need:
            return
        raise _unauthorized(need) if g.key_name is None else Forbidden()

    if keys.given:
        app.before_request(check)


def caller() -> str:
    """Who asks: the key's name, or without one the address it comes from."""
    if g.key_name is not None:
        return f"key {g.key_name}"
    return f"address {request.remote_addr}"


def _presented(keys: Keys) -> Key | None:
    scheme, _, key = (_given() or "").partition(" ")
    return keys.find(key.strip(" ")) if scheme.lower() == "bearer" else None


def _given() -> str | None:
    """What the header says, or of a page its cookie."""
    given = request.headers.get("Authorization")
    if given is None and request.blueprint == PAGES and COOKIE in request.cookies:
        return f"Bearer {request.cookies[COOKIE]}"
    return given


def _unauthorized(need: Access) -> Unauthorized:
    what = need.name.lower()
    given = _given()
    if given is None:
        return Unauthorized.without(what)
    if not given.lower().startswith("bearer "):
        return Unauthorized.otherwise(what, "What was sent is of another form.")
    key = given[len("bearer ") :].strip(" ")
    how = next((how for looks, how in _NO_KEYS if looks(key)), None)
    return Unauthorized.wrong(what) if how is None else Unauthorized.otherwise(what, how)


def _refuse_in_query(keys: Keys) -> None:
    """A query is kept in logs, histories and bookmarks: what stands there is no secret any more."""
    for name, value in request.args.items(multi=True):
        if name.lower() in _IN_QUERY or keys.find(value) or keys.find(name):
            raise Unauthorized.in_query()
