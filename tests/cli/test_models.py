"""`fitserve list`, `show`, `delete` and `types`; and what goes wrong between them and a server."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fitserve.models import catalog
from tests.cli.conftest import IRIS, PENGUINS, Command
from tests.conftest import ROOT, start_server


def test_from_registered_to_deleted(fitserve: Command) -> None:
    words = ["--target", "species", "--missing", "impute", "--cv", 3, "--json"]
    done = fitserve("register", "decision_tree", 200, PENGUINS, *words)
    told = json.loads(done.out)
    assert done.err == ""
    assert json.loads(fitserve("show", "decision_tree", 200, "--json").out) == told
    row = fitserve("list", "decision_tree").out.splitlines()[-1].split()
    assert row[:6] == ["decision_tree", "200", "ready", "classification", "species", "344"]
    score = told["training"]["validation"]["mean"]
    assert row[-2] == f"{score:.6g}"
    listed = json.loads(fitserve("list", "--json").out)
    assert ("decision_tree", 200) in [(one["model_type"], one["model_id"]) for one in listed]
    shown = fitserve("show", "decision_tree", 200).out
    assert "\nsex                category     11  male         female, male\n" in shown
    assert f"\naccuracy, on rows it had not seen        {score:.6g} ± " in shown
    assert re.search(r"\n  max_depth +-\n", shown)
    assert fitserve("delete", "decision_tree", 200).out == "decision_tree 200 is deleted\n"
    assert fitserve("show", "decision_tree", 200).code == 1
    assert fitserve("list", "decision_tree").out == "There are no models.\n"


def test_a_failed_training(fitserve: Command, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("a,b\n" + "1,1\n2,2\n" * 5)
    done = fitserve("register", "kmeans", 201, file, "--set", "n_clusters=5")
    assert done.code == 1
    assert "--set n_clusters=2" in done.err
    shown = fitserve("show", "kmeans", 201)
    assert (shown.code, "It failed:\n" in shown.out) in [(0, True), (1, False)]


def test_types(fitserve: Command) -> None:
    lines = fitserve("types").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted(catalog())
    assert json.loads(fitserve("types", "--json").out) == sorted(catalog())
    for model_type, cls in catalog().items():
        shown = fitserve("types", model_type).out
        named = {line.split()[0] for line in shown.partition("\n--set ")[2].splitlines()[1:]}
        assert named == set(cls.names())
    assert "integer from 1 " in fitserve("types", "knn").out
    assert fitserve("types", "nix").code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["types"],
        ["show", "knn", "1"],
        ["delete", "knn", "1"],
        ["register", "knn", "1", IRIS, "--target", "species"],
        ["predict", "knn", "1", IRIS],
        ["evaluate", "knn", "1", IRIS],
    ],
)
def test_no_server_is_exit_code_3(
    words: list[str], fitserve: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FITSERVE_URL", "http://127.0.0.1:1")
    done = fitserve(*words)
    assert done.code == 3
    assert "Nothing answers at http://127.0.0.1:1" in done.err
    monkeypatch.setenv("FITSERVE_URL", "localhost")
    done = fitserve(*words)
    assert done.code == 2
    assert "FITSERVE_URL" in done.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FITSERVE_URL", "http://["),
        ("FITSERVE_URL", "http://127.0.0.1:99999"),
        ("FITSERVE_URL", "ftp://127.0.0.1"),
        ("FITSERVE_KEY", "two\nlines"),
        ("FITSERVE_KEY", "ключ"),
    ],
)
def test_wrong_variables(
    name: str, value: str, fitserve: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    done = fitserve("list")
    assert done.code == 2
    assert f"Error: {name}: a " in done.err
    assert done.err.count("FITSERVE_") == 1
    assert name == "FITSERVE_URL" or value not in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["show", "\udcff", "1"],
        ["register", "knn", "1", IRIS, "--target", "\udcff"],
        ["register", "knn", "1", IRIS, "--drop", "a", "--drop", "\udcff"],
        ["register", "knn", "1", IRIS, "--set", "k=\udcff"],
        ["predict", "knn", "1", IRIS, "--na-values", "\udcff"],
    ],
)
def test_what_is_typed_is_text(words: list[str], fitserve: Command) -> None:
    done = fitserve(*words)
    assert done.code == 2
    assert "must be UTF-8" in done.err


def test_what_cannot_be_written(url: str) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "FITSERVE_URL": url}
    with full.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "fitserve", "types", "--json"],
            env=environment,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "fitserve: No space left on device\n"


@pytest.mark.parametrize("words", [["show", "knn", 299], ["predict", "knn", 299, IRIS]])
def test_problems_as_json(words: list[object], fitserve: Command) -> None:
    done = fitserve(*words, "--json")
    assert done.code == 1
    assert done.out == ""
    assert json.loads(done.err)["type"] == "/problems/unknown-model"


def test_keys(fitserve: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read, write = "r" * 24, "w" * 24
    running = start_server(
        tmp_path / "log",
        WEB_CONCURRENCY="1",
        FITSERVE_READ_KEYS=read,
        FITSERVE_WRITE_KEYS=write,
    )
    monkeypatch.setenv("FITSERVE_URL", f"http://127.0.0.1:{running.port}")
    try:
        done = fitserve("list")
        assert done.code == 1
        assert "FITSERVE_KEY" in done.err
        monkeypatch.setenv("FITSERVE_KEY", read)
        assert fitserve("list").code == 0
        assert "write key" in fitserve("delete", "knn", 1).err
        monkeypatch.setenv("FITSERVE_KEY", write)
        assert "There is no knn model" in fitserve("delete", "knn", 1).err
    finally:
        running.process.terminate()
        running.process.wait(timeout=40)


def test_a_terminal_obeys_no_name(fitserve: Command, tmp_path: Path) -> None:
    escape = "\x1b[2J\x1b]0;title\x07"
    file = tmp_path / "rows.csv"
    file.write_text(f"a{escape},y{escape}\n" + f"1,k{escape}\n2,m\n" * 6)
    words = ["--target", f"y{escape}", "--set", "k=1"]
    outputs = [
        fitserve("register", "knn", 202, file, *words),
        fitserve("show", "knn", 202),
        fitserve("list"),
        fitserve("predict", "knn", 202, file, "--table", "--probabilities"),
        fitserve("evaluate", "knn", 202, file),
        fitserve("register", "knn", 203, file, "--target", "nix"),
        fitserve("show", f"k{escape}", 202),
    ]
    assert [done.code for done in outputs] == [0, 0, 0, 0, 0, 1, 1]
    for done in outputs:
        assert "\x1b" not in done.out + done.err
    assert fitserve("delete", "knn", 202).code == 0
