"""fitserve: POST data with curl, get a trained model behind an HTTP endpoint."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from fitserve.client import Client as Client
    from fitserve.client import Problem as Problem
    from fitserve.config import Settings

_CLIENT = ("Client", "Problem")


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: the server needs no client.
    if name in _CLIENT:
        from fitserve import client

        return getattr(client, name)
    raise AttributeError(f"module 'fitserve' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_CLIENT]


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The WSGI application; without `settings` they are read from the environment."""
    # Not at the top: importing any part of the package (gunicorn's configuration, say) must not
    # load NumPy before the number of its threads is decided.
    from fitserve.app import create_app

    return create_app(settings)
