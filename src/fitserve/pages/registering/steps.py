"""What the page of a new model answers: to who comes, and to who sends its form."""

import re
from typing import Any

from flask import Response, current_app, request
from werkzeug.datastructures import MultiDict

from fitserve.api.accepting import see_other
from fitserve.directory import ModelDirectory
from fitserve.errors import FitserveError, InvalidRequest
from fitserve.pages.registering import code, tables
from fitserve.pages.registering.form import Form
from fitserve.pages.registering.likeness import likeness
from fitserve.pages.registering.remedies import all_at_once, button, pressed
from fitserve.pages.registering.settings import A_COLUMN, Settings
from fitserve.pages.registering.understood import Looked, trained, understood
from fitserve.pages.registering.wrong import by_field, entries
from fitserve.pages.rendering import page

_KEY = re.compile(r"([a-z][a-z0-9_]{0,63})/(0|[1-9][0-9]{0,15})").fullmatch
_BUNDLED = Settings(target=f"{A_COLUMN}species", model_type="knn")


def begun(directory: ModelDirectory, query: MultiDict[str, str]) -> Response:
    """The page without a table, with the settings of the model that `like` names, or with the
    table that is there to try things with. Raises `UnknownModel`."""
    settings, like = Settings(), _KEY(query.get("like", ""))
    table = tables.bundled(query.get("sample"))
    if like is not None:
        settings = _advised(_like(directory, like[1], int(like[2])), query)
    elif table is not None:
        settings = _BUNDLED
    form = Form(settings) if table is None else understood(directory, settings, table)
    return _page(form, like=like and like[0])


def answered(directory: ModelDirectory, client: str) -> Response:
    """To a form that was sent: the page again, or where the model is that is trained now."""
    settings = Settings()
    try:
        tables.take_form()
        settings = _settings(request.form)
        table = tables.sent()
        if table is None:
            raise _no_table(request.form.get("name"))
    except FitserveError as error:
        return _page(Form(settings, problem=error))
    sent = request.form
    if sent.get("step") == "train" and "remedy" not in sent and "turn" not in sent:
        found = trained(directory, settings, table, sent.get("checked", ""), client)
        if not isinstance(found, Form):
            return see_other(f"/model/{found.key.model_type}/{found.key.model_id}")
        return _page(found)
    page_ = sent.get("turn") or sent.get("page") or "1"
    looked = Looked(int(page_) if page_.isdecimal() and len(page_) < 7 else 1, sent.get("find", ""))
    return _page(understood(directory, settings, table, looked))


def _settings(form: MultiDict[str, str]) -> Settings:
    return _advised(Settings.of_form(form), form)


def _advised(settings: Settings, given: MultiDict[str, str]) -> Settings:
    """With what the buttons that were pressed propose."""
    for value in given.getlist("remedy"):
        settings = settings.with_remedy(pressed(value))
    return settings


def _like(directory: ModelDirectory, model_type: str, model_id: int) -> Settings:
    record = directory.record(model_type, model_id)
    ready = record.status == "ready"
    columns = directory.get(model_type, model_id).columns if ready else None
    return likeness(directory.type(model_type), record.description, columns)


def _no_table(name: str | None) -> InvalidRequest:
    once_more = f"choose {name} once more: the page cannot keep it" if name else "choose one"
    return InvalidRequest.at(("file",), f"no file was sent; {once_more}", "missing")


def _page(form: Form, **shown: Any) -> Response:
    answer = page(
        "new.html",
        form.status,
        here="new",
        form=form,
        most=current_app.config["MAX_CONTENT_LENGTH"],
        button=button,
        all_at_once=all_at_once(form.remedies),
        entries=entries(form.problem, form.places),
        wrong=by_field(form.faults),
        code=code.code(form),
        **{"like": None, **shown},
    )
    if form.problem is not None:
        answer.headers.update(form.problem.headers)
    return answer
