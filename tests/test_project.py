"""What the repository promises of itself: locked dependencies, documents that keep up."""

import json
import re
import runpy
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from fitserve.config import Server, Settings, setting_names
from fitserve.errors import FitserveError
from fitserve.models import catalog
from fitserve.version import VERSION
from tests.conftest import EXAMPLES, ROOT

DOCS = ROOT / "docs"


def exported(path: Path) -> dict[tuple[str, str], set[str]]:
    """Names, versions and hashes of an exported requirements file."""
    found: dict[tuple[str, str], set[str]] = {}
    for entry in re.split(r"\n(?=\S)", path.read_text().strip()):
        match = re.match(r"([a-zA-Z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", entry)
        assert match, entry
        found[match[1], match[2]] = set(re.findall(r"--hash=(\S+)", entry))
    return found


def locked() -> dict[tuple[str, str], tuple[set[str], set[str]]]:
    """Names and versions of the lock: hashes, and the groups that want them."""
    lock = tomllib.loads((ROOT / "poetry.lock").read_text())
    return {
        (package["name"], package["version"]): (
            {file["hash"] for file in package["files"]},
            {"postgres"}
            if package["optional"]
            else set(package["groups"]) - only_as_extra(package),
        )
        for package in lock["package"]
    }


def only_as_extra(package: dict[str, Any]) -> set[str]:
    """The groups that want it for who asks for an extra alone."""
    markers = package.get("markers", {})
    if not isinstance(markers, dict):  # one for all groups
        return set()
    return {group for group, marker in markers.items() if "extra ==" in marker}


@pytest.mark.parametrize(
    ("file", "group"),
    [
        ("requirements.txt", ["main"]),
        ("requirements-dev.txt", ["dev"]),
        ("requirements-postgres.txt", ["main", "postgres"]),
    ],
)
def test_requirements_are_what_the_lock_says(file: str, group: list[str]) -> None:
    wanted = {key: hashes for key, (hashes, groups) in locked().items() if groups & set(group)}
    given = exported(ROOT / file)
    assert {key for key in given if key not in wanted} == set()
    assert {key for key in wanted if key not in given and not only_elsewhere(key[0])} == set()
    for key, hashes in given.items():
        assert hashes == wanted[key], key


def only_elsewhere(name: str) -> bool:
    """Packages that the export leaves out: wanted on other systems only."""
    return name in ("colorama", "tzdata") and sys.platform != "win32"


def test_the_lock_has_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    versions: dict[str, set[str]] = {}
    for name, version in locked():
        versions.setdefault(name, set()).add(version)
    for line in project["project"]["dependencies"]:
        wanted = Requirement(line)
        assert all(wanted.specifier.contains(version) for version in versions[wanted.name]), line
    for name in project["tool"]["poetry"]["group"]["dev"]["dependencies"]:
        assert name in versions


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_no_index_is_named() -> None:
    for name in ("poetry.lock", "pyproject.toml", *map(str, ROOT.glob("requirements*.txt"))):
        text = (ROOT / name).read_text()
        assert "index-url" not in text
        assert "[[tool.poetry.source]]" not in text


def test_every_setting_is_told_with_its_default() -> None:
    text = (DOCS / "settings.md").read_text()
    for cls, prefix in ((Server, ""), (Settings, "FITSERVE_")):
        for field, info in cls.model_fields.items():
            assert re.search(rf"\| `{prefix}{field.upper()}` \| .*{info.default}", text), field
    documented = re.findall(r"^\| `([A-Z][A-Z_]+)` \|", text, flags=re.MULTILINE)
    assert sorted(documented) == sorted(setting_names())


def test_the_documents_are_what_the_catalog_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(DOCS)
    import access
    import generate

    assert access.SECURITY.read_text() == access.document(), "run make docs"
    assert (DOCS / "models.md").read_text() == generate.document(), "run make docs"
    assert (DOCS / "routes.md").read_text() == generate.routes(), "run make docs"


def test_every_problem_is_told() -> None:
    text = (DOCS / "routes.md").read_text()
    named = {cls.name for cls in FitserveError.__subclasses__()} | {FitserveError.name}
    for name in named | {"not-found", "method-not-allowed"}:
        assert f"`/problems/{name}`" in text, name


def test_the_examples_are_what_their_tables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    import build

    missing = set(catalog()) - set(build.BODIES)
    assert not missing, f"give {missing} a body in examples/build.py"
    assert set(build.BODIES) == set(catalog())
    for model_type, cls in catalog().items():
        file = EXAMPLES / f"register-{model_type}.json"
        assert file.exists(), f"run examples/build.py, which writes {file.name}"
        assert file.read_text() == build.body(model_type), "run examples/build.py"
        assert (model_type in build.WITHOUT_Y) != cls.supervised(), "WITHOUT_Y in build.py"


def test_every_type_is_compared_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(threads, "1")  # the benchmark sets them
    pairs = runpy.run_path(str(ROOT / "benchmarks" / "models.py"))["PAIRS"]
    compared = (DOCS / "comparison.md").read_text()
    tour = (DOCS / "tour.md").read_text()
    for model_type in catalog():
        assert model_type in pairs, f"give {model_type} a line of PAIRS in benchmarks/models.py"
        assert f"| {model_type} |" in compared, f"add {model_type} to docs/comparison.md"
        assert re.search(rf"\b{model_type}\b", tour), f"show {model_type} in docs/tour.md"


def test_one_command_line_serves_everywhere() -> None:
    command = (ROOT / "Procfile").read_text().removeprefix("web: ").strip()
    makefile = (ROOT / "Makefile").read_text()
    assert f"SERVE := {command}\n" in makefile
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"CMD {json.dumps(command.split())}\n" in dockerfile
