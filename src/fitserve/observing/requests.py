"""What is told of one request, beside what its answer looks like."""

import re
import secrets
from dataclasses import dataclass

_PLAIN = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")

ENVIRON = "fitserve.asked"
"""Where the application leaves its `Asked` for whoever writes the log."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the application found out of a request."""

    request_id: str
    route: str
    """The rule, never the path."""
    model: str | None = None
    """`TYPE/ID`, or the type alone; of types that there are."""
    rows: int | None = None
    """How many were predicted."""
    key: str | None = None
    """The name of the key that was sent."""


def request_id(given: str | None) -> str:
    """The client's own name for its request, if it is short and plain; otherwise a new one."""
    if given is not None and _PLAIN.fullmatch(given):
        return given
    return secrets.token_hex(8)
