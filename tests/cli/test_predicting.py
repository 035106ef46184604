"""`fitserve predict` and `fitserve evaluate`: tables, CSVs and JSON."""

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import IRIS, Command

ROWS = [[5.1, 3.5, 1.4, 0.2], [5.9, 3.0, 5.1, 1.8]]
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
BY_NAME = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
BY_COLUMN = {name: [row[j] for row in ROWS] for j, name in enumerate(NAMES)}


@pytest.fixture
def knn(fitserve: Command) -> int:
    """The id of a model of iris."""
    done = fitserve("register", "knn", 100, IRIS, "--target", "species")
    assert done.code == 0 or "already" in done.err
    return 100


def written(folder: Path, name: str, value: Any) -> Path:
    file = folder / name
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return file


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_csv_in_each_form(sign: str, knn: int, fitserve: Command, tmp_path: Path) -> None:
    lines = [NAMES, *(map(str, row) for row in ROWS)]
    file = written(tmp_path, "rows.csv", "".join(f"{sign.join(line)}\n" for line in lines))
    plain = fitserve("predict", "knn", knn, file)  # into a pipe
    assert plain.out.splitlines()[0] == sign.join([*NAMES, "prediction"])
    assert plain.out == fitserve("predict", "knn", knn, file, "--csv").out
    told = json.loads(fitserve("predict", "knn", knn, file, "--json").out)
    assert told["predictions"] == ["setosa", "virginica"]
    table = fitserve("predict", "knn", knn, file, "--table", "--probabilities").out.splitlines()
    assert table[0].split() == [*NAMES, "prediction", "p(setosa)", "p(versicolor)", "p(virginica)"]
    assert [line.split()[4] for line in table[1:]] == ["setosa", "virginica"]


@pytest.mark.parametrize(
    ("rows", "heads"),
    [
        (BY_NAME, NAMES),
        (BY_COLUMN, NAMES),
        (ROWS, ["row"]),
        ({"features": BY_NAME, "probabilities": False}, NAMES),
        ({"X": ROWS, "y": ["setosa", "virginica"]}, ["row"]),
    ],
)
def test_json_in_each_form(
    rows: Any, heads: list[str], knn: int, fitserve: Command, tmp_path: Path
) -> None:
    file = written(tmp_path, "rows.json", rows)
    done = fitserve("predict", "knn", knn, file, "--probabilities")
    head, *found = csv.reader(io.StringIO(done.out))
    labels = ["p(setosa)", "p(versicolor)", "p(virginica)"]
    assert head == [*heads, "prediction", *labels]
    assert [row[len(heads)] for row in found] == ["setosa", "virginica"]
    told = json.loads(fitserve("predict", "knn", knn, file, "--json").out)
    assert told["predictions"] == ["setosa", "virginica"]


@pytest.mark.parametrize("word", ["NaN", "NA", "Infinity", "None", "True"])
@pytest.mark.parametrize("form", ["{}", "[{}]", '{{"X": [{}]}}', '{{"features": [{}]}}'])
@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_no_number_is_told_as_to_a_model(
    command: str, form: str, word: str, knn: int, fitserve: Command, tmp_path: Path
) -> None:
    file = written(tmp_path, "rows.json", form.format(f"[5.1, {word}, 1.4, 0.2]"))
    done = fitserve(command, "knn", knn, file)
    assert done.code == 2
    mend = "write 1" if word == "True" else "number, or leave its row out"
    assert mend in done.err
    assert not re.search(
        r"write[^.]*null|--(?!missing impute, null)", done.err.partition("JSON")[2]
    )
    file = written(tmp_path, "rows.json", form.format("[5.1, 1, 1.4, 0.2]"))
    assert fitserve("predict", "knn", knn, file).code == 0


@pytest.mark.parametrize("row", [ROWS[0], BY_NAME[0]])
def test_one_row(row: Any, knn: int, fitserve: Command, tmp_path: Path) -> None:
    done = fitserve("predict", "knn", knn, written(tmp_path, "row.json", row), "--table")
    assert done.out.splitlines()[1].split()[-1] == "setosa"


def test_a_csv_without_a_header(knn: int, fitserve: Command, tmp_path: Path) -> None:
    lines = "".join(f"{i};{i % 3}\n" for i in range(12))
    file = written(tmp_path, "rows.csv", lines)
    words = ["--no-header", "--target", 1, "--set", "k=1"]
    assert fitserve("register", "knn", 101, file, *words).code == 0
    table = fitserve("predict", "knn", 101, file, "--table").out.splitlines()
    assert [line.split() for line in table[:3]] == [
        ["0", "1", "2"],
        ["0", "0", "0"],
        ["1", "1", "1"],
    ]


def test_a_table_is_read_as_it_was_written(fitserve: Command, tmp_path: Path) -> None:
    long = "x" * 100_000  # two of them are more than the csv module takes for a cell
    cells = [long if i == 3 else f'"a, {i}; c, d"' for i in range(4)]
    lines = [f"{i};{cell};{cell};{i % 2}\n" for i, cell in enumerate(cells)]
    file = written(tmp_path, "rows.csv", "n;text;more;y\n\n" + "".join(lines))
    words = ["--target", "y", "--kinds", "text:text,more:text", "--set", "k=1"]
    done = fitserve("register", "knn", 103, file, *words)
    assert done.code == 0, done.err
    table = fitserve("predict", "knn", 103, file, "--table").out.splitlines()
    assert table[0].split() == ["n", "text", "more", "y", "prediction"]
    assert [line.split()[0] for line in table[1:]] == ["0", "1", "2", "3"]


def test_a_terminal_gets_the_first_rows_that_fit(
    knn: int, fitserve: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    done = fitserve("predict", "knn", knn, IRIS)
    lines = done.out.splitlines()
    assert len(lines) == 51
    assert all(len(line) <= 40 for line in lines)
    assert lines[0].split()[-2:] == ["…", "prediction"]
    assert done.err == "100 more rows; --table shows all, --csv writes them\n"


def test_evaluate(knn: int, fitserve: Command, tmp_path: Path) -> None:
    done = fitserve("evaluate", "knn", knn, IRIS, "--importance", "--repeats", 2)
    assert done.out.startswith("knn 100 on 150 rows\n  accuracy           0.966667\n")
    assert [line.split() for line in done.out.splitlines() if "versicolor" in line][:2] == [
        ["versicolor", "0.959184", "0.94", "0.949495", "50"],
        ["true,", "predicted:", "setosa", "versicolor", "virginica"],
    ]
    assert "\npetal_width   " in done.out
    told = json.loads(fitserve("evaluate", "knn", knn, IRIS, "--json").out)
    assert told["n_samples"] == 150
    truth = written(tmp_path, "rows.json", {"features": ROWS, "y": ["setosa", "setosa"]})
    told = json.loads(fitserve("evaluate", "knn", knn, truth, "--json").out)
    assert told["metrics"]["accuracy"] == 0.5
    for rows in ("features", "X"):
        body = written(tmp_path, "body.json", {rows: ROWS, "y": ["setosa"] * 2, "kwargs": {}})
        for name in ("predict", "evaluate"):
            said = f"  kwargs: /{name} takes no kwargs; leave it out, the rows are given\n"
            assert said in fitserve(name, "knn", knn, body).err


def test_types_without_y(fitserve: Command, tmp_path: Path) -> None:
    for model_type in ("kmeans", "pca"):
        words = ["--drop", "species", "--json"]
        assert fitserve("register", model_type, 102, IRIS, *words).code == 0
        assert fitserve("predict", model_type, 102, IRIS, "--table").code == 0
        rows = written(tmp_path, "rows.json", BY_NAME)
        done = fitserve("predict", model_type, 102, rows, "--table")
        assert len(done.out.splitlines()) == 3
        assert fitserve("evaluate", model_type, 102, IRIS).out.count("\n") == 2
