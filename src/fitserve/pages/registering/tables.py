"""The table that a form brings: a file, or the one that is there to try things with.

`penguins.csv` is of the R package palmerpenguins by A. Horst, A. Hill and K. Gorman, whose
DESCRIPTION and README give it under CC0; measured by K. Gorman and the Palmer Station LTER.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files

from flask import current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from fitserve.data.packing import unpacked
from fitserve.errors import TooLarge, clip

PENGUINS = "penguins"
FIELDS = 2000
"""Fields of a form at most, and the bytes that they may take beside the file."""
FIELD_BYTES = 2**22
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Sent:
    """A table as it was sent, unpacked."""

    name: str
    body: bytes
    bundled: bool = False
    """It is this program's own, and need not be sent again."""
    packed: bool = False
    """It came as gzip."""

    @cached_property
    def digest(self) -> str:
        """By which it is known again."""
        return sha256(self.body).hexdigest()[:16]


def take_form() -> None:
    """Have the form read whose fields and file are asked for next. Raises `TooLarge` before
    anything is read, where that can be told."""
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    if (request.content_length or 0) > limit:
        raise TooLarge(limit)
    request.max_form_parts, request.max_form_memory_size = FIELDS, FIELD_BYTES
    try:
        request.form  # noqa: B018, it is read here
    except RequestEntityTooLarge:
        raise TooLarge(limit) from None


def sent() -> Sent | None:
    """The table that the form has, or names."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return bundled(request.form.get("bundled"))
    body = file.read()
    packed = body.startswith(_GZIP)
    if packed:
        body = unpacked(body, "gzip", current_app.config["MAX_CONTENT_LENGTH"])
    return Sent(clip(file.filename.rpartition("/")[2], 200), body, packed=packed)


def bundled(name: str | None) -> Sent | None:
    """The table that is in the package, if that is its name."""
    return _penguins() if name == PENGUINS else None


@cache
def _penguins() -> Sent:
    body = (files("fitserve.pages.registering") / "penguins.csv").read_bytes()
    return Sent("penguins.csv", body, bundled=True)
