"""Whether this process answers at all."""

from typing import Any

from flask import Blueprint


def blueprint() -> Blueprint:
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "ok"}

    return routes
