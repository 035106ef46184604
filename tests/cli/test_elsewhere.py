"""Where it is not fitserve that answers: what came is shown, and no command breaks off."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fitserve.cli import main
from tests.cli.conftest import IRIS, Command
from tests.conftest import Server
from tests.foreign import Foreign, foreign, others

ROWS = [{"sepal_length": 5, "sepal_width": 3, "petal_length": 1, "petal_width": 0.2}] * 2


@pytest.fixture
def elsewhere() -> Iterator[Foreign]:
    """A server in the place of the one that there is."""
    with foreign() as told:
        yield told


@pytest.fixture(scope="module")
def model(served: Server) -> Iterator[None]:
    """A model whose description tells as much as one can."""
    words = ["--target", "species", "--cv", "2", "--importance", "--kinds", "petal_width:category"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FITSERVE_URL", f"http://127.0.0.1:{served.port}")
        assert main(["register", "decision_tree", "500", IRIS, *words]) == 0
    yield
    assert served.ask("DELETE", "/models/decision_tree/500")[0] == 204


@pytest.fixture
def body(tmp_path: Path) -> Path:
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(ROWS))
    return file


@pytest.mark.parametrize(
    "content", [b"<html>welcome</html>", b"{}", b"[1]", b"null", b"[" * 100_000, b""]
)
@pytest.mark.parametrize(
    "words",
    [
        "register knn 1 IRIS --target species",
        "register knn 1 IRIS --dry-run",
        "evaluate knn 1 IRIS",
        "predict knn 1 IRIS",
        "predict knn 1 IRIS --table",
        "predict knn 1 IRIS --json",
        "predict knn 1 BODY",
        "show knn 1",
        "list",
        "types",
        "types knn",
    ],
)
def test_what_came_is_shown(
    words: str,
    content: bytes,
    body: Path,
    fitserve: Command,
    elsewhere: Foreign,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FITSERVE_URL", elsewhere.url)
    elsewhere.content = content
    done = fitserve(*words.replace("IRIS", IRIS).replace("BODY", str(body)).split())
    assert done.code == 1
    assert not done.out
    assert f"200 OK, and no answer of fitserve's: {content[:300].decode()}".strip() in done.err


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("words", "ask"),
    [
        ("show decision_tree 500", "show decision_tree 500 --json"),
        ("register decision_tree 501 IRIS --target species", "show decision_tree 500 --json"),
        ("register knn 1 IRIS --dry-run", "register knn 1 IRIS --target species --dry-run --json"),
        ("list", "list decision_tree --json"),
        ("types pca", "types pca --json"),
        ("evaluate knn 1 IRIS", "evaluate decision_tree 500 IRIS --importance --json"),
        ("predict knn 1 BODY --table", "predict decision_tree 500 BODY --json"),
        (
            "predict knn 1 BODY --probabilities",
            "predict decision_tree 500 BODY --probabilities --json",
        ),
        ("predict knn 1 IRIS --json", "predict decision_tree 500 BODY --json"),
    ],
)
def test_what_is_nearly_an_answer_of_fitserves_is_shown_or_left(
    words: str,
    ask: str,
    body: Path,
    fitserve: Command,
    elsewhere: Foreign,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(typed: str) -> Any:
        return fitserve(*typed.replace("IRIS", IRIS).replace("BODY", str(body)).split())

    asked = run(ask)
    assert asked.code == 0, asked.err
    told = json.loads(asked.out)
    told = {"models": told[:1], "next": None} if words == "list" else told
    monkeypatch.setenv("FITSERVE_URL", elsewhere.url)
    codes = set()
    for other in others(told):
        elsewhere.content = json.dumps(other).encode()
        done = run(words)
        codes.add(done.code)
        assert done.code in (0, 1), other
        assert not done.code or "fitserve" in done.err
    assert codes == {0, 1}


@pytest.mark.parametrize(
    "content", ["", "\n", "prediction\n1,2\n", 'a,"b\n', "a\rb,c\r\n", "a,prediction\n1\n", "\0"]
)
def test_a_csv_that_is_none_is_shown_as_it_is(
    content: str, fitserve: Command, elsewhere: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FITSERVE_URL", elsewhere.url)
    elsewhere.content, elsewhere.kind = content.encode(), "text/csv; charset=utf-8"
    for form in ("--table", "--csv"):
        assert fitserve("predict", "knn", 1, IRIS, form).code == 0
    elsewhere.content = b"\xff"
    assert fitserve("predict", "knn", 1, IRIS, form).code == 1
