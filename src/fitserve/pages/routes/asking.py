"""What the forms of a model's page ask: one row, a file to predict, a file to compare with."""

from typing import Any

from flask import Blueprint, request

from fitserve.api.bodies import client_gone
from fitserve.api.keys import reads
from fitserve.directory import ModelDirectory
from fitserve.pages import asking
from fitserve.pages.model import ModelPage


def add(routes: Blueprint, directory: ModelDirectory) -> None:
    @routes.post("/model/<model_type>/<id:model_id>/predict")
    @reads
    def predict_row(model_type: str, model_id: int) -> Any:
        loaded = directory.get(model_type, model_id)
        shown = ModelPage(directory, loaded, client_gone())
        return asking.row(shown, request.form, directory.predictor.while_wanted(client_gone()))

    @routes.post("/model/<model_type>/<id:model_id>/predict-file")
    @reads
    def predict_file(model_type: str, model_id: int) -> Any:
        loaded = directory.get(model_type, model_id)
        shown = ModelPage(directory, loaded, client_gone())
        predictor = directory.predictor.while_wanted(client_gone())
        return asking.file(shown, request.files.get("file"), request.form, predictor)

    @routes.post("/model/<model_type>/<id:model_id>/evaluate")
    @reads
    def evaluate_file(model_type: str, model_id: int) -> Any:
        loaded = directory.get(model_type, model_id)
        shown = ModelPage(directory, loaded, client_gone())
        predictor = directory.predictor.while_wanted(client_gone())
        return asking.evaluation(shown, request.files.get("file"), request.form, predictor)
