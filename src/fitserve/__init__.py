"""fitserve: POST data with curl, get a trained model behind an HTTP endpoint."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from fitserve.config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The WSGI application; without `settings` they are read from the environment."""
    # Not at the top: importing any part of the package (gunicorn's configuration, say) must not
    # load NumPy before the number of its threads is decided.
    from fitserve.app import create_app

    return create_app(settings)
