"""Deleting a model, and cancelling a training: each asks first."""

from typing import Any

from flask import Blueprint

from fitserve.api.accepting import see_other
from fitserve.api.keys import writes
from fitserve.directory import ModelDirectory
from fitserve.pages.rendering import page


def add(routes: Blueprint, directory: ModelDirectory) -> None:
    @routes.get("/model/<model_type>/<id:model_id>/delete")
    @routes.get("/model/<model_type>/<id:model_id>/cancel", endpoint="ask_to_cancel")
    @writes
    def ask_to_delete(model_type: str, model_id: int) -> Any:
        record = directory.record(model_type, model_id)
        return page("delete.html", here="models", record=record)

    @routes.post("/model/<model_type>/<id:model_id>/delete")
    @routes.post("/model/<model_type>/<id:model_id>/cancel", endpoint="cancel_model")
    @writes
    def delete_model(model_type: str, model_id: int) -> Any:
        directory.delete(model_type, model_id)
        return see_other(f"/?gone={model_type}/{model_id}")
