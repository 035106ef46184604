"""Whether this process answers at all, and whether it is worth asking."""

from typing import Any

from flask import Blueprint

from fitserve.api.keys import open_to_all
from fitserve.directory import ModelDirectory
from fitserve.errors import StoreUnavailable


def blueprint(directory: ModelDirectory) -> Blueprint:
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    @open_to_all
    def health() -> dict[str, Any]:
        # A store that is lost later does not make this fail: models in memory keep answering,
        # and a load balancer that took every machine out would end that too.
        if not directory.ready:
            raise StoreUnavailable
        return {
            "status": "ok",
            "store": directory.condition if directory.reachable else "unreachable",
        }

    return routes
