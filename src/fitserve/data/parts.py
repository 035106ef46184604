"""A form in parts, as curl's -F sends it: what its parts are called, and how each begins."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = re.compile(rb"content-disposition:[ \t]*form-data;([^\r\n]*)", re.IGNORECASE)
_SAID = re.compile(rb'\b(filename|name)="?([^";\r\n]*)"?')
_BLANK = re.compile(rb"\r?\n\r?\n")


class Part(NamedTuple):
    """One of them; the name of its file is "" where it is none."""

    name: str
    file: str
    held: bytes

    @property
    def is_file(self) -> bool:
        """Whether it holds what a file does, by its name or its lines."""
        return bool(self.file) or b"\n" in self.held


def parts(body: bytes) -> Iterator[Part]:
    """The parts of a form; none of what is no form."""
    line, _, rest = body.lstrip().partition(b"\n")
    for part in rest.split(line.rstrip()) if line.startswith(b"--") else ():
        head, *held = _BLANK.split(part, 1)
        if not (found := _HEAD.search(head)) or not held:
            continue
        said = {one[0]: one[1].decode(errors="replace") for one in _SAID.findall(found[1])}
        text = held[0].removesuffix(b"\n").removesuffix(b"\r")
        yield Part(said.get(b"name", ""), said.get(b"filename", ""), text)
