"""The alert rules and the dashboard parse, and ask for nothing that is not told."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from fitserve.observing.metrics import OUTCOMES, Metrics, Stored, exposition
from tests.conftest import EXAMPLES
from tests.observing.test_metrics import PREDICT

FOLDER = EXAMPLES / "monitoring"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    told = json.loads((FOLDER / "dashboard.json").read_text())
    return list(told["panels"])


ALERTS = {rule["alert"]: rule["expr"] for rule in rules()}
QUERIES = {
    f"{panel['title']} {target['refId']}": target["expr"]
    .replace("$__rate_interval", "5m")
    .replace("$instance", ".*")
    for panel in panels()
    for target in panel["targets"]
}


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, set[str]]]:
    """Of each sample that is told: its labels, and the values that they have."""
    metrics = Metrics(["knn"])
    metrics.serve([PREDICT])
    for status in (200, 401, 404, 500):
        metrics.answered("POST", PREDICT, status, 0.1)
    for outcome in OUTCOMES:
        metrics.trained("knn", outcome, 1.0)
    text, _ = exposition(metrics, Stored({"knn": 1}, 0))
    found: dict[str, dict[str, set[str]]] = {"up": {"job": {"fitserve"}}}
    for one in text_string_to_metric_families(text.decode()):
        for sample in one.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


def selectors(tree: Any) -> Iterator[Any]:
    """Every selection of a metric in a parsed query."""
    if isinstance(tree, promql_parser.VectorSelector):
        yield tree
    inside = [getattr(tree, name, None) for name in ("expr", "lhs", "rhs", "vector_selector")]
    for one in (*inside, *getattr(tree, "args", ())):
        if one is not None:
            yield from selectors(one)


@pytest.mark.parametrize("expr", [*ALERTS.values(), *QUERIES.values()], ids=[*ALERTS, *QUERIES])
def test_each_query_parses_and_names_what_there_is(
    told: dict[str, dict[str, set[str]]], expr: str
) -> None:
    asked = list(selectors(promql_parser.parse(expr)))
    assert asked
    for selector in asked:
        assert selector.name in told
        for matcher in selector.matchers.matchers:
            if matcher.name == "instance":  # Prometheus adds it
                continue
            assert matcher.name in told[selector.name], selector.name
            if str(matcher.op) == "MatchOp.Equal":
                assert matcher.value in told[selector.name][matcher.name]


def test_a_wrong_name_would_be_found(told: dict[str, dict[str, set[str]]]) -> None:
    (selector,) = selectors(promql_parser.parse("sum(rate(fitserve_request_total[5m])) > 1"))
    assert selector.name == "fitserve_request_total"
    assert selector.name not in told


def test_each_metric_is_watched(told: dict[str, dict[str, set[str]]]) -> None:
    parsed = map(promql_parser.parse, [*ALERTS.values(), *QUERIES.values()])
    watched = {family(one.name) for query in parsed for one in selectors(query)}
    assert watched == set(map(family, told))


def family(sample: str) -> str:
    return re.sub("_(bucket|count|sum)$", "", sample)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_each_alert_says_what_is_the_matter(rule: dict[str, Any]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]


def test_panels_have_places_of_their_own() -> None:
    taken = [
        (panel["gridPos"]["x"] + dx, panel["gridPos"]["y"])
        for panel in panels()
        for dx in range(panel["gridPos"]["w"])
    ]
    assert len(taken) == len(set(taken))
    assert len({panel["id"] for panel in panels()}) == len(panels())
