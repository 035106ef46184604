"""A new model from a table: what was understood of it, then the training."""

from typing import Any

from flask import Blueprint, request

from fitserve.api.keys import caller, writes
from fitserve.directory import ModelDirectory
from fitserve.pages.registering import steps


def add(routes: Blueprint, directory: ModelDirectory) -> None:
    @routes.get("/new")
    @writes
    def new() -> Any:
        return steps.begun(directory, request.args)

    @routes.post("/new")
    @writes
    def check_or_train() -> Any:
        return steps.answered(directory, caller())
