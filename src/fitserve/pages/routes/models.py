"""The list of models, and each model's own page."""

from typing import Any

from flask import Blueprint

from fitserve.api import schemas
from fitserve.api.accepting import prefers_page
from fitserve.api.keys import Access, as_page, open_to_all, reads
from fitserve.api.routes import documents
from fitserve.directory import ModelDirectory
from fitserve.pages.rendering import page


def add(routes: Blueprint, directory: ModelDirectory) -> None:
    @routes.get("/", strict_slashes=False)  # or it would redirect an empty path to any Host
    @open_to_all
    @as_page(Access.READ)
    def directions() -> Any:
        if not prefers_page():
            return documents.directions()
        records, following = directory.page(None, None, 50)
        answer = page("index.html", here="models", **schemas.page(records, following, []))
        answer.vary.add("Accept")
        return answer

    @routes.get("/model/<model_type>/<id:model_id>")
    @reads
    def model(model_type: str, model_id: int) -> Any:
        record = directory.record(model_type, model_id)
        return page("model.html", model=schemas.description(record), pictures=[])
