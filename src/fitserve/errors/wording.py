"""The words of a message, of which those of a user stay as they were sent."""

import re
from collections.abc import Callable

_OF_A_USER = re.compile(
    r"""(
    (?<![\w=(])'(?:[^'\\]|\\.)*'                                # as Python shows a text,
    | (?<![^\s(\[{,:])"(?:[^"'\\]|\\.)*'(?:[^"\\]|\\.)*"        # one that has a quote in it,
    | \{[^{}]*\}                                                # an object of JSON,
    | (?:[Tt]here|[Kk]nown)\ are:\ .*?(?=;\ |\.\ [A-Z]|$)       # names
    )""",
    re.VERBOSE | re.DOTALL,
)


def reworded(text: str, reword: Callable[[str], str]) -> str:
    """What `reword` makes of all that is not quoted, nor an object of JSON, nor a list of names."""
    parts = _OF_A_USER.split(text)  # each second one is a user's
    parts[::2] = map(reword, parts[::2])
    return "".join(parts)
