"""Requests of every sort, most of them wrong, from a seed."""

import json
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fitserve.data.expectations import fits
from fitserve.models import catalog

HUGE = 10**400
VALUES: list[Any] = [
    *(0, 1, 2, 3, 5, -1, 10**18, 2**53, 2**63, 10**19, 10**310, HUGE, -HUGE),
    *(0.5, 0.1, 1.0, -1.5, 1e16, 1e308, -1e308, 1e-308, 5e-324, 0.0),
    *(
        "",
        "a",
        "b",
        "1",
        "3.0",
        "NaN",
        "true",
        "uniform",
        "auto",
        "balanced",
        "é",
        "a\0b",
        "x" * 999,
    ),
    *(True, False, None, [], {}, [1], [1, -1], ["a", "b"], [[1.0]], [None], {"a": 1}, {"a": [1]}),
    *([0.5, 0.5], [1, 2, 3], {"0": {"a": 1}}, {"columns": ["a"], "data": [[1]]}),
]
SLOW = ("max_iter", "n_init", "max_iters", "N_ITER", "max_iterations", "num_iters", "sample")
IDS = ["0", "1", "2", "01", "-1", "1.0", "1_0", "x", "9" * 16, "9" * 3000, "٣", "%00", "", "1/2"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"]
QUERIES = [
    *("limit=1_0", "limit=0", "limit=5", "limit=05", "limit=%D9%A3", "limit=1&limit=2", "limit="),
    *("after=%00/1", "after=knn/1", "after=knn/01", "after=knn/%D9%A1", "after=", "after=/", "x=1"),
    *("fields=training,classes", "fields=x", "fields=", "model_type=knn", "model_type=%00"),
    *(
        "after=" + "9" * 3000,
        "start=1_0",
        "start=0&limit=3",
        "model_type=nix",
        "%FF=%FE",
        "=",
        "&&",
    ),
]


@dataclass
class Request:
    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def requests(seed: int, n: int) -> list[Request]:
    rng = random.Random(seed)  # noqa: S311
    return [_request(rng) for _ in range(n)]


def _request(rng: random.Random) -> Request:
    kind = rng.random()
    if kind < 0.45:
        return _post(rng, "/register", _register(rng))
    if kind < 0.75:
        return _post(rng, "/predict", _predict(rng))
    if kind < 0.8:
        return _post(rng, "/list", _wronged(rng, {"model_type": _type(rng)}))
    path = rng.choice(
        [
            *("/models", "/health", "/listtypes", "/v2/health/live", "/v2/health/ready", "/nix"),
            *("//models", "/models/", "/register", "/predict", "/list", "/", "//", "/%00", "/%FF"),
            f"/models/{_type(rng)}/{rng.choice(IDS)}",
            f"/models/{_type(rng)}/{rng.choice(IDS)}/classes",
            f"/types/{quote(_type(rng))}",
        ]
    )
    if rng.random() < 0.5:
        path += "?" + "&".join(rng.choices(QUERIES, k=rng.choice([1, 1, 2])))
    method = "GET" if rng.random() < 0.5 else rng.choice(METHODS)
    return Request(method, path)


def _post(rng: random.Random, path: str, value: Any) -> Request:
    body = json.dumps(value).encode()
    if rng.random() < 0.05:
        body = body.replace(b"0.1", b"1e400").replace(b"1.5", rng.choice([b"NaN", b"01", b"-"]))
    if rng.random() < 0.05:
        at = rng.randrange(len(body))
        body = body[:at] + rng.choice([b"", bytes([rng.randrange(256)]), b"'", b"\xff", body])
    headers = {"Content-Type": "application/json"}
    if rng.random() < 0.1:
        headers["Prefer"] = "respond-async"
    if rng.random() < 0.03:
        headers["Content-Encoding"] = rng.choice(["gzip", "deflate", "br", "x"])
    if rng.random() < 0.03:
        headers["Content-Type"] = rng.choice(["text/csv", "text/plain", "", "application/x+json"])
    return Request("POST", path, body, headers)


def _type(rng: random.Random) -> str:
    return rng.choice([*catalog(), *catalog(), "nix", "", "a\0b"])


def _number(rng: random.Random, scale: float) -> Any:
    return rng.choice([rng.gauss(0, scale), float(rng.randrange(3)), rng.randrange(4), 1.5, 0.1])


def _rows(rng: random.Random) -> Any:
    width = rng.randrange(1, 4)
    scale = rng.choice([1.0] * 6 + [1e-308, 1e300, 1e-5])
    n = rng.choice([1, 2, 4, 9, 9, 9])
    rows: list[Any] = [[_number(rng, scale) for _ in range(width)] for _ in range(n)]
    if scale == 1.0 and rng.random() < 0.3:
        rows = [[abs(cell) for cell in row] for row in rows]
    if rng.random() < 0.15:
        at = rng.randrange(len(rows))
        rows[at] = rng.choice([rng.choice(VALUES), [*rows[at], 1], [rng.choice(VALUES)] * width])
    return rng.choice(VALUES) if rng.random() < 0.05 else rows


def _labels(rng: random.Random, n: int) -> Any:
    usual: list[list[Any]] = [[0, 1], ["a", "b"], [True, False], [1.5, 2.5, 0.1]]
    pool = rng.choice([*usual, *usual, [1e308, -1e308], VALUES])
    labels = [rng.choice(pool) for _ in range(n + (rng.random() < 0.05))]
    return rng.choice(VALUES) if rng.random() < 0.05 else labels


def _register(rng: random.Random) -> Any:
    model_type = _type(rng)
    cls = catalog().get(model_type)
    X = _rows(rng)
    kwargs: dict[str, Any] = {"X": X}
    if cls is None or cls.supervised() or rng.random() < 0.05:
        kwargs["y"] = _labels(rng, len(X) if isinstance(X, list) else 2)
    names = [] if cls is None else [*cls.names(), "cv", "holdout", "sample", "importance", "nix"]
    for name in rng.sample(names, min(len(names), rng.choice([0, 0, 1, 2]))):
        schema = {} if cls is None else cls.schema()["properties"].get(name, {})
        fitting = [value for value in VALUES if fits(schema, value)]
        value = rng.choice(fitting if fitting and rng.random() < 0.6 else VALUES)
        slow = name in SLOW and isinstance(value, int) and value > 50
        kwargs[name] = 3 if slow and value < HUGE else value
    if rng.random() < 0.3:
        width = len(X[0]) if isinstance(X, list) and X and isinstance(X[0], list) else 1
        called = ["a", "b", "c"][:width]
        kwargs["feature_names"] = called if rng.random() < 0.8 else rng.choice(VALUES)
    ask = {"model_type": model_type, "model_id": rng.randrange(9), "kwargs": kwargs}
    return _wronged(rng, ask)


def _predict(rng: random.Random) -> Any:
    features = _rows(rng)
    if rng.random() < 0.2:
        features = rng.choice([{"a": 1.0}, [{"a": 1.0, "b": 2}], [{}] * 3, {"a": "x", "c": None}])
    ask = {"model_type": _type(rng), "model_id": rng.randrange(9), "features": features}
    if rng.random() < 0.3:
        ask["probabilities"] = True
    return _wronged(rng, ask)


def _wronged(rng: random.Random, ask: Any) -> Any:
    if rng.random() < 0.1:
        name = rng.choice([*ask, "X", "y", "features", "modeltype", "n" * 99, "kwargs", "alpha"])
        ask[name] = rng.choice(VALUES)
    if rng.random() < 0.05:
        del ask[rng.choice(list(ask))]
    return rng.choice([[ask], json.dumps(ask), rng.choice(VALUES)]) if rng.random() < 0.04 else ask
