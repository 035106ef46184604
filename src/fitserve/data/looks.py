"""What a body looks like at its beginning, whatever it was declared: JSON, CSV."""

import re

_ONE_LINE = re.compile(rb"[^\n{}\[\]\":=]*[,;\t][^\n{}\[\]\":=]*").fullmatch
_JSON = re.compile(rb"""\{\s*(?:\\?["'}]|[A-Za-z_]\w*\s*:)|\[\s*["\[{\d-]""").match


def like_csv(head: bytes) -> bool:
    """Whether the first two lines, or the only one, have the same number of fields, and more
    than one."""
    if head[:1] in (b"{", b"["):
        return False
    if _ONE_LINE(head):
        return True
    lines = head.split(b"\n", 2)[:2]
    return any(
        len(lines) == 2 and lines[0].count(mark) == lines[1].count(mark) > 0
        for mark in (b",", b";", b"\t")
    )


def like_json(head: bytes) -> bool:
    """Whether it begins as an object does, or a list of more than names."""
    return _JSON(head) is not None
