"""The list of models, and each model's own page."""

from typing import Any

from flask import Blueprint, request

from fitserve.api.accepting import prefers_page
from fitserve.api.bodies import client_gone
from fitserve.api.keys import Access, as_page, open_to_all, reads
from fitserve.api.routes import documents
from fitserve.directory import ModelDirectory
from fitserve.pages import model
from fitserve.pages.listing import ON_A_PAGE, Listing, Search
from fitserve.pages.rendering import page


def add(routes: Blueprint, directory: ModelDirectory) -> None:
    @routes.get("/", strict_slashes=False)  # or it would redirect an empty path to any Host
    @open_to_all
    @as_page(Access.READ)
    def directions() -> Any:
        if not prefers_page():
            return documents.directions()
        search = Search.of(request.args)
        found = directory.latest(search.words.split(), search.model_type, search.skip, ON_A_PAGE)
        answer = page("index.html", here="models", listing=Listing(search, found))
        answer.vary.add("Accept")
        return answer

    @routes.get("/model/<model_type>/<id:model_id>")
    @reads
    def show(model_type: str, model_id: int) -> Any:
        return model.shown(directory, model_type, model_id, client_gone())
