"""What a shell is told to propose, by click's own completion."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fitserve.cli import command
from fitserve.models import catalog
from tests.cli.conftest import IRIS, Command
from tests.conftest import ROOT


def proposed(*words: str) -> list[str]:
    """The proposals for the last word."""
    from click.shell_completion import BashComplete

    found = BashComplete(command, {}, "fitserve", "_FITSERVE_COMPLETE")
    return [item.value for item in found.get_completions([*words[:-1]], words[-1])]


def test_from_the_server(fitserve: Command) -> None:
    assert fitserve("register", "knn", 300, IRIS, "--target", "species").code == 0
    assert proposed("register", "") == sorted(catalog())
    assert proposed("register", "k") == ["kmeans", "knn"]
    assert "300" in proposed("show", "knn", "3")
    assert "300" in proposed("delete", "knn", "1", "")
    assert proposed("register", "knn", "1", IRIS, "--set", "n_") == ["n_neighbors=5"]
    assert proposed("register", "knn", "1", IRIS, "--target", "iris", "--set", "w") == [
        "weights=uniform"
    ]
    assert proposed("register", "svm", "1", IRIS, "--set", "fit") == ["fit_intercept=true"]
    every = proposed("register", "pca", "1", IRIS, "--set", "")
    assert {one.partition("=")[0] for one in every} == set(catalog()["pca"].names())
    assert proposed("types", "pc") == ["pca"]


def test_from_the_command_and_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FITSERVE_URL", "http://127.0.0.1:1")
    assert proposed("register", "") == []
    assert proposed("show", "knn", "") == []
    assert proposed("reg") == ["register"]
    assert proposed("register", "knn", "1", IRIS, "--target", "s") == [
        "sepal_length",
        "sepal_width",
        "species",
    ]
    assert proposed("register", "knn", "1", "nowhere.csv", "--target", "s") == []
    (tmp_path / "empty.csv").touch()
    (tmp_path / "wide.csv").write_text(";".join(map(str, range(50_000))))
    for name in ("empty.csv", "wide.csv", ""):
        assert proposed("register", "knn", "1", str(tmp_path / name), "--target", "s") == []
    assert proposed("register", "knn", "1", IRIS, "--missing", "") == ["error", "impute", "drop"]


def test_nothing_of_the_server_is_loaded(url: str) -> None:
    """Which would take a second at each press of the tabulator."""
    code = (
        "import sys; from fitserve.cli import main; main(['list']); main(['types']);"
        "print(sorted({'flask', 'numpy', 'sqlalchemy', 'pydantic', 'gunicorn'} & {*sys.modules}))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "FITSERVE_URL": url}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
