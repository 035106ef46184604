"""What the document at /openapi.json tells of each route, beside what the schemas say."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from fitserve.api import answers
from fitserve.api.keys import Access
from fitserve.api.schemas import ClassesQuery, ModelsQuery
from fitserve.errors import (
    Busy,
    FitserveError,
    InvalidRequest,
    MalformedJson,
    ModelExists,
    ModelTraining,
    ModelUnreadable,
    Overloaded,
    PredictionLimit,
    RateLimited,
    StoreUnavailable,
    TooLarge,
    TooManyTrainings,
    TrainingCancelled,
    TrainingLimit,
    UnknownModel,
    UnknownModelType,
    UnsupportedMediaType,
    told,
)

Problems = tuple[type[FitserveError], ...]
_BODY: Problems = (MalformedJson, TooLarge, UnsupportedMediaType, InvalidRequest, Overloaded)
_MODEL: Problems = (UnknownModelType, UnknownModel, StoreUnavailable)
_LOADED: Problems = (*_MODEL, ModelTraining, ModelUnreadable)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one route."""

    summary: str
    tag: str
    answers: Mapping[int, Any]
    """By status what the answer holds: a model, or None for nothing."""
    about: str = ""
    query: type[BaseModel] | None = None
    body: str | None = None
    """The name of the schema of a JSON body."""
    needs_body: bool = True
    csv: str | None = None
    """Where a CSV is taken too: which parameters of the query stand beside it."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    csv_examples: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """A query and a CSV, by name."""
    also: Mapping[str, str] = field(default_factory=dict)
    """Other media types of the answer, with an example."""
    problems: Problems = ()


_FLOWERS = [
    *([5.1, 3.5], [4.9, 3.0], [4.7, 3.2], [4.6, 3.1], [5.0, 3.6], [5.4, 3.9]),
    *([6.4, 3.2], [6.9, 3.1], [5.5, 2.3], [6.5, 2.8], [5.7, 2.8], [6.3, 3.3]),
]
_CSV = "length,width,colour,species\n" + "".join(
    f"{length},{width},{'white' if row % 2 else 'blue'},{'setosa' if row < 6 else 'versicolor'}\n"
    for row, (length, width) in enumerate(_FLOWERS)
)
_ROWS = [
    {"length": 5.1, "width": 3.5, "colour": "blue"},
    {"length": 6.4, "width": 3.2, "colour": "white"},
]


def registration(model_type: str, supervised: bool, numbers: bool) -> dict[str, Any]:
    """A body of /register that works for the type."""
    y = [length for length, _ in _FLOWERS] if numbers else ["setosa"] * 6 + ["versicolor"] * 6
    kwargs: dict[str, Any] = {"X": _FLOWERS}
    if supervised:
        kwargs |= {"y": y, "feature_names": ["length", "width"]}
    return {"model_type": model_type, "model_id": 1, "kwargs": kwargs}


_V2, _ID = "/v2/models/{model_type}", "/versions/{model_id}"
_TENSOR = {
    "name": "X",
    "shape": [2, 2],
    "datatype": "FP64",
    "data": [[5.1, 3.5], [6.4, 3.2]],
}
_COLUMNS = [
    {"name": "length", "shape": [2, 1], "datatype": "FP64", "data": [5.1, 6.4]},
    {"name": "width", "shape": [2, 1], "datatype": "FP64", "data": [3.5, 3.2]},
    {"name": "colour", "shape": [2, 1], "datatype": "BYTES", "data": ["blue", "white"]},
]
_STATISTICS = Operation(
    summary="What models were asked, and how long it took",
    tag="inference protocol",
    about="Over all workers, since the server started; of the 1,000 models asked last in each.",
    answers={200: answers.Statistics},
    problems=(StoreUnavailable,),
)


def _of_protocol(
    path: str, answer: Any, refused: Problems, summary: str, also: str, **more: Any
) -> dict[str, Operation]:
    """The operation of a path, and of the other that says the same: of a model with its version,
    or else it is the one with the highest id."""
    other = f"{path}{also}" if also == "/" else path.replace(_V2, f"{_V2}{also}")
    method = "POST" if "body" in more else "GET"
    said = Operation(
        summary=summary, tag="inference protocol", answers={200: answer}, problems=refused, **more
    )
    first = replace(said, examples={"a table": {"inputs": _COLUMNS}}) if said.examples else said
    return {f"{method} {path}": first, f"{method} {other}": said}


OPERATIONS: Mapping[str, Operation] = {
    "POST /register": Operation(
        summary="Train a model",
        tag="models",
        about="Trains before it answers, unless `Prefer: respond-async` has it queued. With a "
        "CSV, what stands in `kwargs` of JSON stands in the query, and `target` names the column "
        "to learn. `dry_run=true` checks "
        "all and trains nothing. Whatever is wrong with a table comes in one answer that ends in "
        "what to add.",
        body="Register",
        csv="register",
        csv_examples={
            "table": ("model_type=knn&model_id=2&target=species&standardize=true", _CSV),
            "validated": ("model_type=decision_tree&model_id=2&target=species&cv=3", _CSV),
        },
        answers={200: answers.Rehearsal, 201: answers.Description, 202: answers.Description},
        problems=(
            *_BODY,
            UnknownModelType,
            ModelExists,
            TrainingCancelled,
            TrainingLimit,
            TooManyTrainings,
            Busy,
            StoreUnavailable,
        ),
    ),
    "POST /predict": Operation(
        summary="Ask a model",
        tag="models",
        about="A CSV is answered by itself with a column `prediction` more, if `Accept` says "
        "`text/csv`; with `probabilities=true` also a column `p(LABEL)` for each class.",
        body="Predict",
        csv="predict",
        examples={
            "one row": {"model_type": "knn", "model_id": 1, "features": [5.1, 3.5]},
            "rows, with probabilities": {
                "model_type": "knn",
                "model_id": 1,
                "features": [[5.1, 3.5], [6.4, 3.2]],
                "probabilities": True,
            },
            "rows by name": {"model_type": "knn", "model_id": 2, "features": _ROWS},
            "columns by name": {
                "model_type": "knn",
                "model_id": 2,
                "features": {"length": [5.1, 6.4], "width": [3.5, 3.2], "colour": ["blue"] * 2},
            },
        },
        csv_examples={"table": ("model_type=knn&model_id=2", _CSV)},
        answers={200: answers.Prediction},
        also={"text/csv": "length,width,prediction\n5.1,3.5,setosa\n"},
        problems=(*_BODY, *_LOADED, PredictionLimit),
    ),
    "POST /evaluate": Operation(
        summary="Compare a model with what is true",
        tag="models",
        about="Changes nothing. Of a table the target's column is what is true.",
        body="Evaluate",
        csv="evaluate",
        examples={
            "rows and y": {
                "model_type": "knn",
                "model_id": 1,
                "features": [[5.1, 3.5], [6.4, 3.2], [6.9, 3.1]],
                "y": ["setosa", "versicolor", "setosa"],
                "importance": True,
            },
        },
        csv_examples={"table": ("model_type=knn&model_id=2&importance=true", _CSV)},
        answers={200: answers.Evaluation},
        problems=(*_BODY, *_LOADED, PredictionLimit),
    ),
    "POST /list": Operation(
        summary="List the ids of a type's models",
        tag="models",
        body="List",
        examples={"knn": {"model_type": "knn"}},
        answers={200: answers.Ids},
        problems=(*_BODY, UnknownModelType, StoreUnavailable),
    ),
    "GET /models": Operation(
        summary="List models, by pages",
        tag="models",
        query=ModelsQuery,
        answers={200: answers.Page},
        problems=(InvalidRequest, UnknownModelType, StoreUnavailable),
    ),
    "GET /models/{model_type}/{model_id}": Operation(
        summary="Describe a model",
        tag="models",
        about="Or its training, while it waits or is under way, or why that failed. Who would "
        "rather have `text/html` is sent to the model's page.",
        answers={200: answers.Description, 303: None},
        problems=(InvalidRequest, *_MODEL),
    ),
    "GET /models/{model_type}/{model_id}/classes": Operation(
        summary="List a classifier's labels",
        tag="models",
        query=ClassesQuery,
        answers={200: answers.Classes},
        problems=(InvalidRequest, *_LOADED),
    ),
    "GET /models/{model_type}/{model_id}/pictures": Operation(
        summary="Tell what a model's pictures are drawn of",
        tag="models",
        about="Of the rows that were kept with it (`sample`), and of what it learned. Taken when "
        "somebody asks first; a picture that would take too long is named in `left_out`.",
        answers={200: answers.Pictures},
        problems=(InvalidRequest, *_LOADED, Overloaded),
    ),
    "DELETE /models/{model_type}/{model_id}": Operation(
        summary="Delete a model, or cancel its training",
        tag="models",
        answers={204: None},
        problems=(InvalidRequest, *_MODEL),
    ),
    "GET /listtypes": Operation(
        summary="List the model types",
        tag="types",
        answers={200: answers.Types},
        problems=(InvalidRequest,),
    ),
    "GET /types/{model_type}": Operation(
        summary="Describe a model type",
        tag="types",
        about="What it computes and needs, and JSON Schema of its kwargs.",
        answers={200: answers.TypeTold},
        problems=(InvalidRequest, UnknownModelType),
    ),
    "GET /health": Operation(
        summary="Whether the server can be asked",
        tag="server",
        answers={200: answers.Health},
        problems=(StoreUnavailable,),
    ),
    "GET /": Operation(
        summary="Where to read on",
        tag="server",
        about="Who would rather have `text/html`, as browsers say, gets the page of all models, "
        "which needs what `GET /models` needs.",
        answers={200: answers.Directions},
        also={"text/html": ""},
    ),
    "GET /openapi.json": Operation(
        summary="This document", tag="server", answers={200: dict[str, Any], 304: None}
    ),
    "GET /docs": Operation(
        summary="This document, for people",
        tag="server",
        answers={200: None, 304: None},
        also={"text/html": ""},
    ),
    "GET /metrics": Operation(
        summary="What Prometheus scrapes",
        tag="server",
        answers={200: None},
        also={"text/plain": "fitserve_queue 0.0\n"},
    ),
    "GET /v2/health/live": Operation(
        summary="Whether the server runs", tag="inference protocol", answers={200: answers.Live}
    ),
    "GET /v2/health/ready": Operation(
        summary="Whether the store is there",
        tag="inference protocol",
        answers={200: answers.Ready, 503: answers.ProtocolError},
    ),
    **_of_protocol("/v2", answers.ServerTold, (), "What the server is", "/"),
    **_of_protocol(f"{_V2}", answers.ModelMetadata, _LOADED, "What a model takes and gives", _ID),
    **_of_protocol(f"{_V2}/ready", answers.ModelIsReady, _LOADED, "Whether a model is ready", _ID),
    **_of_protocol(
        f"{_V2}/infer",
        answers.InferenceAnswer,
        (*_BODY, *_LOADED, PredictionLimit),
        "Ask a model, by tensors",
        _ID,
        about="The tensors stand in `data`, or as bytes behind the JSON: then the header "
        "`Inference-Header-Content-Length` says how many bytes are JSON, `binary_data_size` among "
        "an input's `parameters` how many are its own, and the body is `application/octet-stream`. "
        "`binary_data` among an output's parameters, or `binary_data_output` among the request's, "
        "asks for an answer of that kind.",
        body="Infer",
        examples={
            "two rows": {"inputs": [_TENSOR]},
            "with probabilities": {
                "id": "42",
                "inputs": [_TENSOR],
                "outputs": [{"name": "predict"}, {"name": "probabilities"}],
            },
        },
    ),
    "POST /v2/repository/index": Operation(
        summary="List the models",
        tag="inference protocol",
        about="All of them, those that train and those that failed to as well. The body may be "
        "empty.",
        body="Index",
        needs_body=False,
        examples={"those that are ready": {"ready": True}},
        answers={200: list[answers.IndexEntry]},
        problems=(*_BODY, StoreUnavailable),
    ),
    "GET /v2/models/stats": _STATISTICS,
    "GET /v2/models/{model_type}/stats": replace(
        _STATISTICS, problems=(UnknownModelType, StoreUnavailable)
    ),
    "GET /v2/models/{model_type}/versions/{model_id}/stats": replace(_STATISTICS, problems=_LOADED),
}

# What the server itself may answer before a route is asked: a request that is no HTTP, or too
# slow, or too long.
SERVER: Mapping[int, tuple[str, ...]] = {
    400: ("malformed-request",),
    408: ("request-timeout",),
    414: ("uri-too-long",),
    417: ("expectation-failed",),
    431: ("headers-too-large",),
    500: (FitserveError.name,),
    501: ("unknown-transfer-coding",),
    503: (Overloaded.name,),
}


def problems(operation: Operation, path: str, asks: Access, needs: Access) -> dict[int, list[str]]:
    """By status the names of the problems that it may be answered by: of a route that says what
    access it asks for, and what it needs on this server."""
    found = {status: list(names) for status, names in SERVER.items()}
    for one in operation.problems:
        status = int(told({"status": one.status, "detail": ""}, path).status)
        found.setdefault(status, []).append(one.name)
    if "{" in path:
        found.setdefault(int(HTTPStatus.NOT_FOUND), []).append("not-found")
    if asks is not Access.OPEN:
        found.setdefault(429, []).append(RateLimited.name)
    if needs is not Access.OPEN:
        found[401], found[403] = ["unauthorized"], ["forbidden"]
    return {status: sorted(set(names)) for status, names in sorted(found.items())}
