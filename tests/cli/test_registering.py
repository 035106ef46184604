"""`fitserve register`: what is sent, what is said of it, and what mends it."""

import io
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import IRIS, PENGUINS, Command
from tests.conftest import EXAMPLES

CSV_AND_JSON: list[tuple[str, dict[str, Any]]] = [  # options, and the kwargs that they stand for
    ("--target sex --missing drop", {"target": "sex", "missing": "drop"}),
    ("--drop a,b --drop c --target sex", {"drop": ["a", "b", "c"], "target": "sex"}),
    ("--kinds zip:category --target sex", {"kinds": {"zip": "category"}, "target": "sex"}),
    (
        """--kinds '{"a": "category"}' --kinds b:category --drop '["sex"]' --target zip""",
        {"kinds": {"a": "category", "b": "category"}, "drop": ["sex"], "target": "zip"},
    ),
    ("--na-values f --target zip --missing impute", {"na_values": ["f"], "missing": "impute"}),
    ("--categories onehot --max-categories 5 --target zip", {"max_categories": 5}),
    ("--standardize --target sex --unknown ignore", {"standardize": True, "unknown": "ignore"}),
    ("--set n_neighbors=3 --set weights=distance", {"n_neighbors": 3, "weights": "distance"}),
    ("--set task=null --set p=1e0 --set k=2", {"p": 1.0, "k": 2}),
    ("--cv 2 --importance --sample 3", {"cv": 2, "importance": True, "sample": 3}),
    ("--holdout 0.5 --max-words 10", {"holdout": 0.5}),
]
ROWS = [
    {"a": i, "b": 2 * i * i, "c": i % 3, "zip": 100 + i % 2, "sex": "mf"[i % 2]} for i in range(12)
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tables")
    lines = [",".join(ROWS[0]), *(",".join(map(str, row.values())) for row in ROWS)]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    (folder / "rows.json").write_text(json.dumps(ROWS))
    return folder / "rows.csv", folder / "rows.json"


@pytest.mark.parametrize(("typed", "kwargs"), CSV_AND_JSON)
def test_options_mean_the_same_of_csv_and_json(
    typed: str, kwargs: dict[str, Any], fitserve: Command, tables: tuple[Path, Path]
) -> None:
    words = shlex.split(typed if "--target" in typed else f"{typed} --target sex")
    told = []
    for file in tables:
        done = fitserve("register", "knn", 1, file, "--dry-run", "--json", *words)
        assert done.code == 0, done.err
        told.append(json.loads(done.out) | {"estimate": None})
    assert told[0] == told[1]
    shown = told[0] | told[0]["hyperparameters"]
    for name, value in kwargs.items():
        if name in shown:
            assert shown[name] == value or name == "k"
    kinds = {column["name"]: column["kind"] for column in told[0]["columns"]}
    assert kinds == kinds | kwargs.get("kinds", {})
    assert not kinds.keys() & set(kwargs.get("drop", []))


def test_what_is_said_of_a_mistake_mends_it(fitserve: Command) -> None:
    words = ["register", "knn", 2, PENGUINS, "--target", "species"]
    refused = fitserve(*words)
    assert refused.code == 1
    assert refused.out == ""
    assert "\n  line 5, bill_length_mm: 'NA' counts as empty" in refused.err
    head, mending = refused.err.splitlines()[-2:]
    assert head == "What mends it:"
    assert mending.split("  ")[1:] == ["--missing impute", "fills empty cells"]
    done = fitserve(*words, *shlex.split(mending.split("  ")[1]))
    assert done.code == 0
    assert done.out.startswith("knn 2 is ready: classification of species by 7 columns of 344 rows")
    assert "\nAdvice\n  body_mass_g spreads " in done.out
    assert "\n    --standardize\n" in done.out
    again = fitserve(*words, "--missing", "impute")
    assert again.code == 1
    assert "already, and a model never changes. Choose another id, or remove it first" in again.err


def test_a_hyperparameter_is_named_as_it_was_typed(fitserve: Command) -> None:
    done = fitserve("register", "knn", 3, IRIS, "--target", "species", "--set", "n_neighbours=3")
    assert "  --set n_neighbours: " in done.err
    assert done.code == 1
    done = fitserve("register", "knn", 3, IRIS, "--target", "species", "--set", "kk=3")
    assert "known are: k, n_neighbors, p, random_state, task, weights\n" in done.err
    done = fitserve("register", "knn", 3, IRIS, "--target", "species", "--set", "n_neighbors=999")
    assert "\n  --set n_neighbors=11  n_neighbors is 11\n" in done.err


X = [[1, 2], [2, 1]]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"X": X, "y": ["a", "b"], "kwargs": {}}, "  X: X stands beside kwargs; write it inside"),
        ({"model_id": 1, "X": X, "kwargs": {"y": ["a", "b"]}}, "  X: X stands beside kwargs; "),
        ({"kwargs": {"X": X}, "y": ["a", "b"]}, "  y: y stands beside kwargs; write it inside"),
        ({"features": X, "y": ["a", "b"]}, "  features: features are what /predict takes; write X"),
        ({"model_type": "svm", "model_id": 1, "X": X, "y": ["a", "b"], "k": 1}, None),
        ({"X": X, "y": ["a", "b"], "k": 1}, None),
        ({"features": [1, 2], "y": ["a", "b"]}, "  --target: "),  # columns of those names
    ],
)
def test_json_that_stands_otherwise(
    typed: object, says: str | None, fitserve: Command, tmp_path: Path
) -> None:
    (file := tmp_path / "body.json").write_text(json.dumps(typed))
    done = fitserve("register", "knn", 7, file, "--dry-run")
    assert done.code == (0 if says is None else 1)
    assert says is None or says in done.err


@pytest.mark.parametrize("name", ["kwargs", "X", "features"])
@pytest.mark.parametrize("by", ["body.json", "-"])
def test_a_list_of_bodies(
    name: str, by: str, fitserve: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"X": X, "y": ["a", "b"], "k": 1}
    body = {"model_type": "knn", "kwargs": data} if name == "kwargs" else {**data, name: X}
    bodies = [body, [body], [body, body]]
    for command in ("register", "predict", "evaluate"):
        for value in bodies[1:]:
            typed = json.dumps(value)
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
            (tmp_path / "body.json").write_text(typed)
            done = fitserve(command, "knn", 7, by if by == "-" else tmp_path / by)
            assert done.code == 2
            assert f"an object is needed, not a list of {len(value)}; " in done.err
            said = "take the [ ] around it away" if len(value) == 1 else "by a command of its own"
            assert said in done.err
    (tmp_path / "body.json").write_text(json.dumps(body))
    if name != "features":
        assert fitserve("register", "knn", 7, tmp_path / "body.json", "--dry-run").code == 0


@pytest.mark.parametrize(
    "kwargs",
    ['{"n_neighbors": 5, "feature_names": ["a"]}', '{"p": 1}', "n_neighbors=5", "X", 5, None],
)
def test_kwargs_that_are_none(kwargs: object, fitserve: Command, tmp_path: Path) -> None:
    (file := tmp_path / "body.json").write_text(json.dumps({"kwargs": kwargs}))
    done = fitserve("register", "knn", 7, file, "--set", "k=1")
    assert done.err.startswith("fitserve: to mend:\n  kwargs: an object, such as {")
    sent = f"the text {kwargs!r}"[:46] if isinstance(kwargs, str) else json.dumps(kwargs)
    assert f" is needed, not {'the number ' if kwargs == 5 else ''}{sent}" in done.err


@pytest.mark.parametrize("form", ["'{}'", '"{}"', "\u201c{}\u201d", "`{}`", " {} ", "\u200b{}"])
@pytest.mark.parametrize("option", ["--target", "--drop", "--kinds"])
def test_what_stands_around_a_name(option: str, form: str, fitserve: Command) -> None:
    name = {"--target": "species"}.get(option, "sepal_width")
    kind = ":category" if option == "--kinds" else ""
    typed = form.format(name) + kind
    words = ["register", "knn", 7, IRIS, "--dry-run"]
    words += [] if option == "--target" else ["--target", "species"]
    done = fitserve(*words, option, typed)
    if done.code:  # spaces around the names of a list are no part of these
        assert " stand" in done.err
        assert f", write {option} {name}{kind}\n" in done.err
        assert "learned" not in done.err
    assert fitserve(*words, option, name + kind).code == 0
    assert done.code or form == " {} "


@pytest.mark.parametrize("content", ["body", "kwargs"])
def test_json_by_its_content(
    content: str, fitserve: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.loads((EXAMPLES / "register-knn.json").read_bytes())
    typed = json.dumps(body if content == "body" else body["kwargs"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
    model_id = {"body": 4, "kwargs": 5}[content]
    done = fitserve("register", "knn", model_id, "-", "--set", "n_neighbors=7", "--json")
    told = json.loads(done.out)
    assert told["model_id"] == model_id
    assert told["n_samples"] == 150
    assert told["hyperparameters"]["n_neighbors"] == 7


def test_a_csv_by_standard_input_and_a_queued_training(
    fitserve: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = Path(IRIS).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    done = fitserve("register", "svm", 6, "-", "--target", "species", "--no-wait")
    assert done.code == 0
    assert done.out.startswith("svm 6 is ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--set", "n_neighbors"], "one word with = in it; write --set n_neighbors=VALUE"),
        (["--set", "=3"], "--set: write NAME=VALUE, as in n_neighbors=3, not '=3'"),
        (["--kinds", "zip"], "--kinds: write COLUMN:KIND, as in zip:category, not 'zip'"),
        (["--missing", "fill"], "takes error, impute or drop, not 'fill'"),
        (["--cv", "five"], "--cv takes a number of folds, 2 to 20, not 'five'"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(
    words: list[str], says: str, fitserve: Command
) -> None:
    done = fitserve("register", "knn", 7, IRIS, "--target", "species", *words)
    assert done.code == 2
    assert says in done.err


@pytest.mark.parametrize("model_id", ["-1", "1.0", "x", 2**53])
def test_an_id_is_a_whole_number(model_id: object, fitserve: Command) -> None:
    done = fitserve("register", "knn", "--", model_id, IRIS)
    assert done.code == 2
    assert "a whole number from 0 to 2^53 - 1 is needed" in done.err


@pytest.mark.parametrize("by", ["body.json", "body", "-"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[1,2", "line 1 column 4: the body ends here, before its JSON does"),
        (b'{"X": [[1], [2', "a text, list or object was opened and is not closed"),
        (b'{"X": [[1],]}', "line 1 column 12: a comma stands before the closing bracket"),
        (b'{"X": [[NaN]]}', "JSON has no NaN: null is how a gap is sent"),
        (b"[NaN]", "JSON has no NaN"),
        (b"[{'a': 1}]", "double quotes, not in single ones"),
        (b"{a: 1}", "double quotes"),
        (b"[1, 2], [3, 4]", "the JSON has ended before this"),
        (b'{"a": 1}\n{"a": 2}\n', "make one list of them"),
        (b'{"X": "\xff"}', "this byte is not UTF-8"),
        (b"[" * 100_000, "more than 200 lists and objects lie inside each other"),
    ],
)
def test_a_file_that_is_no_json(
    content: bytes,
    says: str,
    by: str,
    fitserve: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    (tmp_path / by).write_bytes(content)
    done = fitserve("register", "knn", 8, by if by == "-" else tmp_path / by)
    assert done.code == 2
    assert says in done.err


@pytest.mark.parametrize("head", ["[mm]", "{mm}", "[µm] wide", "\ufeff[NaNometres]", "[a b]"])
def test_a_header_may_begin_with_a_bracket(head: str, fitserve: Command, tmp_path: Path) -> None:
    file = tmp_path / "rows"
    file.write_text(f"{head},y\n1,a\n2,a\n8,b\n9,b\n")
    done = fitserve("register", "knn", 9, file, "--target", "y", "--set", "k=1", "--dry-run")
    assert done.code == 0, done.err
    assert f"\n{head.removeprefix(chr(0xFEFF))} " in done.out
