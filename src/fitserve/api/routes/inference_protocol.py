"""The Open Inference Protocol over HTTP, with Triton's extensions for binary tensors, the index of
models and their statistics. A model's type is its name here, its id the version."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint

from fitserve.api import descriptions, inferences, schemas
from fitserve.api.bodies import client_gone, takes_little, takes_tensors
from fitserve.api.inference_requests import Inference
from fitserve.api.keys import open_to_all, reads
from fitserve.api.packing import packed
from fitserve.api.schemas import IndexRequest
from fitserve.directory import ModelDirectory
from fitserve.observing.statistics import Statistics
from fitserve.version import VERSION

EXTENSIONS = ["binary_tensor_data", "model_repository", "statistics"]


def blueprint(directory: ModelDirectory, statistics: Statistics) -> Blueprint:
    routes = Blueprint("inference_protocol", __name__, url_prefix="/v2")
    routes.after_request(packed)

    @routes.get("")
    @routes.get("/", endpoint="server_of_slash")
    @open_to_all
    def server() -> Any:
        return {"name": "fitserve", "version": VERSION, "extensions": EXTENSIONS}

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

    @routes.get("/models/<model_type>")
    @routes.get("/models/<model_type>/versions/<id:model_id>", endpoint="version_metadata")
    @reads
    def model_metadata(model_type: str, model_id: int | None = None) -> Any:
        loaded = directory.version(model_type, model_id)
        return inferences.metadata(loaded, directory.ids(model_type))

    @routes.get("/models/<model_type>/ready")
    @routes.get("/models/<model_type>/versions/<id:model_id>/ready", endpoint="version_ready")
    @reads
    def model_ready(model_type: str, model_id: int | None = None) -> Any:
        key = directory.version(model_type, model_id).record.key
        return {"name": key.model_type, "ready": True}

    @routes.post("/models/<model_type>/infer")
    @routes.post("/models/<model_type>/versions/<id:model_id>/infer", endpoint="infer_version")
    @reads
    @takes_tensors
    def infer(ask: Inference, model_type: str, model_id: int | None = None) -> Any:
        loaded = directory.version(model_type, model_id)
        with statistics.inference(loaded.record, ask.begun) as times:
            return inferences.inference(
                ask, loaded, directory.predictor.while_wanted(client_gone()), times
            )

    @routes.post("/repository/index")
    @reads
    @takes_little(schemas.index_request)
    def index(ask: IndexRequest) -> Any:
        return descriptions.index(directory.everything(), ready_only=ask.ready)

    @routes.get("/models/stats")
    @reads
    def all_statistics() -> Any:
        return statistics.told(directory.tokens(statistics.counted(None)))

    @routes.get("/models/<model_type>/stats")
    @reads
    def type_statistics(model_type: str) -> Any:
        of = directory.type(model_type).model_type()
        return statistics.told(directory.tokens(statistics.counted(of)))

    @routes.get("/models/<model_type>/versions/<id:model_id>/stats")
    @reads
    def version_statistics(model_type: str, model_id: int) -> Any:
        record = directory.get(model_type, model_id).record
        return statistics.told({record.key: record.token})

    return routes
