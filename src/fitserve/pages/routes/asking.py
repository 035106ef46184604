"""What the forms of a model's page ask: one row, a file to predict, a file to compare with."""

from typing import Any

from flask import Blueprint

from fitserve.api.bodies import client_gone
from fitserve.api.keys import reads
from fitserve.directory import ModelDirectory
from fitserve.pages import asking
from fitserve.pages.model import ModelPage


def add(routes: Blueprint, directory: ModelDirectory) -> None:
    def of(model_type: str, model_id: int) -> ModelPage:
        return ModelPage(directory, directory.get(model_type, model_id), client_gone())

    @routes.post("/model/<model_type>/<id:model_id>/predict")
    @reads
    def predict_row(model_type: str, model_id: int) -> Any:
        return asking.row(of(model_type, model_id))

    @routes.post("/model/<model_type>/<id:model_id>/predict-file")
    @reads
    def predict_file(model_type: str, model_id: int) -> Any:
        return asking.file(of(model_type, model_id))

    @routes.post("/model/<model_type>/<id:model_id>/evaluate")
    @reads
    def evaluate_file(model_type: str, model_id: int) -> Any:
        return asking.evaluation(of(model_type, model_id))
