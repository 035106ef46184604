"""The Open Inference Protocol's health routes."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint

from fitserve.api.keys import open_to_all
from fitserve.directory import ModelDirectory


def blueprint(directory: ModelDirectory) -> Blueprint:
    routes = Blueprint("inference_protocol", __name__, url_prefix="/v2")

    @routes.get("/health/live")
    @open_to_all
    def live() -> Any:
        return {"live": True}

    @routes.get("/health/ready")
    @open_to_all
    def ready() -> Any:
        if directory.ready and directory.reachable:
            return {"ready": True}
        return {"error": "the store cannot be reached"}, HTTPStatus.SERVICE_UNAVAILABLE

    return routes
