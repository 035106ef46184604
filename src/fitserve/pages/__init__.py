"""What a browser sees: pages that the server writes whole, and that work without JavaScript."""

from flask import Blueprint

from fitserve.api.keys import PAGES
from fitserve.directory import ModelDirectory
from fitserve.pages import guard, problems, static
from fitserve.pages.routes import asking, ending, key, models, new


def blueprint(directory: ModelDirectory) -> Blueprint:
    routes = Blueprint(PAGES, __name__)
    guard.init_pages(routes)
    problems.init_pages(routes, directory)
    static.add(routes)
    key.add(routes)
    models.add(routes, directory)
    asking.add(routes, directory)
    ending.add(routes, directory)
    new.add(routes, directory)
    return routes
