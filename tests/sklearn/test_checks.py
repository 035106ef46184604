"""scikit-learn's own checks of every estimator, through HTTP.

docs/python.md has the table of those that fail, and why; this holds it to what happens.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sklearn.utils.estimator_checks import check_estimator

from fitserve import Client
from fitserve import sklearn as remote
from tests.conftest import ROOT, Server

TABLE = re.compile(r"^\| `(\w+)` \| `(check_\w+)` \| (.+) \|$", re.M)
ESTIMATORS = [getattr(remote, name)() for name in remote.__all__] + [
    remote.Knn(task="regression"),
    remote.DecisionTree(task="regression"),
]


@pytest.fixture(autouse=True)
def url(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    address = f"http://127.0.0.1:{server.port}"
    monkeypatch.setenv("FITSERVE_URL", address)
    yield address
    with Client(address) as client:
        for model in list(client.models()):
            client.delete(model["model_type"], model["model_id"])


def expected() -> dict[str, set[str]]:
    """Of each estimator the checks that docs/python.md says it fails."""
    found: dict[str, set[str]] = {}
    for name, check, _why in TABLE.findall((ROOT / "docs" / "python.md").read_text()):
        found.setdefault(name, set()).add(check)
    return found


@pytest.mark.filterwarnings("ignore")  # of what the checks do, not of what they find
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_just_those_checks_fail_that_are_said_to(estimator: Any) -> None:
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert sum(one["status"] == "passed" for one in results) > 35
    failed = {one["check_name"]: one["exception"] for one in results if one["status"] == "failed"}
    said = expected().get(type(estimator).__name__, set())
    assert failed.keys() <= said, failed
    FAILED.setdefault(type(estimator).__name__, set()).update(failed)


FAILED: dict[str, set[str]] = {}


def test_all_that_are_said_to_fail_do() -> None:
    ran = {name: checks for name, checks in expected().items() if name in FAILED}
    assert {name: checks for name, checks in FAILED.items() if checks} == ran
