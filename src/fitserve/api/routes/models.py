"""The native API: register, predict, list, describe, delete."""

from http import HTTPStatus
from typing import Any
from urllib.request import parse_http_list

from flask import Blueprint, request, url_for
from werkzeug.routing import IntegerConverter

from fitserve.api import descriptions, evaluations, predictions, queries
from fitserve.api.accepting import prefers_page, see_page
from fitserve.api.asked import CsvEvaluation, CsvPrediction
from fitserve.api.bodies import client_gone, takes
from fitserve.api.keys import Access, as_page, caller, reads, writes
from fitserve.api.large import LargeEvaluation, LargePrediction, LargeRegistration
from fitserve.api.registrations import CsvRegistration
from fitserve.api.request import query_of
from fitserve.api.schemas import (
    ClassesQuery,
    EvaluateRequest,
    ListRequest,
    ModelsQuery,
    NoQuery,
    PredictRequest,
    RegisterRequest,
)
from fitserve.directory import ModelDirectory


def blueprint(directory: ModelDirectory) -> Blueprint:
    routes = Blueprint("models", __name__)
    routes.record_once(lambda state: state.app.url_map.converters.update(id=_Id))

    @routes.post("/register")
    @writes
    @takes(RegisterRequest, csv=CsvRegistration, query=("dry_run",))
    def register(ask: RegisterRequest | CsvRegistration | LargeRegistration) -> Any:
        training = ask.training(directory.type(ask.model_type))
        if queries.dry_run(request.args):
            return descriptions.rehearsal(training.key, directory.rehearse(training))
        if prefers_async():
            record, status = directory.enqueue(training, caller()), HTTPStatus.ACCEPTED
            headers = {"Preference-Applied": "respond-async", "Retry-After": "1"}
        else:
            record, status, headers = directory.register(training, caller()), HTTPStatus.CREATED, {}
        headers["Location"] = url_for(".describe", **record.key._asdict())
        return descriptions.description(record), status, headers

    @routes.post("/predict")
    @reads
    @takes(PredictRequest, csv=CsvPrediction)
    def predict(ask: PredictRequest | CsvPrediction | LargePrediction) -> Any:
        loaded = directory.get(ask.model_type, ask.model_id)
        return predictions.prediction(ask, loaded, directory.predictor.while_wanted(client_gone()))

    @routes.post("/evaluate")
    @reads
    @takes(EvaluateRequest, csv=CsvEvaluation)
    def evaluate(ask: EvaluateRequest | CsvEvaluation | LargeEvaluation) -> Any:
        loaded = directory.get(ask.model_type, ask.model_id)
        return evaluations.evaluation(ask, loaded, directory.predictor.while_wanted(client_gone()))

    @routes.post("/list")
    @reads
    @takes(ListRequest)
    def list_ids(ask: ListRequest) -> Any:
        return {"model_type": ask.model_type, "model_ids": directory.ids(ask.model_type)}

    @routes.get("/listtypes")
    @reads
    def list_types() -> Any:
        query_of(NoQuery, request.args)
        return {"model_types": sorted(directory.catalog)}

    @routes.get("/types/<model_type>")
    @reads
    def describe_type(model_type: str) -> Any:
        query_of(NoQuery, request.args)
        return descriptions.model_type(directory.type(model_type), directory.limits)

    @routes.get("/models")
    @reads
    def list_models() -> Any:
        query = query_of(ModelsQuery, request.args)
        fields, after = query.members(), query.after_key()
        page = directory.page(query.model_type, after, query.limit)
        return descriptions.page(*page, fields)

    @routes.get("/models/<model_type>/<id:model_id>")
    @reads
    @as_page(Access.OPEN)
    def describe(model_type: str, model_id: int) -> Any:
        if prefers_page():
            return see_page(model_type, model_id)
        query_of(NoQuery, request.args)
        record = directory.record(model_type, model_id)
        headers = {"Retry-After": "1"} if record.status == "training" else {}
        headers["Vary"] = "Accept"
        return descriptions.description(record), headers

    @routes.get("/models/<model_type>/<id:model_id>/classes")
    @reads
    def list_classes(model_type: str, model_id: int) -> Any:
        query = query_of(ClassesQuery, request.args)
        return descriptions.classes(directory.get(model_type, model_id), query)

    @routes.get("/models/<model_type>/<id:model_id>/pictures")
    @reads
    def picture(model_type: str, model_id: int) -> Any:
        query_of(NoQuery, request.args)
        taken = directory.pictures(model_type, model_id, client_gone())
        return {"model_type": model_type, "model_id": model_id} | taken

    @routes.delete("/models/<model_type>/<id:model_id>")
    @writes
    def delete(model_type: str, model_id: int) -> Any:
        query_of(NoQuery, request.args)
        directory.delete(model_type, model_id)
        return "", HTTPStatus.NO_CONTENT

    return routes


class _Id(IntegerConverter):
    """A model's id in a path, which has one spelling alone."""

    regex = "(?:0|[1-9][0-9]{0,15})"


def prefers_async() -> bool:
    """Whether the client would rather be told at once and ask again later (RFC 7240)."""
    preferences = parse_http_list(request.headers.get("Prefer", "").lower())
    return any(one.partition(";")[0].strip() == "respond-async" for one in preferences)
