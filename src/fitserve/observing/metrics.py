"""What is counted, and how Prometheus reads it.

The values that a label can take are known beforehand, so that no client can make up new ones.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from itertools import accumulate, product
from math import prod
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from fitserve.observing.tally import WIDTH, Tallies, Tally

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER = "other"
"""Whatever else a client may call a method."""
UNMATCHED = "unmatched"
"""The route of what has none."""
STATUSES = tuple(str(status.value) for status in HTTPStatus)
OUTCOMES = ("ready", "failed", "cancelled", "postponed")
"""What becomes of a training; one that is postponed begins anew later."""

OF_REQUESTS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
OF_TRAININGS = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)


class Stored(NamedTuple):
    """What the store has."""

    models: Mapping[str, int]
    """Of each type, those that are ready."""
    queued: int
    """Trainings that wait for a worker to begin them."""


@dataclass(frozen=True)
class Family:
    """Numbers of one name, one for each combination of labels, or with `buckets` a histogram."""

    name: str
    help: str
    labels: Mapping[str, Sequence[str]]
    """By the name of each label the values that it can take."""
    at: int
    """Where in a row the numbers begin."""
    buckets: tuple[float, ...] = ()
    whole: bool = False
    """Whether zeros are told, too."""

    @property
    def width(self) -> int:
        """Numbers of one combination; of a histogram the sum comes first, then its buckets."""
        return len(self.buckets) + 2 if self.buckets else 1

    @property
    def end(self) -> int:
        return self.at + prod(len(values) for values in self.labels.values()) * self.width

    def place(self, *labels: str) -> int:
        at = 0
        for label, values in zip(labels, self.labels.values(), strict=True):
            at = at * len(values) + values.index(label)
        return self.at + at * self.width

    def places(self) -> Iterator[tuple[tuple[str, ...], int]]:
        for number, labels in enumerate(product(*self.labels.values())):
            yield labels, self.at + number * self.width

    def told(self, numbers: Sequence[float]) -> Metric:
        make = HistogramMetricFamily if self.buckets else CounterMetricFamily
        family = make(self.name, self.help, labels=list(self.labels))
        for labels, at in self.places():
            counted = numbers[at : at + self.width]
            if not self.whole and not any(counted):
                continue
            if isinstance(family, HistogramMetricFamily):
                names = [*map(str, self.buckets), "+Inf"]
                upto = list(zip(names, accumulate(counted[1:]), strict=True))
                family.add_metric(labels, upto, counted[0])
            else:
                family.add_metric(labels, counted[0])
        return family


class Metrics(Collector):
    """All that this server counts, for any number of threads.

    Requests are counted once it is told by `serve` which routes there are; `join` makes the
    workers of one server count together.
    """

    def __init__(self, model_types: Iterable[str]) -> None:
        self._tally = Tallies().row(0)
        self._families: list[Family] = []
        types = tuple(sorted(model_types))
        self._predictions = self._family(
            "fitserve_predictions",
            "Answers with predictions.",
            {"model_type": types},
            whole=True,
        )
        self._rows = self._family(
            "fitserve_rows", "Rows that were predicted.", {"model_type": types}, whole=True
        )
        self._trainings = self._family(
            "fitserve_training_seconds",
            "Time from when a training began, or waited for a process, to its end.",
            {"model_type": types, "outcome": OUTCOMES},
            OF_TRAININGS,
        )
        self._hits = self._family(
            "fitserve_cache_hits", "Models that were in memory when asked for.", {}, whole=True
        )
        self._misses = self._family(
            "fitserve_cache_misses", "Models that had to be looked up or loaded.", {}, whole=True
        )
        self._prediction = {
            one: (self._predictions.place(one), self._rows.place(one)) for one in types
        }

    def serve(self, routes: Iterable[str]) -> None:
        """These are the rules of all routes."""
        route = (*sorted(set(routes)), UNMATCHED)
        self._requests = self._family(
            "fitserve_requests",
            "Requests that were answered.",
            {"method": (*METHODS, OTHER), "route": route, "status": STATUSES},
        )
        self._seconds = self._family(
            "fitserve_request_seconds",
            "Time from when all of a request was here to its answer.",
            {"route": route},
            OF_REQUESTS,
        )
        self._request = cache(self._places_of_a_request)

    def _family(
        self,
        name: str,
        told: str,
        labels: Mapping[str, Sequence[str]],
        buckets: tuple[float, ...] = (),
        *,
        whole: bool = False,
    ) -> Family:
        at = self._families[-1].end if self._families else 1
        family = Family(name, told, labels, at, buckets, whole)
        assert family.end <= WIDTH
        self._families.append(family)
        return family

    def join(self, tally: Tally) -> None:
        """Count in the row of a worker, beside the others of its server."""
        self._tally.move(tally)

    # what happens

    def answered(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """A request was answered; `seconds` are None where a client took all the time."""
        place, base = self._request(method, route, status)
        if seconds is None:
            self._tally.add(((place, 1.0),))
            return
        bucket = base + 1 + bisect_left(OF_REQUESTS, seconds)
        self._tally.add(((place, 1.0), (base, seconds), (bucket, 1.0)))

    def predicted(self, model_type: str, rows: int) -> None:
        answers, predicted = self._prediction[model_type]
        self._tally.add(((answers, 1.0), (predicted, rows)))

    def trained(self, model_type: str, outcome: str, seconds: float) -> None:
        base = self._trainings.place(model_type, outcome)
        bucket = base + 1 + bisect_left(OF_TRAININGS, seconds)
        self._tally.add(((base, seconds), (bucket, 1.0)))

    def looked_for(self, *, hit: bool) -> None:
        """A model was asked for, and was in memory or not."""
        self._tally.add((((self._hits if hit else self._misses).at, 1.0),))

    def _places_of_a_request(self, method: str, route: str, status: int) -> tuple[int, int]:
        told = str(status) if str(status) in STATUSES else f"{status // 100}00"
        return self._requests.place(method, route, told), self._seconds.place(route)

    # what is told

    def collect(self) -> Iterator[Metric]:
        numbers = self._tally.total()
        for family in self._families:
            yield family.told(numbers)


class _Stored(Collector):
    def __init__(self, stored: Stored | None) -> None:
        self._stored = stored

    def collect(self) -> Iterator[Metric]:
        reachable = GaugeMetricFamily("fitserve_store_reachable", "Whether the store can be read.")
        reachable.add_metric((), self._stored is not None)
        yield reachable
        if self._stored is None:
            return
        models = GaugeMetricFamily(
            "fitserve_models", "Models that are ready.", labels=["model_type"]
        )
        for model_type, number in sorted(self._stored.models.items()):
            models.add_metric((model_type,), number)
        yield models
        yield GaugeMetricFamily(
            "fitserve_queue", "Trainings that wait to begin.", self._stored.queued
        )


def exposition(metrics: Metrics, stored: Stored | None) -> tuple[bytes, str]:
    """All of it in Prometheus' text format, and its media type. (Every scraper takes that one, so
    nothing of what it says it would accept needs to be read.)"""
    registry = CollectorRegistry()
    registry.register(metrics)
    registry.register(_Stored(stored))
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4
