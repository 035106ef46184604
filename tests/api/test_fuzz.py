"""Whatever bytes come as a body, JSON or CSV, with whatever query: what is read of it is a training
or rows, or it is refused by an error of ours.

`FITSERVE_FUZZ=200000` makes it as many bodies.
"""

import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json
from werkzeug.datastructures import MultiDict

from fitserve.api.asked import CsvEvaluation, CsvPrediction, of_json
from fitserve.api.registrations import CsvRegistration
from fitserve.api.request import parse
from fitserve.api.schemas import EvaluateRequest, PredictRequest, RegisterRequest
from fitserve.data.features import feature_rows
from fitserve.data.options import NAMES
from fitserve.errors import FitserveError, UnknownModelType
from fitserve.evaluation.plan import OPTIONS
from fitserve.models import catalog
from fitserve.models.base import Model
from fitserve.storage.cache import Loaded
from fitserve.storage.store import Record

EACH = 25
"""Bodies that are made of one that hypothesis draws."""
MANY = int(os.environ.get("FITSERVE_FUZZ", "1500"))
CATALOG = catalog()
TYPES = st.sampled_from(sorted(CATALOG))
NOISE = [
    *(
        b'"',
        b'""',
        b",",
        b";",
        b"\t",
        b"\r",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"\0",
        b"\xef\xbb\xbf",
        b"sep=;",
    ),
    *(b"\xff", b"\xc3", b"\xed\xa0\x80", "\u2028".encode(), "é".encode(), "٣".encode(), b" ", b"="),
    *(
        b"NaN",
        b"Infinity",
        b"-",
        b"1e999",
        b"1e-999",
        b"9" * 400,
        b"9" * 5000,
        b"007",
        b"1,5",
        b"0x1",
    ),
    *(b"null", b"true", b"[", b"]", b"{", b"}", b"[[", b"\\", b"\\u0000", b"\\ud800", b":", b"NA"),
    *(b"2026-01-01", b"5 %", b"-0", b"1_0", b"'", b"#N/A", b".", b"+1", b"1e5", b"__proto__"),
]

VALUES = [
    *(b"null", b"true", b"0", b"-0", b"1", b"0.5", b"2", b"1e308", b"1e999", b"9" * 400, b"-1"),
    *(b'""', b'"a"', b'"x"', b'"1"', b'"NA"', b'"\\u0000"', b'"\\ud800"', b"[]", b"{}", b"[1]"),
]

# ---- what is drawn ------------------------------------------------------------------------------

cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["a", "b", "yes", "", "1", "1.5", "NA", "a b", "x" * 90]),
    st.text(max_size=6),
)
columns = st.sampled_from(["a", "b", "target"] * 3 + ["c", "", "é", "0", "p(a)", "prediction"])
tables = st.one_of(
    st.lists(st.lists(st.floats(-9, 9), min_size=2, max_size=2), min_size=4, max_size=9),
    st.lists(st.lists(cells, max_size=3), max_size=6),
    st.lists(st.dictionaries(columns, cells, max_size=3), max_size=6),
    st.dictionaries(columns, st.lists(cells, max_size=6), max_size=4),
    st.fixed_dictionaries({"a": st.none() | st.integers(0, 9), "b": st.sampled_from("xy")}),
)
anything = st.recursive(
    cells, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(columns, inner, max_size=3)
)
options = st.dictionaries(
    st.sampled_from(
        sorted({*NAMES, *OPTIONS, *(name for cls in CATALOG.values() for name in cls.names())})
    ),
    st.one_of(anything, st.sampled_from(["drop", "impute", "ignore", "error", "auto", 2, 0.5])),
    max_size=3,
)


@st.composite
def registrations(draw: Any) -> bytes:
    if draw(st.booleans()):
        table = draw(
            st.lists(st.tuples(st.integers(0, 9), st.floats(0, 9)), min_size=6, max_size=9)
        )
        kwargs = {"X": table} | draw(options | st.just({}))
        kwargs |= {"y": draw(st.permutations([0, 0, 0, 1, 1, 1, 0, 1, 1]))[: len(table)]}
    else:
        kwargs = {"X": draw(tables)} | draw(options)
    if draw(st.booleans()) and "y" not in kwargs:
        kwargs["y"] = draw(st.lists(cells, max_size=9) | anything)
    if not draw(st.integers(0, 3)):
        kwargs["target"] = draw(columns | anything)
    if not draw(st.integers(0, 3)):
        kwargs["feature_names"] = draw(st.lists(columns, max_size=3) | anything)
    ask = {"model_type": draw(TYPES), "model_id": 1, "kwargs": kwargs}
    return json.dumps(ask).encode()


@st.composite
def questions(draw: Any) -> bytes:
    row = st.fixed_dictionaries({"a": st.integers(0, 9), "b": st.sampled_from("xy")})
    words = st.fixed_dictionaries({"a": st.text("one two,") | st.none()})
    good = st.lists(row, min_size=1, max_size=4) | words | st.tuples(st.floats(-9, 9), st.just(2))
    features = draw(good | tables | anything)
    ask = {"model_type": "knn", "model_id": draw(cells), "features": features}
    if draw(st.booleans()):
        ask["y"] = draw(st.lists(cells, max_size=6))
    if draw(st.integers(0, 3)):
        ask["model_id"] = 1
    return json.dumps(ask).encode()


@st.composite
def files(draw: Any) -> bytes:
    delimiter, newline = draw(st.sampled_from(",,;\t")), draw(st.sampled_from(["\n", "\r\n"]))
    numbers, words = st.integers(0, 9).map(str), st.sampled_from(["x", "y"])
    texts = st.sampled_from(
        [
            "1",
            "2",
            "0.5",
            "-3e2",
            "a",
            "b",
            "",
            "NA",
            "true",
            '"a, b"',
            '"a""b"',
            "1,5",
            "007",
            " 1 ",
        ]
    )
    header = draw(st.just(["a", "b", "target"]) | st.lists(columns, min_size=1, max_size=4))
    row = [draw(st.sampled_from([numbers, words, texts])) for _ in header]
    rows = draw(st.lists(st.tuples(*row), max_size=8))
    text: str = newline.join(delimiter.join(row) for row in [header, *rows])
    return text.encode()


usual = st.sampled_from([{}, {"missing": "impute", "n_neighbors": "1"}])
strange = st.dictionaries(
    st.sampled_from(
        [
            *("model_type", "model_id", "target", "delimiter", "decimal", "header", "cv", "drop"),
            *("kinds", "na_values", "missing", "unknown", "standardize", "n_neighbors", "nix"),
            *("importance", "repeats", "max_words", "dry_run", "probabilities", "weights", "p"),
        ]
    ),
    st.sampled_from(["a", "target", "1", "tab", ";", ",", "false", "true", "impute", "drop", "2"])
    | st.sampled_from(["a:text", "a:category,b:number", "[", '{"a": 1}', "null", "ignore", "1e999"])
    | st.text(max_size=8),
    max_size=4,
)
queries = st.one_of(usual, strange, st.tuples(usual, strange).map(lambda both: both[0] | both[1]))


_VALUE = re.compile(rb'"[^"]*":|("[^"]*"|[-+.\w]+)')  # or a member, which stays


def mutated(body: bytes, seed: int) -> Iterator[bytes]:
    """The body as it is, and others with something put in, taken out or repeated."""
    rng = random.Random(seed)  # noqa: S311
    yield body
    tokens = [found.span(1) for found in _VALUE.finditer(body) if found[1]]
    for _ in range(EACH - 1):
        changed = body
        for _ in range(rng.choice([1, 1, 1, 2, 4])):
            at = rng.randrange(len(changed) + 1)
            to = min(len(changed), at + rng.choice([0, 0, 1, 2, 9]))
            if tokens and changed is body and rng.random() < 0.8:  # a whole value
                at, to = rng.choice(tokens)
                changed = changed[:at] + rng.choice(VALUES) + changed[to:]
                continue
            what = rng.choice([b"", changed[at:to] * 3, rng.randbytes(1), *[rng.choice(NOISE)] * 5])
            changed = changed[:at] + what + changed[to:]
        yield changed


# ---- what is asked ------------------------------------------------------------------------------


Query = dict[str, str]
Read = Callable[[bytes, Query], Any]


def trained(query: str, text: str) -> Loaded:
    """A model as it is asked, learned from a CSV."""
    given = dict(parse_qsl(query))
    training = CsvRegistration(MultiDict(given), text.encode()).training(CATALOG["knn"])
    assert training.table is not None
    model = training.model.fit(training.X, training.y)
    record = Record(training.key, "token", "ready", "now", training.description())
    return Loaded(record, model, None, training.table.columns)


KNN = "model_type=knn&model_id=1&n_neighbors=1"
MODELS = [
    trained(f"{KNN}&target=target&missing=impute", "a,b,target\n1,x,yes\n2,y,no\n,x,yes\n4,y,no\n"),
    trained(f"{KNN}&target=b&kinds=a:text", "a,b\none,1\ntwo,2\none two,3\none,4\ntwo,9\n"),
]


def register(body: bytes, _: Query) -> Any:
    ask = parse(RegisterRequest, body)
    return to_json(ask.training(known(ask.model_type)).description())


def known(model_type: str) -> type[Model]:
    if model_type not in CATALOG:
        raise UnknownModelType(model_type, [])
    return CATALOG[model_type]


def predict(schema: type[PredictRequest | EvaluateRequest], model: Loaded) -> Read:
    def read(body: bytes, _: Query) -> None:
        assert model.columns is not None
        rows, _single = of_json(parse(schema, body).features, model.columns)
        with rows.located(0):
            for X in rows.parts(2):
                model.model.predict(X)

    return read


def predict_numbers(body: bytes, _: Query) -> Any:
    return feature_rows(parse(PredictRequest, body).features, 2, ["a", "b"], ("features",))


def register_csv(model_type: str, target: str | None) -> Read:
    usual = {"model_type": model_type, "model_id": "1"} | ({"target": target} if target else {})
    usual |= {"knn": {"n_neighbors": "1"}, "kmeans": {"n_clusters": "1"}}.get(model_type, {})

    def read(body: bytes, query: Query) -> Any:
        ask = CsvRegistration(MultiDict(usual | query), body)
        return to_json(ask.training(known(ask.model_type)).description())

    return read


def predict_csv(model: Loaded) -> Read:
    def read(body: bytes, query: Query) -> None:
        _, rows = CsvPrediction(MultiDict({"model_type": "knn"} | query), body).rows(model)
        for X in rows.parts(2):
            model.model.predict(X)

    return read


def evaluate_csv(model: Loaded) -> Read:
    def read(body: bytes, query: Query) -> None:
        rows, _y, _place = CsvEvaluation(MultiDict({"model_type": "knn"} | query), body).rows(model)
        list(rows.parts(9))

    return read


ROUTES: dict[str, tuple[st.SearchStrategy[bytes], list[Read]]] = {
    "register": (registrations(), [register]),
    "ask": (
        questions(),
        [
            predict_numbers,
            *(
                predict(schema, one)
                for schema in (PredictRequest, EvaluateRequest)
                for one in MODELS
            ),
        ],
    ),
    "register csv": (
        files(),
        [register_csv("knn", "target"), register_csv("kmeans", None), register_csv("svm", "b")],
    ),
    "ask csv": (files(), [*map(predict_csv, MODELS), *map(evaluate_csv, MODELS)]),
}


@pytest.mark.parametrize("route", ROUTES)
def test_what_cannot_be_read_is_refused(route: str) -> None:
    bodies, reads = ROUTES[route]
    came_to: Counter[str] = Counter()

    @settings(
        max_examples=max(1, MANY // EACH // len(ROUTES)),
        database=None,
        deadline=None,
        derandomize=MANY < 10_000,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(body=bodies, query=queries, seed=st.integers(0, 2**32))
    def fuzz(body: bytes, query: dict[str, str], seed: int) -> None:
        for one in mutated(body, seed):
            came_to["bodies"] += 1
            for read in reads:
                try:
                    read(one, query)
                    came_to["read"] += 1
                except FitserveError as refused:
                    came_to[refused.name] += 1
                    assert int(refused.status) < 500, refused
                    to_json(refused.problem())

    fuzz()
    print(route, dict(came_to))  # noqa: T201  # for those who run it for long, with -s
    assert came_to["read"]
    assert came_to["invalid-request"]
