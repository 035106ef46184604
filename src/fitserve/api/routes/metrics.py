"""What Prometheus scrapes."""

from typing import Any

from flask import Blueprint

from fitserve.api.keys import reads
from fitserve.directory import ModelDirectory
from fitserve.observing.metrics import exposition


def blueprint(directory: ModelDirectory) -> Blueprint:
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    @reads
    def metrics() -> Any:
        text, media_type = exposition(directory.metrics, directory.stored())
        return text, {"Content-Type": media_type}

    return routes
