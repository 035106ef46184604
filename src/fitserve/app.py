"""The application factory: the only module that knows all the others."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, Response
from flask.json.provider import JSONProvider
from pydantic_core import from_json, to_json
from werkzeug.middleware.proxy_fix import ProxyFix

from fitserve import pages
from fitserve.api import keys, observed, problems, rates
from fitserve.api.keys import BadKeys, Keys
from fitserve.api.large import Reader
from fitserve.api.rates import Rates
from fitserve.api.routes import documents, health, inference_protocol, metrics, models
from fitserve.config import PREFIX, WAITING, Server, SettingError, Settings
from fitserve.directory import ModelDirectory
from fitserve.errors import StoreTooNew, StoreUnavailable
from fitserve.headers import Secured
from fitserve.models import catalog
from fitserve.observing.statistics import Statistics
from fitserve.pages import documentation
from fitserve.predictor import Predictor
from fitserve.processes.forking import ForkServer
from fitserve.storage.memory import MemoryStore
from fitserve.storage.store import Store
from fitserve.training.process import Limits
from fitserve.training.trainer import Trainer


def create_app(settings: Settings | None = None) -> Flask:
    settings = settings or Settings.load()
    app = _App("fitserve", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_content_length
    app.url_map.merge_slashes = False  # it would redirect to wherever the header Host says
    app.json = _Json(app)
    problems.init_app(app)
    app.wsgi_app = Secured(app.wsgi_app)  # type: ignore[method-assign]
    given = open_keys(settings)
    keys.init_app(app, given)
    if settings.requests_per_minute is not None:  # of those who try keys as well
        rates.init_app(app, Rates(settings.requests_per_minute))
    keys.require(app, given)
    limits = Limits(settings.training_seconds, settings.training_memory_mb, settings.max_cells)
    waiting = app.extensions["fitserve.waiting"] = BoundedSemaphore(WAITING)
    forking = ForkServer("fitserve.api.apart")
    app.extensions["fitserve.reader"] = Reader(forking, waiting)
    slots = Server.load(dict(os.environ)).trainers(settings)
    trainer = Trainer(limits, slots, waiting, forking)
    predictor = Predictor(settings.predict_seconds, waiting, settings.max_batch_rows)
    directory = ModelDirectory(
        catalog(),
        open_store(settings),
        trainer,
        settings.cache_mb * 2**20,
        predictor,
        settings.client_trainings,
    )
    directory.open()
    observed.init_app(app, directory.metrics, directory.catalog)
    app.register_blueprint(models.blueprint(directory))
    app.register_blueprint(health.blueprint(directory))
    statistics = app.extensions["fitserve.statistics"] = Statistics(directory.catalog)
    app.register_blueprint(inference_protocol.blueprint(directory, statistics))
    app.register_blueprint(metrics.blueprint(directory))
    document = documents.Document(app, catalog(), given)
    app.register_blueprint(documents.blueprint(document))
    app.register_blueprint(documentation.blueprint(document))
    app.register_blueprint(pages.blueprint(directory))
    app.extensions["fitserve"] = directory
    if settings.proxies:  # whose word is taken for a client's address, and for nothing else
        outermost = app.wsgi_app
        app.wsgi_app = ProxyFix(outermost, x_for=settings.proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    directory.metrics.serve(observed.shown(rule) for rule in app.url_map.iter_rules())
    return app


def open_keys(settings: Settings) -> Keys:
    try:
        return Keys.of(settings.read_keys, settings.write_keys)
    except BadKeys as error:
        raise SettingError(f"{PREFIX}_{error.access.name}_KEYS", str(error)) from None


def open_store(settings: Settings) -> Store:
    if settings.in_memory:
        return MemoryStore(most=settings.max_models)
    from fitserve.storage.database import (
        SqlStore,  # SQLAlchemy takes time to load; not needed above
    )

    with _of_store():
        return SqlStore(settings.store, most=settings.max_models)


@contextmanager
def _of_store() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        said = f"{error}; or write memory, to keep none"
        raise SettingError("FITSERVE_STORE", said) from None


def prepare_store(settings: Settings) -> None:
    """Make the store ready before there are workers that use it. A store that is not there yet
    is waited for by them; one that is of a newer program, or can be none, ends the start in one
    line."""
    if not settings.in_memory:
        from fitserve.storage.files import refuse_place

        with _of_store():
            refuse_place(settings.store)
    store = open_store(settings)
    try:
        with suppress(StoreUnavailable):
            store.prepare()
    except StoreTooNew as newer:
        raise SystemExit(f"fitserve: {newer}") from None
    finally:
        store.close()  # a connection must not be shared by the workers


class _App(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none here is a coroutine, which Flask looks for at each call."""
        return func


class _Json(JSONProvider):
    """Answers by pydantic-core: floats in their shortest exact form, ten times json's speed."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return to_json(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return from_json(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        body = to_json(self._prepare_response_obj(args, kwargs)) + b"\n"
        return Response(body, mimetype="application/json")
