"""What is counted, as Prometheus reads it."""

import math
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fitserve.observing.metrics import OF_REQUESTS, UNMATCHED, Metrics, Stored, exposition

BUCKET = "fitserve_request_seconds_bucket"
PREDICT = "/predict"


@pytest.fixture
def metrics() -> Metrics:
    made = Metrics(["knn", "svm"])
    made.serve([PREDICT, "/models/<model_type>/<model_id>"])
    return made


def samples(metrics: Metrics, stored: Stored | None = None) -> dict[str, float]:
    text, media_type = exposition(metrics, stored)
    assert media_type.startswith("text/plain; version=0.0.4")
    return dict(read(text.decode()))


def read(text: str) -> Iterator[tuple[str, float]]:
    """Each sample of an exposition by its name and the values of its labels."""
    for family in text_string_to_metric_families(text):
        assert family.documentation.endswith(".")
        for sample in family.samples:
            yield " ".join([sample.name, *sample.labels.values()]), sample.value


def test_requests_by_method_route_and_status(metrics: Metrics) -> None:
    for status, seconds in ((200, 0.003), (200, 0.0005), (422, 700.0), (408, None)):
        metrics.answered("POST", PREDICT, status, seconds)
    found = samples(metrics)
    assert found[f"fitserve_requests_total POST {PREDICT} 200"] == 2
    assert found[f"fitserve_requests_total POST {PREDICT} 422"] == 1
    assert found[f"fitserve_requests_total POST {PREDICT} 408"] == 1
    assert found[f"fitserve_request_seconds_count {PREDICT}"] == 3
    assert found[f"fitserve_request_seconds_sum {PREDICT}"] == pytest.approx(700.0035)
    assert not any(UNMATCHED in name for name in found)


@pytest.mark.parametrize("seconds", [0.0, *OF_REQUESTS, 0.0011, 31.0])
def test_a_bucket_holds_what_is_no_longer_than_it_says(metrics: Metrics, seconds: float) -> None:
    metrics.answered("POST", PREDICT, 200, seconds)
    found = samples(metrics)
    for bound in (*OF_REQUESTS, math.inf):
        name = "+Inf" if bound == math.inf else str(bound)
        (bucket,) = [one for one in found if one.startswith(BUCKET) and name in one.split()]
        assert found[bucket] == (seconds <= bound)


def test_a_status_that_is_unknown_counts_as_the_first_of_its_class(metrics: Metrics) -> None:
    metrics.answered("GET", UNMATCHED, 499, 0.1)
    assert samples(metrics)["fitserve_requests_total GET unmatched 400"] == 1


def test_predictions_trainings_and_the_cache(metrics: Metrics) -> None:
    metrics.predicted("knn", 1)
    metrics.predicted("knn", 250)
    metrics.trained("svm", "failed", 3.0)
    metrics.looked_for(hit=True)
    metrics.looked_for(hit=True)
    metrics.looked_for(hit=False)
    found = samples(metrics)
    assert found["fitserve_predictions_total knn"] == 2
    assert found["fitserve_rows_total knn"] == 251
    assert found["fitserve_rows_total svm"] == 0  # a rate of what is not there is not there
    assert found["fitserve_training_seconds_sum svm failed"] == 3
    assert (found["fitserve_cache_hits_total"], found["fitserve_cache_misses_total"]) == (2, 1)


def test_the_store(metrics: Metrics) -> None:
    found = samples(metrics, Stored({"knn": 3, "svm": 0}, 7))
    assert found["fitserve_models knn"] == 3
    assert found["fitserve_models svm"] == 0
    assert found["fitserve_queue"] == 7
    assert found["fitserve_store_reachable"] == 1
    found = samples(metrics, None)
    assert found["fitserve_store_reachable"] == 0
    assert "fitserve_queue" not in found
