"""The native API: register, predict, list, describe, delete."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, request

from fitserve import schemas
from fitserve.directory import ModelDirectory
from fitserve.routes.bodies import takes
from fitserve.schemas import ListRequest, ModelsQuery, PredictRequest, RegisterRequest


def blueprint(directory: ModelDirectory) -> Blueprint:
    routes = Blueprint("models", __name__)

    @routes.post("/register")
    @takes(RegisterRequest)
    def register(ask: RegisterRequest) -> Any:
        record = directory.register(ask.training(directory.type(ask.model_type)))
        headers = {"Location": schemas.location(record)}
        return schemas.description(record), HTTPStatus.CREATED, headers

    @routes.post("/predict")
    @takes(PredictRequest)
    def predict(ask: PredictRequest) -> Any:
        return schemas.prediction(ask, directory.get(ask.model_type, ask.model_id))

    @routes.post("/list")
    @takes(ListRequest)
    def list_ids(ask: ListRequest) -> Any:
        return {"model_type": ask.model_type, "model_ids": directory.ids(ask.model_type)}

    @routes.get("/listtypes")
    def list_types() -> Any:
        return {"model_types": sorted(directory.catalog)}

    @routes.get("/types/<model_type>")
    def describe_type(model_type: str) -> Any:
        return schemas.model_type(directory.type(model_type))

    @routes.get("/models")
    def list_models() -> Any:
        query = schemas.query(ModelsQuery, request.args.to_dict())
        records, following = directory.page(query.model_type, query.after_key(), query.limit)
        return schemas.page(records, following)

    @routes.get("/models/<model_type>/<int:model_id>")
    def describe(model_type: str, model_id: int) -> Any:
        return schemas.description(directory.record(model_type, model_id))

    @routes.delete("/models/<model_type>/<int:model_id>")
    def delete(model_type: str, model_id: int) -> Any:
        directory.delete(model_type, model_id)
        return "", HTTPStatus.NO_CONTENT

    return routes
