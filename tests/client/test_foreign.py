"""An answer that is nearly one of fitserve's is used, or is the client's own error."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fitserve.client import Client, Invalid, tensors
from fitserve.client.transport import Answer
from tests.conftest import Server
from tests.foreign import Foreign, foreign, others

KEY = ("gauss_naive_bayes", 600)
X = [[1.0, 10.0], [2.0, 10.5], [8.0, 1.0], [9.0, 1.5]]
Y = ["low", "low", "high", "high"]
CSV = b"a,b,y\n1,10,low\n9,1,high\n"
ASKED: dict[str, Callable[[Client], Any]] = {
    "types": lambda client: client.types(),
    "type": lambda client: client.type("pca"),
    "ids": lambda client: client.ids("gauss_naive_bayes"),
    "models": lambda client: list(client.models()),
    "wait": lambda client: client.wait(*KEY),
    "classes": lambda client: list(client.classes(*KEY)),
    "one": lambda client: client.predict(*KEY, X[0]),
    "predict": lambda client: client.predict(*KEY, X),
    "probabilities": lambda client: client.predict(*KEY, X, probabilities=True),
    "evaluate": lambda client: client.evaluate(*KEY, X, Y),
    "dry": lambda client: client.register("gauss_naive_bayes", 601, X, Y, dry_run=True),
}


class Recording(Client):
    """What it was answered last."""

    answered: Answer

    def request(self, *args: Any, **kwargs: Any) -> Answer:
        self.answered = super().request(*args, **kwargs)
        return self.answered


@pytest.fixture(scope="module")
def genuine(server: Server) -> Iterator[Recording]:
    with Recording(f"http://127.0.0.1:{server.port}") as client:
        client.register(*KEY, X, Y)
        yield client
        client.delete(*KEY)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Foreign]:
    with foreign() as told:
        yield told


def shown(ask: Callable[[Client], Any], elsewhere: Foreign) -> bool:
    """Whether the answer is refused, and said."""
    with Client(elsewhere.url, timeout=10) as client:
        try:
            ask(client)
        except Invalid as refused:
            return "200 OK, and no answer of fitserve's" in str(refused)
    return False


@pytest.mark.parametrize("name", ASKED)
def test_what_it_needs_of_an_answer_is_there_and_of_its_kind(
    name: str, genuine: Recording, elsewhere: Foreign
) -> None:
    ASKED[name](genuine)
    told = json.loads(genuine.answered.content)
    elsewhere.kind, elsewhere.headers = "application/json", {}
    elsewhere.content = genuine.answered.content
    assert not shown(ASKED[name], elsewhere)
    seen = set()
    for other in others(told):
        elsewhere.content = json.dumps(other).encode()
        seen.add(shown(ASKED[name], elsewhere))
    assert seen == {True, False}


@pytest.mark.parametrize("probabilities", [False, True])
def test_the_same_of_bytes(probabilities: bool, genuine: Recording, elsewhere: Foreign) -> None:
    def ask(client: Client) -> Any:
        return client.predict(*KEY, np.array(X), probabilities=probabilities)

    labels = ask(genuine)
    answered = genuine.answered
    end = int(answered.headers[tensors.HEADER])
    packed = answered.content[end:]
    elsewhere.kind = "application/octet-stream"

    def give(head: Any, packed: bytes, length: Any = None) -> bool:
        said = json.dumps(head).encode()
        elsewhere.headers = {tensors.HEADER: str(len(said) if length is None else length)}
        elsewhere.content = said + packed
        return shown(ask, elsewhere)

    head = json.loads(answered.content[:end])
    assert not give(head, packed)
    assert np.array_equal(labels[0] if probabilities else labels, Y)
    for cut in (b"", packed[:-1], b"\xff" * len(packed), packed[:4]):
        assert give(head, cut)
    for length in ("x", "-1", "0", "5", ""):
        assert give(head, packed, length)
    assert True in {give(other, packed) for other in others(head)}
    elsewhere.headers = {}
    assert shown(ask, elsewhere)


def test_the_same_of_a_csv(genuine: Recording, elsewhere: Foreign) -> None:
    genuine.register_csv("gauss_naive_bayes", 602, CSV + b"2,9,low\n8,2,high\n", "y")
    said = genuine.predict_csv("gauss_naive_bayes", 602, CSV)
    genuine.delete("gauss_naive_bayes", 602)
    elsewhere.headers, elsewhere.content = {}, said.encode()
    for kind, refused in (("text/csv; charset=utf-8", False), ("text/html", True)):
        elsewhere.kind = kind
        assert shown(lambda client: client.predict_csv(*KEY, CSV), elsewhere) is refused
    elsewhere.kind, elsewhere.content = "text/csv", b"\xff"
    assert shown(lambda client: client.predict_csv(*KEY, CSV), elsewhere)


@pytest.mark.parametrize(
    "page",
    [
        {"models": [], "next": "knn/1"},
        {"models": [{}], "next": "knn/1"},
        {"classes": ["a"], "next": 0},
        {"classes": [], "next": -1},
    ],
)
def test_pages_without_an_end_are_left(page: dict[str, Any], elsewhere: Foreign) -> None:
    elsewhere.kind, elsewhere.content = "application/json", json.dumps(page).encode()
    assert shown(ASKED["models" if "models" in page else "classes"], elsewhere)
