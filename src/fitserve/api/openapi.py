"""The OpenAPI 3.1 document: the application's own routes, and the schemas that requests are held
to."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic import BaseModel, TypeAdapter

from fitserve.api import answers, descriptions, inference_requests, operations, queries, schemas
from fitserve.api.keys import Access, Keys, declared
from fitserve.api.operations import OPERATIONS, Operation
from fitserve.api.request import Request
from fitserve.api.tensors import BYTES, DTYPES
from fitserve.data.options import SCHEMA as COLUMN_OPTIONS
from fitserve.evaluation import plan
from fitserve.models.base import Model
from fitserve.version import VERSION

Schema = dict[str, Any]
Catalog = Mapping[str, type[Model]]

_REFS = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_ABOUT = (
    "fit + serve: POST a table, get a trained model behind an HTTP endpoint. Bodies are JSON in "
    "UTF-8, or CSV where a route says so, packed by gzip or deflate where `Content-Encoding` says "
    "so. Every error is a problem (RFC 9457) whose `detail` says what to do next; under `/v2` it "
    'is `{"error": text}`, as the Open Inference Protocol has it.'
)


def document(app: Flask, catalog: Catalog, keys: Keys) -> Schema:
    """The document of this application's routes, for this server's keys."""
    paths: dict[str, Schema] = {}
    for key, endpoint in sorted(
        routes(app).items(), key=lambda one: list(OPERATIONS).index(one[0])
    ):
        method, path = key.split(" ")
        of, name = OPERATIONS[key], endpoint.rpartition(".")[2]
        asks = declared(app.view_functions[endpoint])
        asks = Access.WRITE if asks is None else asks
        needs = keys.needed(asks)
        told = _operation(of, name, path, needs, catalog)
        told["responses"] = _responses(of, path, operations.problems(of, path, asks, needs))
        paths.setdefault(path, {})[method.lower()] = told
    locked = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "fitserve",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _schemas(catalog)} | (locked if keys.given else {}),
    }


def routes(app: Flask) -> dict[str, str]:
    """The endpoint of each `METHOD path` that is described."""
    found = {
        f"{method} {path_of(rule.rule)}": rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    return {key: endpoint for key, endpoint in found.items() if key in OPERATIONS}


def path_of(rule: str) -> str:
    """A rule of Flask's as a path of the document."""
    return _PARAMETER.sub(r"{\1}", rule)


def _operation(
    of: Operation, name: str, path: str, need: Access, catalog: Catalog
) -> dict[str, Any]:
    told: Schema = {"operationId": name, "summary": of.summary, "tags": [of.tag]}
    about = [of.about] if of.about else []
    if need is not Access.OPEN:
        about.append(f"Needs a {need.name.lower()} key.")
        told["security"] = [{"key": []}]
    if about:
        told["description"] = " ".join(about)
    parameters = [*_in_path(path, catalog), *_in_query(of, catalog)]
    if of.body == "Register":
        parameters.append(_PREFER)
    if parameters:
        told["parameters"] = parameters
    if of.body is not None:
        told["requestBody"] = {"required": of.needs_body, "content": _bodies(of, catalog)}
    return told


_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "`respond-async` (RFC 7240): queue the training, and answer 202 at once.",
    "schema": {"type": "string", "examples": ["respond-async"]},
}


# ------------------------------------------------------------------------------- requests


def _in_path(path: str, catalog: Catalog) -> Iterator[Schema]:
    known = {"model_type": _type(catalog), "model_id": TypeAdapter(schemas.ModelId).json_schema()}
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": known[name]}


def _type(catalog: Catalog) -> Schema:
    return {"type": "string", "enum": sorted(catalog)}


def _in_query(of: Operation, catalog: Catalog) -> Iterator[Schema]:
    if of.query is not None:
        yield from _parameters(of.query.model_json_schema()["properties"], catalog)
    if of.csv is None:
        return
    if of.csv == "register":
        yield from _parameters({"dry_run": _DRY_RUN}, catalog)
    beside = _beside_csv(of.csv)
    yield from _parameters(beside, catalog, "Beside a CSV; in JSON it stands in the body.")
    if of.csv == "register":
        yield {
            "name": "hyperparameters",
            "in": "query",
            "style": "form",
            "explode": True,
            "description": "Beside a CSV: each hyperparameter of the type is a parameter of its "
            "own, as in `n_neighbors=3`; the schema of the type's `kwargs` has them.",
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
        }


def _beside_csv(route: str) -> dict[str, Schema]:
    asked: dict[str, Schema] = schemas.PredictRequest.schema_of()["properties"]
    key = {"model_type": asked["model_type"], "model_id": asked["model_id"]}
    dialect = _DIALECT | {"na_values": COLUMN_OPTIONS["properties"]["na_values"]}
    target = {"target": {"type": "string", "description": "The column to learn."}}
    if route == "predict":
        return key | {"probabilities": asked["probabilities"]} | dialect
    if route == "evaluate":
        asked = schemas.EvaluateRequest.schema_of()["properties"]
        return key | target | {n: asked[n] for n in ("importance", "repeats")} | dialect
    options: dict[str, Schema] = COLUMN_OPTIONS["properties"] | plan.schema()["properties"]
    return key | target | _DIALECT | options


_DRY_RUN = {
    "type": "boolean",
    "default": False,
    "description": "Check all, train nothing, keep nothing.",
}
_DIALECT: dict[str, Schema] = {
    "delimiter": {
        "type": "string",
        "description": "Between cells: one character, or `tab`; by default found out.",
    },
    "decimal": {"type": "string", "enum": [".", ","], "default": "."},
    "header": {
        "type": "boolean",
        "default": True,
        "description": "Whether the first record names the columns; else they are `0`, `1`, ...",
    },
}
assert tuple(_DIALECT) == queries.DIALECT


def _parameters(
    properties: Mapping[str, Schema], catalog: Catalog, about: str = ""
) -> Iterator[Schema]:
    for name, given in properties.items():
        schema = {k: v for k, v in given.items() if k not in ("title", "description")}
        schema = _without_null(schema)
        if name == "model_type":
            schema = _type(catalog)
        said = " ".join(filter(None, (given.get("description"), about)))
        parameter: Schema = {"name": name, "in": "query", "schema": schema}
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        if name == "kinds":
            parameter["schema"] = {"type": "string", "examples": ["zip:category,body:text"]}
            said = said.replace("by name,", "as NAME:KIND with commas between,")
        yield parameter | ({"description": said} if said else {})


def _without_null(schema: Schema) -> Schema:
    """What is left out is not null, in a query."""
    branches = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(branches) != 1:
        return schema
    kept = {k: v for k, v in schema.items() if k != "anyOf" and (k, v) != ("default", None)}
    branch: Schema = branches[0]
    return kept | branch


def _bodies(of: Operation, catalog: Catalog) -> Schema:
    examples = {name: {"value": value} for name, value in of.examples.items()}
    if of.body == "Register":
        examples = {
            name: {"value": operations.registration(name, cls.supervised(), numbers=numbers(cls))}
            for name, cls in sorted(catalog.items())
        }
    bodies: Schema = {"application/json": {"schema": _ref(of.body or ""), "examples": examples}}
    if of.csv is not None:
        bodies["text/csv"] = {
            "schema": {"type": "string", "description": "RFC 4180, in UTF-8, with a header."},
            "examples": {
                name: {"summary": f"POST /{of.csv}?{query}", "value": text}
                for name, (query, text) in of.csv_examples.items()
            },
        }
    return bodies


def numbers(cls: type[Model]) -> bool:
    """Whether y is numbers alone."""
    return cls.tasks == ("regression",)


# -------------------------------------------------------------------------------- answers


def _responses(of: Operation, path: str, problems: Mapping[int, list[str]]) -> Schema:
    protocol = path.startswith("/v2")
    found = {status: _refused(status, names, protocol) for status, names in problems.items()}
    for status, answer in of.answers.items():
        said: Schema = {"description": HTTPStatus(status).phrase}
        content = {} if answer is None else {"application/json": {"schema": _of(answer)}}
        for media_type, example in of.also.items():
            text: Schema = {"schema": {"type": "string"}}
            content[media_type] = text | ({"example": example} if example else {})
        if content and status != HTTPStatus.NOT_MODIFIED:
            said["content"] = content
        if answer is answers.Description:
            said |= {"links": _LINKS}
            if status != HTTPStatus.OK:
                said["headers"] = {"Location": _TEXT, "Retry-After": _TEXT}
        found[status] = said
    return {str(status): one for status, one in sorted(found.items())}


_TEXT: Schema = {"schema": {"type": "string"}}
_KEY = {"model_type": "$response.body#/model_type", "model_id": "$response.body#/model_id"}
_LINKS = {
    name: {"operationId": name, "parameters": _KEY}
    for name in ("describe", "list_classes", "delete")
}


def _refused(status: int, names: list[str], protocol: bool) -> Schema:
    """Problems of one status. What the server itself refuses is a problem under /v2 as well."""
    schema = {
        "allOf": [_ref("Problem")],
        "properties": {"type": {"enum": [f"/problems/{name}" for name in names]}},
    }
    content = {"application/problem+json": {"schema": schema}}
    if protocol:
        content["application/json"] = {"schema": _ref("ProtocolError")}
    said: Schema = {"description": " or ".join(names), "content": content}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        said["headers"] = {"Retry-After": _TEXT}
    if status == HTTPStatus.UNAUTHORIZED:
        said["headers"] = {"WWW-Authenticate": _TEXT}
    return said


def _of(answer: Any) -> Schema:
    if isinstance(answer, type) and issubclass(answer, BaseModel):
        return _ref(answer.__name__)
    schema = TypeAdapter(answer).json_schema(ref_template=_REFS)
    schema.pop("$defs", None)  # they stand among the schemas
    return schema


# -------------------------------------------------------------------------------- schemas


def _ref(name: str) -> Schema:
    return {"$ref": _REFS.format(model=name)}


def _schemas(catalog: Catalog) -> dict[str, Schema]:
    """Every schema that has a name, by it; each type's kwargs by the type's."""
    kwargs = {name: descriptions.kwargs_schema(cls) for name, cls in sorted(catalog.items())}
    bodies = {f"Register.{name}": _register(name) for name in kwargs}
    mapping = {name: _REFS.format(model=f"Register.{name}") for name in kwargs}
    features = {"features": descriptions.FEATURES}
    return {
        "Register": {
            "oneOf": [_ref(name) for name in bodies],
            "discriminator": {"propertyName": "model_type", "mapping": mapping},
        },
        "Predict": _body(schemas.PredictRequest, catalog, features),
        "Evaluate": _body(schemas.EvaluateRequest, catalog, features | {"y": descriptions.TRUTH}),
        "List": _body(schemas.ListRequest, catalog, {}),
        "Index": schemas.IndexRequest.schema_of(),
        "Infer": _inference(),
        **bodies,
        **kwargs,
        **_answers(),
    }


def _register(model_type: str) -> Schema:
    schema = deepcopy(schemas.RegisterRequest.schema_of())
    schema["title"] = f"Register a {model_type}"
    schema["properties"] |= {"model_type": {"const": model_type}, "kwargs": _ref(model_type)}
    return schema


def _body(of: type[Request], catalog: Catalog, members: Mapping[str, Schema]) -> Schema:
    schema = deepcopy(of.schema_of())
    schema["properties"] |= {"model_type": _type(catalog), **members}
    return schema


def _inference() -> Schema:
    schema = deepcopy(inference_requests.Asked.schema_of())
    inputs = deepcopy(inference_requests.Input.schema_of())
    inputs["properties"]["data"] = {
        "type": "array",
        "description": "The elements row by row, in one list or in a list of rows; null is a gap.",
    }
    inputs["properties"]["datatype"]["enum"] = [*DTYPES, BYTES]
    inputs["properties"]["shape"] = {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 1,
        "maxItems": 2,
    }
    schema["properties"]["inputs"] |= {"items": inputs, "minItems": 1}
    schema["properties"]["outputs"]["anyOf"][0]["items"] = inference_requests.Output.schema_of()
    return schema


def _answers() -> dict[str, Schema]:
    named: dict[str, Schema] = {}
    told = {answer for of in OPERATIONS.values() for answer in of.answers.values()}
    for answer in [*sorted(told - {None}, key=str), answers.Problem, answers.ProtocolError]:
        schema = TypeAdapter(answer).json_schema(ref_template=_REFS)
        named |= schema.pop("$defs", {})
        if isinstance(answer, type) and issubclass(answer, BaseModel):
            named[answer.__name__] = schema
    return dict(sorted(named.items()))
