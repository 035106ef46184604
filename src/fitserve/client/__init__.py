"""A fitserve server from Python: `Client`, and its errors, which carry the server's problems.

Nothing of the server is loaded for it, and NumPy only for who gives arrays or frames.
"""

from fitserve.client.client import Client
from fitserve.client.problems import (
    Exists,
    Forbidden,
    Invalid,
    NotFound,
    OverLimit,
    Problem,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unreachable,
)

__all__ = [
    "Client",
    "Exists",
    "Forbidden",
    "Invalid",
    "NotFound",
    "OverLimit",
    "Problem",
    "TooLarge",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
]
