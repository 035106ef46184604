"""What was sent, as whoever sent it would say it."""

import re

from fitserve.errors import clip

_ENCODED = re.compile(r"""[\s"'\\]*[\[{]""").match
_PRINTED = re.compile(r"""[\s"\\]*([\[{(])[\s\[{(]*'""").match
"""What Python's str() makes of a list or a dict: its texts stand in single quotes."""
bytes_of = re.compile(r"""b(['"])([^\n]*)\1\s*\Z""").match
"""What Python's str() makes of bytes, and what these are."""


def sent(value: object) -> str:
    """What a value is, as its sender would say it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {clip(value, 40)!r}"
    if isinstance(value, (int, float)):
        if value != value:
            return "NaN"
        beyond = not -(2**1024) < value < 2**1024
        return "a number beyond 1.8e308" if beyond else f"the number {clip(value, 40)}"
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value):,}" if value else "an empty list"
    return "something else"


def encoded(value: object) -> bool:
    """Whether it is text that holds a list or an object in JSON, however often it was encoded."""
    return isinstance(value, str) and _ENCODED(value) is not None


def without_quotes(value: str) -> str:
    """What to do with the quotes around a text, in JSON, that holds this."""
    inside = " and the backslashes in it" if '"' in value else ""
    return f"send it without the quotes around it{inside}"


def twice_encoded(value: object, once: str | None = None) -> str:
    """What to do where a text holds what should stand there itself, or ''."""
    if not isinstance(value, str):
        return ""
    if bytes_of(value):
        return "; it is what Python prints of bytes: send the bytes themselves, data=body"
    printed = _PRINTED(value)
    if printed is not None:
        what = "dict" if printed[1] == "{" else "list"
        return f"; it is what Python prints of a {what}: send the {what} itself"
    if not encoded(value):
        return ""
    return f"; it is JSON inside of JSON: {without_quotes(value) if once is None else once}"
