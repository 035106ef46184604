"""The fullest pages there are: deep trees, many groups, many columns, values of many sizes."""

from typing import Any

import numpy as np
import pytest

from tests.conftest import Server
from tests.pages.conftest import Open, faults
from tests.pages.test_browser import PHONE

N, P = 1500, 45


def table() -> tuple[list[str], Any]:
    """Rows in twelve clouds, in columns with long names."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, P)) @ rng.normal(size=(P, P))
    cloud = rng.integers(12, size=N)
    X[:, :3] += 9.0 * rng.normal(size=(12, 3))[cloud]
    return [f"a_rather_long_name_of_column_number_{j}" for j in range(P)], (X, cloud)


@pytest.fixture(scope="module")
def dense(server: Server) -> dict[str, str]:
    """A server's models, by what is full in them."""
    names, (X, cloud) = table()
    values = X[:, 0] * np.exp(0.05 * X[:, 1])
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "deep regression": ("decision_tree", {"y": values.tolist(), "cv": 2}),
        "many classes": ("decision_tree", {"y": [f"class {k}" for k in cloud], "cv": 2}),
        "many groups": ("kmeans", {"n_clusters": 12}),
        "many distributions": ("gmm", {"n_components": 12, "covariance_type": "diag"}),
        "many axes": ("pca", {}),
    }
    paths = {}
    for i, (what, (model_type, kwargs)) in enumerate(asked.items()):
        told = {"X": np.round(X, 3).tolist(), "feature_names": names} | kwargs
        body = {"model_type": model_type, "model_id": 100 + i, "kwargs": told}
        status, answer = server.ask("POST", "/register", body)
        assert status == 201, answer
        paths[what] = f"/model/{model_type}/{100 + i}"
    return paths


def test_full_pages_are_accessible_small_and_fit_a_phone(
    server: Server, dense: dict[str, str], tab_of: Open
) -> None:
    """In light and on a desk, in dark and on a phone."""
    tabs = [tab_of(server), tab_of(server, color_scheme="dark", viewport=PHONE)]
    for i, (what, path) in enumerate(dense.items()):
        tab = tabs[i % 2]
        tab.bytes = 0
        page = tab.go(path)
        assert 0 < tab.bytes < 300_000, (what, tab.bytes)
        for fold in page.locator("details").all():
            fold.evaluate("one => one.open = true")
        assert faults(tab) == [], what
        page.set_viewport_size(PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], (what, width)


def test_a_phone_reads_the_tree(server: Server, dense: dict[str, str], tab_of: Open) -> None:
    tab = tab_of(server, viewport=PHONE)
    page = tab.go(dense["many classes"])
    assert not page.locator("#tree svg.wide").is_visible()
    assert page.locator("#tree li").first.is_visible()
    assert not page.locator("#tree li li li li li li").first.is_visible()
    page.set_viewport_size({"width": 1200, "height": 900})
    assert page.locator("#tree svg.wide").is_visible()
    assert not page.locator("#tree li").first.is_visible()
